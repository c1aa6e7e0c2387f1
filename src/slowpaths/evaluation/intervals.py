"""How far a number can be trusted: a bootstrap over matches, and Wilson's interval.

Every measure that gets an interval is a function of weights: how often each row was drawn. Weights of 1 give the value
itself, so value and interval cannot be computed by different formulas.

Legend: B replicates, N rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np


@dataclass(frozen=True, slots=True)
class Interval:
    """Hold a 95 % interval.

    Args:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """Draw matches with replacement, then deliveries with replacement within each drawn match.

    Deliveries of one match share batters, ground, light and camera; drawing deliveries alone would make intervals too
    narrow (Davison and Hinkley 1997, section 3.8, two-stage resampling).

    Args:
        num_replicates: How many replicates are drawn.
        seed: Seed; the same seed draws the same replicates for every measure, so differences are paired.
    """

    num_replicates: int = 2000
    seed: int = 0

    def weights(self, clusters: np.ndarray) -> np.ndarray:
        """Return weights of the rows (B, N): ones, then the replicates."""
        num = len(clusters)
        members = [np.flatnonzero(clusters == name) for name in sorted(set(clusters))]
        weights_BN = np.zeros((1 + self.num_replicates * bool(members), num))
        weights_BN[0] = 1.0
        rng = np.random.default_rng(self.seed)
        if members and self.num_replicates:
            drawn_BM = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=self.num_replicates)
            for match, rows in enumerate(members):
                draws = drawn_BM[:, match] * len(rows)
                weights_BN[1:, rows] = rng.multinomial(draws, np.full(len(rows), 1 / len(rows)))
        return weights_BN

    def interval(self, values_B: np.ndarray) -> Interval | None:
        """Return the interval of a value by its replicates; None where fewer than half of them have a value."""
        value, drawn_B = float(values_B[0]), values_B[1:][np.isfinite(values_B[1:])]
        if not self.num_replicates or len(values_B) == 1 or 2 * len(drawn_B) < self.num_replicates:
            return None
        return centred_percentiles(drawn_B, value=value)


def centred_percentiles(values_B: np.ndarray, *, value: float, level: float = 0.95) -> Interval:
    """Return the percentile interval of the replicates, moved so that their median is the value itself.

    Resampling adds noise, and noise makes distances such as calibration error or total variation larger: their plain
    percentiles would lie beside the value. The replicates tell how much the value may vary, not where it lies.

    Args:
        values_B: Replicates (B,).
        value: The value on the sample.
        level: Probability that the interval should cover the truth.

    Example:
        >>> centred_percentiles(np.arange(41.0) + 700, value=50.0)
        Interval(low=31.0, high=69.0)
    """
    low, middle, high = np.quantile(values_B, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Interval(low=value + float(low - middle), high=value + float(high - middle))


def wilson(hits: float, num: float, *, level: float = 0.95) -> Interval:
    """Return Wilson's interval of a proportion (Wilson 1927).

    Args:
        hits: How often it happened.
        num: How often it could have; at least 1.
        level: Two-sided level.

    Example:
        >>> found = wilson(9, 10)
        >>> round(found.low, 4), round(found.high, 4)
        (0.5958, 0.9821)
    """
    low_N, high_N = wilson_bounds(np.array([hits]), np.array([num]), level=level)
    return Interval(low=float(low_N[0]), high=float(high_N[0]))


def wilson_bounds(hits_N: np.ndarray, num_N: np.ndarray, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Wilson's interval for many proportions (N,) each; `num_N` at least 1."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    share_N = hits_N / num_N
    centre_N = (share_N + z * z / (2 * num_N)) / (1 + z * z / num_N)
    half_N = z / (1 + z * z / num_N) * np.sqrt(share_N * (1 - share_N) / num_N + z * z / (4 * num_N * num_N))
    low_N, high_N = np.minimum(share_N, centre_N - half_N), np.maximum(share_N, centre_N + half_N)
    return np.maximum(low_N, 0.0), np.minimum(high_N, 1.0)


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
