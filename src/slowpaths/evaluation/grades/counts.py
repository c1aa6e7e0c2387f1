"""Counting strokes, as the report states it.

Legend: N graded rows, G classes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import ClusterBootstrap, divide
from slowpaths.evaluation.measure import Measure, Table, measured, missing
from slowpaths.evaluation.pairing import Pairing
from slowpaths.evaluation.usefulness import quantify


def grade_counts(pairing: Pairing, bootstrap: ClusterBootstrap) -> tuple[list[Measure], dict[str, Table]]:
    """Measure how well the share of every class is counted over all graded deliveries (quantification)."""
    rows = np.flatnonzero(pairing.is_graded)
    name, text = "prevalence_error", "mean error of a stroke's overall share, counting named strokes"
    if not len(rows):
        return [missing(name, "usefulness", text, reason="no delivery has both a prediction and a true stroke")], {}
    probs_NG, true_N, match_N = pairing.probs_UG[rows], pairing.true_U[rows], pairing.match[rows]
    num_true, num_columns = len(pairing.space.names), probs_NG.shape[1]
    true_G = np.bincount(true_N, minlength=num_columns) / len(true_N)
    methods = {
        "classify and count": quantify.classify_and_count(probs_NG),
        "mean probability": quantify.probabilistic_count(probs_NG),
        "expectation maximisation": quantify.expectation_maximisation(probs_NG, np.full(num_columns, 1 / num_columns)),
    }
    halves = np.isin(match_N, sorted(set(match_N))[::2])
    if halves.any() and not halves.all():
        for label, is_soft in (("adjusted count", False), ("adjusted mean probability", True)):
            methods[label] = _cross_fitted(probs_NG, true_N, halves, num_true=num_true, is_soft=is_soft)
    table: Table = [
        {
            "method": label,
            "absolute_error": quantify.absolute_error(true_G, shares_G),
            "relative_absolute_error": quantify.relative_absolute_error(true_G, shares_G, num=len(true_N)),
            "divergence_nats": quantify.divergence(true_G, shares_G, num=len(true_N)),
        }
        for label, shares_G in methods.items()
    ]
    uniform_G = np.r_[np.full(num_true, 1 / num_true), np.zeros(num_columns - num_true)]

    def statistic(weights_BU: np.ndarray) -> np.ndarray:
        weights_BN = weights_BU[:, rows]
        off_BG = weights_BN @ (np.eye(num_columns)[np.argmax(probs_NG, axis=1)] - np.eye(num_columns)[true_N])
        return divide(np.abs(off_BG).mean(axis=1), weights_BN.sum(axis=1))[:, None]

    (value,), chance = bootstrap.estimate(statistic), quantify.absolute_error(true_G, uniform_G)
    return [measured(name, "usefulness", text, estimate=value, chance=chance, num=len(rows), bounds=(0, 1))], {
        "prevalence": table
    }


def _cross_fitted(
    probs_NG: np.ndarray, true_N: np.ndarray, is_first: np.ndarray, *, num_true: int, is_soft: bool
) -> np.ndarray:
    """Return shares counted on each half of the matches with the confusion of the other half (G,)."""
    shares_G = np.zeros(probs_NG.shape[1])
    for inside in (is_first, ~is_first):
        counted_T = quantify.adjusted_count(
            probs_NG[inside], probs_NG[~inside], true_N[~inside], num_true=num_true, is_soft=is_soft
        )
        shares_G[:num_true] += counted_T * inside.mean()
    return shares_G
