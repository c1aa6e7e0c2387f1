"""How far a number can be trusted: a jackknife over matches, bias correction of distances, and Wilson's interval.

Every measure that gets an interval is a function of weights. Weights of 1 give the value itself, weights of 0 leave a
match out, so value and interval cannot be computed by different formulas.

Legend: B replicates, of which the first is the sample itself, N rows, M matches, D differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.special import erf, stdtrit

MIN_MATCHES = 3  # two matches leave one degree of freedom: an interval 13 standard errors wide to each side
MAX_REPLICATES = 100  # more matches are left out in groups
_UPPER = 0.975  # quantile of the upper end of a 95 % interval


@dataclass(frozen=True, slots=True)
class Interval:
    """Hold the lower and the upper end of a 95 % interval."""

    low: Any
    high: Any


def leave_out(clusters: np.ndarray) -> np.ndarray:
    """Return weights of rows (B, N): ones, then one replicate a match with the rows of that match left out.

    `clusters` (N,) names the match of every row. Deliveries of one match share batters, ground, light and camera:
    leaving out deliveries alone would make intervals too narrow.

    Example:
        >>> leave_out(np.array(["a", "b", "b"])).tolist()
        [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    """
    names, match_N = np.unique(clusters.astype(str), return_inverse=True)
    groups = np.arange(min(len(names), MAX_REPLICATES))
    return np.vstack([np.ones((1, len(clusters))), match_N % MAX_REPLICATES != groups[:, None]])


def jackknife(values_B: np.ndarray) -> Interval | None:
    """Return the interval of a value by its replicates (NaN where one cannot be measured): value -+ t(M - 1) errors.

    The delete-one-cluster jackknife with Student's t covers as it says from few clusters on, where a bootstrap of three
    to five matches is too narrow (MacKinnon, Nielsen and Webb 2023, doi 10.1002/jae.2969). There is none with fewer
    than three replicates, or where more than half of them have no value.

    Example:
        >>> jackknife(np.array([2.0, 2.5, 2.0, 1.5])).low < 2.0
        True
    """
    drawn = values_B[1:][np.isfinite(values_B[1:])]
    num = len(drawn)
    if num < MIN_MATCHES or 2 * num < len(values_B) - 1:
        return None
    error = np.sqrt((num - 1) / num * ((drawn - drawn.mean()) ** 2).sum())
    half = float(stdtrit(num - 1, _UPPER) * error)
    return Interval(low=float(values_B[0]) - half, high=float(values_B[0]) + half)


def unbiased_absolute(differences_BD: np.ndarray, errors_BD: np.ndarray) -> np.ndarray:
    """Return sums of absolute differences, given their standard errors, without the upward bias of sampling (B,).

    Noise makes every absolute value larger: two samples of one profile differ. The differences are taken as a true
    pattern of the seen shape, shrunk by a common factor, plus normal noise: the factor is chosen such that the expected
    sum (of folded normals) is the sum that was seen.

    Example:
        >>> unbiased_absolute(np.array([[0.1, -0.1]]), np.array([[0.0, 0.0]])).tolist()
        [0.2]
        >>> unbiased_absolute(np.array([[0.1, -0.1]]), np.array([[0.2, 0.2]])).tolist()
        [0.0]
    """
    seen_B = np.abs(differences_BD).sum(axis=1)
    low_B, high_B = np.zeros(len(seen_B)), np.ones(len(seen_B))
    for _ in range(30):
        middle_B = (low_B + high_B) / 2
        is_small = _folded_mean(np.nan_to_num(differences_BD) * middle_B[:, None], errors_BD).sum(axis=1) < seen_B
        low_B, high_B = np.where(is_small, middle_B, low_B), np.where(is_small, high_B, middle_B)
    return np.where(low_B == 0, 0.0, high_B) * seen_B


def _folded_mean(mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the expected absolute value of a normal variable."""
    ratio = np.abs(divide(mean, error))
    noisy = error * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + np.abs(mean) * erf(ratio / np.sqrt(2))
    return np.where(error > 0, noisy, np.abs(mean))


def wilson(hits: float | np.ndarray, num: float | np.ndarray) -> Interval:
    """Return Wilson's interval of a proportion, or of many, of `num` (at least 1; Wilson 1927).

    Example:
        >>> found = wilson(9, 10)
        >>> round(found.low, 4), round(found.high, 4)
        (0.5958, 0.9821)
    """
    z = NormalDist().inv_cdf(_UPPER)
    share = hits / num
    centre = (share + z * z / (2 * num)) / (1 + z * z / num)
    half = z / (1 + z * z / num) * np.sqrt(share * (1 - share) / num + z * z / (4 * num * num))
    low, high = np.minimum(share, centre - half), np.maximum(share, centre + half)
    low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    return Interval(low=low, high=high) if np.ndim(share) else Interval(low=float(low), high=float(high))


def weighted_mean(values_N: np.ndarray, weights_BN: np.ndarray) -> np.ndarray:
    """Return the mean of values (N,) under weights (B, N), NaN where all weights are 0: (B,)."""
    return divide(weights_BN @ values_N, weights_BN.sum(axis=1))


def divide(top: np.ndarray | float, bottom: np.ndarray | float) -> np.ndarray:
    """Return top / bottom, NaN where the bottom is 0."""
    above, below = np.broadcast_arrays(np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64))
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def unit_weights(num: int) -> np.ndarray:
    """Return weights of 1 for `num` rows: (1, N)."""
    return np.ones((1, num))
