"""What kind of errors a system makes, apart from how many: what may explain usefulness beyond accuracy.

Legend: N graded rows, G classes, V values of a factor.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measures.profile_error import total_variation
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import MIN_DELIVERIES


def error_structure(sample: Sample) -> dict[str, float]:
    """Return each kind by name; NaN where there is nothing to see it in."""
    confusion_GG = sample.confusion_BGG[0]
    called_G = confusion_GG.sum(axis=0) / confusion_GG.sum()
    return {
        "side_errors": side_error_share(confusion_GG, sample.pairing.space.factor("side")[1]),
        "prevalence_tv": float(total_variation(sample.shares_G, called_G)),
        "batter_sd": group_spread(sample.correct_N, sample.pairing.group[sample.rows].astype(str)),
        "asymmetry": asymmetry(confusion_GG),
    }


def side_error_share(confusion_GG: np.ndarray, values_GV: np.ndarray) -> float:
    """Return which share of the errors, among classes that have the factor, takes it for another value.

    Example:
        >>> side_error_share(np.array([[5, 1, 2], [0, 4, 0], [1, 0, 3]]), np.array([[1, 0], [1, 0], [0, 1]]))
        0.75
    """
    has = values_GV.sum(axis=1) > 0
    counted = np.where(np.eye(len(has), dtype=bool) | ~has | ~has[:, None], 0.0, confusion_GG)
    return float(divide((counted * (1 - values_GV @ values_GV.T)).sum(), counted.sum()))


def group_spread(correct_N: np.ndarray, group_N: np.ndarray) -> float:
    """Return the standard deviation of accuracy over batters with enough deliveries; NaN for fewer than three.

    Example:
        >>> round(group_spread(np.repeat([1.0, 0.0, 1.0], 10), np.repeat(["a", "b", "c"], 10)), 3)
        0.577
    """
    names, group = np.unique(group_N, return_inverse=True)
    sizes = np.bincount(group)
    rates = (np.bincount(group, weights=correct_N) / sizes)[(sizes >= MIN_DELIVERIES) & (names != "")]
    return float(rates.std(ddof=1)) if len(rates) > 2 else float("nan")


def asymmetry(confusion_GG: np.ndarray) -> float:
    """Return how one-sided confusions are: 0 where they cancel pair by pair, 1 where every pair goes one way.

    Example:
        >>> asymmetry(np.array([[5.0, 3.0], [1.0, 5.0]]))
        0.5
    """
    errors = confusion_GG - np.diag(np.diag(confusion_GG))
    return float(divide(np.abs(errors - errors.T).sum() / 2, errors.sum()))
