"""Rank correlation under weights: Kendall's tau-b, and tau-ap, in which mistakes at the top weigh more.

Weights of 1 give the value itself, counts of a draw with replacement a bootstrap replicate; two copies of one item are
no pair.

Legend: K items, B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide


def tau_b(x_K: np.ndarray, y_K: np.ndarray, weights_BK: np.ndarray) -> np.ndarray:
    """Return Kendall's tau-b (B,): concordant minus discordant pairs over pairs that are no ties, as in scipy.

    Items of which one value is not known are left out; NaN where nothing is left to order.

    Example:
        >>> tau_b(np.array([1.0, 2, 3]), np.array([1.0, 3, 2]), np.ones((1, 3))).round(3).tolist()
        [0.333]
    """
    x_K, y_K, weights_BK = _known(x_K, y_K, weights_BK)
    x_KK, y_KK = (np.sign(values[:, None] - values) for values in (x_K, y_K))
    both_B, of_x_B, of_y_B = (_pairs(weights_BK, pairs) for pairs in (x_KK * y_KK, np.abs(x_KK), np.abs(y_KK)))
    return divide(both_B, np.sqrt(of_x_B * of_y_B))


def tau_ap(listed_K: np.ndarray, reference_K: np.ndarray, weights_BK: np.ndarray) -> np.ndarray:
    """Return tau-ap of a list ordered by `listed_K`, best first, against the order of `reference_K` (B,).

    Yilmaz, Aslam and Robertson 2008 (doi 10.1145/1390334.1390435): twice the mean, over all but the first item, of the
    share of the items above it that belong above it, minus 1. Items of equal place in the list do not stand above one
    another; those that are equal in the reference are half right; NaN where all are.

    Example:
        >>> tau_ap(np.array([4.0, 3, 2, 1]), np.array([3.0, 4, 2, 1]), np.ones((1, 4))).round(3).tolist()
        [0.333]
    """
    listed_K, reference_K, weights_BK = _known(listed_K, reference_K, weights_BK)
    if len(set(reference_K)) < 2:
        return np.full(len(weights_BK), np.nan)
    above_KK = (listed_K > listed_K[:, None]).astype(np.float64)  # whether the column stands above the row
    right_KK = above_KK * (np.sign(reference_K - reference_K[:, None]) + 1) / 2
    share_BK = divide(weights_BK @ right_KK.T, weights_BK @ above_KK.T)
    drawn_BK = np.where(np.isfinite(share_BK), weights_BK, 0.0)
    return 2 * divide((drawn_BK * np.nan_to_num(share_BK)).sum(axis=1), drawn_BK.sum(axis=1)) - 1


def _known(x_K: np.ndarray, y_K: np.ndarray, weights_BK: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    known = np.isfinite(x_K) & np.isfinite(y_K)
    return x_K[known], y_K[known], weights_BK[:, known]


def _pairs(weights_BK: np.ndarray, pairs_KK: np.ndarray) -> np.ndarray:
    return ((weights_BK @ pairs_KK) * weights_BK).sum(axis=1)
