"""The accuracy side of the report: is the stroke right, and is the confidence honest?

Legend: U rows of the pairing, N graded rows, G classes, B replicates, S statistics.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation import accuracy, calibration
from slowpaths.evaluation.classes import FACTOR_NAMES
from slowpaths.evaluation.intervals import ClusterBootstrap, weighted_mean, wilson
from slowpaths.evaluation.measure import Measure, Side, Table, measured, missing
from slowpaths.evaluation.pairing import Pairing
from slowpaths.evaluation.usefulness.selective import error_detection

MEANINGS: dict[str, str] = {
    "top1": "share of deliveries whose stroke is named right",
    "top5": "share whose stroke is among the five most probable",
    "balanced_accuracy": "mean over strokes of the share that is found",
    "macro_f1": "mean over strokes of precision and recall together",
    "nll": "surprise at what happened, nats (lower is better)",
    "brier": "squared distance to the truth, 0 to 2 (lower is better)",
    "ece": "how far confidence is from the share that is right (lower is better)",
    "ece_adaptive": "the same, bins of equal size (lower is better)",
    "error_detection": "chance that a right answer is surer than a wrong one",
    "foot": "front or back foot right",
    "plane": "vertical or horizontal bat right",
    "side": "off, straight or leg right",
}
_BOUNDS = {"nll": (0.0, np.inf), "brier": (0.0, 2.0)}
_CALIBRATION = ("nll", "brier", "ece", "ece_adaptive", "error_detection")


def grade_accuracy(pairing: Pairing, bootstrap: ClusterBootstrap) -> tuple[list[Measure], dict[str, Table]]:
    """Measure accuracy and calibration on the deliveries that have both a prediction and a true stroke.

    Args:
        pairing: Predictions and truth side by side.
        bootstrap: Draws the rows of the pairing.

    Returns:
        The measures, and the tables `per_class`, `confusion` and `reliability`.
    """
    rows = np.flatnonzero(pairing.is_graded)
    if not len(rows):
        reason = "no prediction lies within half a second of a true delivery with a stroke of the taxonomy"
        return [missing(name, _side(name), text, reason=reason) for name, text in MEANINGS.items()], {}
    probs_NG, true_N = pairing.probs_UG[rows], pairing.true_U[rows]
    num_classes, num_true = probs_NG.shape[1], len(pairing.space.names)
    predicted_N = np.argmax(probs_NG, axis=1)
    confidence_N, correct_N = probs_NG.max(axis=1), (predicted_N == true_N).astype(np.float64)
    width_N, mass_N = calibration.equal_width_bins(confidence_N), calibration.equal_mass_bins(confidence_N)
    factors = accuracy.factor_hits(probs_NG, true_N, pairing.space)

    def statistic(weights_BU: np.ndarray) -> np.ndarray:
        weights_BN = weights_BU[:, rows]
        confusion_BGG = accuracy.confusion(predicted_N, true_N, weights_BN, num_classes=num_classes)
        numbers = [
            weighted_mean(correct_N, weights_BN),
            accuracy.top_k(probs_NG, true_N, weights_BN, k=5),
            accuracy.balanced_accuracy(confusion_BGG),
            accuracy.macro_f1(confusion_BGG),
            calibration.negative_log_likelihood(probs_NG, true_N, weights_BN),
            calibration.brier(probs_NG, true_N, weights_BN),
            calibration.calibration_error(confidence_N, correct_N, width_N, weights_BN),
            calibration.calibration_error(confidence_N, correct_N, mass_N, weights_BN),
            error_detection(confidence_N, correct_N, weights_BN),
        ]
        for hits_N, *_ in factors.values():
            known = np.isfinite(hits_N)
            numbers.append(weighted_mean(hits_N[known], weights_BN[:, known]))
        return np.stack(numbers, axis=1)

    constant_N = np.full(len(true_N), np.bincount(true_N).argmax())
    constant = {
        "top1": float(np.mean(constant_N == true_N)),
        **_constant_f1(constant_N, true_N, num_classes),
        **{factor: share for factor, (*_, share) in factors.items()},
    }
    chance = {
        "top1": 1 / num_true,
        "top5": min(1.0, 5 / num_true),
        "balanced_accuracy": 1 / num_true,
        "macro_f1": accuracy.guessing_macro_f1(true_N, num_true=num_true),
        "nll": float(np.log(num_true)),
        "brier": 1 - 1 / num_true,
        "error_detection": 0.5,
        **{factor: 1 / factors[factor][1] for factor in FACTOR_NAMES},
    }
    known_of = {factor: np.isfinite(hits_N) for factor, (hits_N, *_) in factors.items()}
    measures = []
    for (name, text), estimate in zip(MEANINGS.items(), bootstrap.estimate(statistic), strict=True):
        if name == "top5" and num_true <= 5:
            measures.append(missing(name, "accuracy", text, reason=f"there are only {num_true} classes"))
            continue
        measures.append(
            measured(
                name,
                _side(name),
                text,
                estimate=estimate,
                chance=chance.get(name),
                constant=constant.get(name),
                num=int(known_of[name].sum()) if name in known_of else len(rows),
                is_share=name in ("top1", "top5", *FACTOR_NAMES),
                bounds=_BOUNDS.get(name, (0.0, 1.0)),
            )
        )
    kept = _grade_kept(pairing, bootstrap, rows, correct_N)
    tables = _tables(pairing, predicted_N, true_N, confidence_N, correct_N)
    return measures + kept, tables | {"breakdown": _breakdown(pairing, rows, correct_N)}


def _grade_kept(
    pairing: Pairing, bootstrap: ClusterBootstrap, rows: np.ndarray, correct_N: np.ndarray
) -> list[Measure]:
    """Return the accuracy of what selection keeps; nothing where it keeps everything."""
    kept_N = pairing.is_kept[rows]
    if kept_N.all():
        return []
    name, text = "top1_kept", "share named right among those kept for training"
    if not kept_N.any():
        return [missing(name, "accuracy", text, reason="selection keeps none of these deliveries")]

    def statistic(weights_BU: np.ndarray) -> np.ndarray:
        return weighted_mean(correct_N[kept_N], weights_BU[:, rows[kept_N]])[:, None]

    (estimate,) = bootstrap.estimate(statistic)
    return [measured(name, "accuracy", text, estimate=estimate, num=int(kept_N.sum()), is_share=True)]


def _breakdown(pairing: Pairing, rows: np.ndarray, correct_N: np.ndarray) -> Table:
    """Return accuracy by what truth says of a delivery: where it fails for some, its errors will not cancel."""
    table: Table = []
    truths = [pairing.truths[row] for row in rows]
    for field in ("view", "handedness", "is_replay", "venue"):
        values = np.array(["" if getattr(t, field) in (None, "") else str(getattr(t, field)) for t in truths])
        for value in sorted(set(values) - {""}):
            hits = correct_N[values == value]
            interval = wilson(float(hits.sum()), len(hits))
            table.append(
                {
                    "field": field,
                    "value": value,
                    "deliveries": len(hits),
                    "top1": float(hits.mean()),
                    "low": interval.low,
                    "high": interval.high,
                }
            )
    return table


def _side(name: str) -> Side:
    return "calibration" if name in _CALIBRATION else "accuracy"


def _constant_f1(constant_N: np.ndarray, true_N: np.ndarray, num_classes: int) -> dict[str, float]:
    ones = np.ones((1, len(true_N)))
    confusion_BGG = accuracy.confusion(constant_N, true_N, ones, num_classes=num_classes)
    return {
        "balanced_accuracy": float(accuracy.balanced_accuracy(confusion_BGG)[0]),
        "macro_f1": float(accuracy.macro_f1(confusion_BGG)[0]),
    }


def _tables(
    pairing: Pairing, predicted_N: np.ndarray, true_N: np.ndarray, confidence_N: np.ndarray, correct_N: np.ndarray
) -> dict[str, Table]:
    names = pairing.space.columns
    scores = accuracy.per_class(predicted_N, true_N, names)
    counts = accuracy.confusion(predicted_N, true_N, np.ones((1, len(true_N))), num_classes=len(names))[0]
    return {
        "per_class": [
            {
                "class": item.name,
                "precision": item.precision,
                "recall": item.recall,
                "f1": item.f1,
                "support": item.support,
                "predicted": item.predicted,
            }
            for item in scores
        ],
        "confusion": [
            {"true": true, **{name: int(counts[row, column]) for column, name in enumerate(names)}}
            for row, true in enumerate(pairing.space.names)
        ],
        "reliability": [
            {
                "low": item.low,
                "high": item.high,
                "deliveries": item.num,
                "confidence": item.confidence,
                "accuracy": item.accuracy,
            }
            for item in calibration.reliability_table(confidence_N, correct_N)
        ],
    }
