"""What confidence buys, as the report states it.

Legend: U rows of the pairing, N graded rows, G classes, B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import ClusterBootstrap, divide, weighted_mean
from slowpaths.evaluation.measure import Measure, Table, measured, missing
from slowpaths.evaluation.pairing import Pairing
from slowpaths.evaluation.usefulness import decision, selective
from slowpaths.evaluation.usefulness.retrieval import MIN_RELEVANT

_BOUNDS = {"aurc": (0.0, 1.0), "augrc": (0.0, 1.0), "label_worth": (1.0, np.inf)}
THRESHOLDS: tuple[float, ...] = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
COSTS_OF_ERROR: tuple[int, ...] = (1, 3, 9)


def grade_selective(pairing: Pairing, bootstrap: ClusterBootstrap) -> tuple[list[Measure], dict[str, Table]]:
    """Measure what confidence buys: automatic acceptance, rejection, decisions, and labels saved."""
    rows = np.flatnonzero(pairing.is_graded)
    meanings = {
        "accuracy_at_half": "share named right among the surer half",
        "aurc": "mean error rate among the surest, over all shares accepted (lower is better)",
        "augrc": "mean risk of an error that slips through (lower is better)",
        **{
            f"value_cost{cost}": f"value per delivery where an error costs {cost} times a right answer"
            for cost in COSTS_OF_ERROR
        },
        "decision_utility": "cost of errors avoided by acting on the probabilities",
        "decision_utility_top1": "the same, acting on the named stroke",
        "label_worth": "labelled deliveries that one is worth with the predictions beside it, mean over strokes",
        "auto_accept": "share nobody need look at, at 95 % precision for sure",
    }
    if not len(rows):
        reason = "no delivery has both a prediction and a true stroke"
        return [missing(name, "usefulness", text, reason=reason) for name, text in meanings.items()], {}
    probs_NG, true_N = pairing.probs_UG[rows], pairing.true_U[rows]
    called_N, confidence_N = np.argmax(probs_NG, axis=1), probs_NG.max(axis=1)
    correct_N = (called_N == true_N).astype(np.float64)
    costs_GG = decision.class_costs(pairing.space)
    acted_N = decision.best_actions(probs_NG, costs_GG)

    def statistic(weights_BU: np.ndarray) -> np.ndarray:
        weights_BN = weights_BU[:, rows]
        return np.stack(
            [
                selective.accuracy_at_coverage(confidence_N, correct_N, weights_BN, coverage=0.5),
                selective.aurc(confidence_N, correct_N, weights_BN),
                selective.augrc(confidence_N, correct_N, weights_BN),
                *(
                    selective.value_with_rejection(confidence_N, correct_N, weights_BN, cost_of_error=cost)
                    for cost in COSTS_OF_ERROR
                ),
                decision.normalised_utility(acted_N, true_N, costs_GG, weights_BN),
                decision.normalised_utility(called_N, true_N, costs_GG, weights_BN),
                _label_worth(probs_NG, true_N, weights_BN, num_true=len(pairing.space.names)),
            ],
            axis=1,
        )

    error = float(1 - correct_N.mean())
    chance = {"accuracy_at_half": 1 - error, "aurc": error, "augrc": error / 2, "label_worth": 1.0}
    constant = {f"value_cost{cost}": 0.0 for cost in COSTS_OF_ERROR} | {
        "decision_utility": 0.0,
        "decision_utility_top1": 0.0,
    }
    rate, threshold = selective.auto_accept_rate(confidence_N, correct_N)
    values = [*bootstrap.estimate(statistic), rate]
    measures = [
        measured(
            name,
            "usefulness",
            text,
            estimate=value,
            chance=chance.get(name),
            constant=constant.get(name),
            num=len(rows),
            bounds=_BOUNDS.get(name, (-np.inf, 1.0)),
        )
        for (name, text), value in zip(meanings.items(), values, strict=True)
    ]
    coverage, errors = (curve[0] for curve in selective.risk_coverage(confidence_N, correct_N))
    curve: Table = [
        {"coverage": float(share), "risk": float(wrong / share), "undetected": float(wrong)}
        for share, wrong in zip(coverage[1:], errors[1:], strict=True)
    ]
    accepted: Table = [{"class": "all", "share": rate, "confidence_from": threshold, "deliveries": len(rows)}]
    for column, name in enumerate(pairing.space.names):
        own = called_N == column
        share, start = selective.auto_accept_rate(confidence_N[own], correct_N[own])
        accepted.append({"class": name, "share": share, "confidence_from": start, "deliveries": int(own.sum())})
    benefits: Table = [
        {
            "threshold": threshold,
            "predicted": _mean_benefit(probs_NG, true_N, len(pairing.space.names), threshold),
            "act_always": decision.net_benefit_treat_all(prevalence=1 / len(pairing.space.names), threshold=threshold),
            "act_never": 0.0,
        }
        for threshold in THRESHOLDS
    ]
    return measures, {"risk_coverage": curve, "auto_accept": accepted, "decision_curve": benefits}


def _label_worth(probs_NG: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray, *, num_true: int) -> np.ndarray:
    """Return by how much predictions for endless footage multiply a few labels, mean over classes (B,)."""
    gains = []
    for column in range(num_true):
        truth_N, predicted_N = (true_N == column).astype(np.float64), probs_NG[:, column]
        if truth_N.sum() < MIN_RELEVANT:
            continue
        mean_t, mean_p = weighted_mean(truth_N, weights_BN), weighted_mean(predicted_N, weights_BN)
        joint = weighted_mean(truth_N * predicted_N, weights_BN) - mean_t * mean_p
        spread_t = mean_t * (1 - mean_t)
        spread_p = weighted_mean(predicted_N**2, weights_BN) - mean_p**2
        gains.append(divide(1, 1 - divide(joint**2, np.where(spread_p > 1e-15, spread_t * spread_p, 0.0))))
    gains_GB = np.array(gains).reshape(-1, len(weights_BN))
    known = np.isfinite(gains_GB)
    return divide(np.where(known, gains_GB, 0.0).sum(axis=0), known.sum(axis=0))


def _mean_benefit(probs_NG: np.ndarray, true_N: np.ndarray, num_true: int, threshold: float) -> float:
    """Return the net benefit of clipping a stroke above a probability, mean over strokes."""
    at = np.array([threshold])
    curves = [decision.decision_curve(probs_NG[:, column], true_N == column, at) for column in range(num_true)]
    return float(np.mean(curves))
