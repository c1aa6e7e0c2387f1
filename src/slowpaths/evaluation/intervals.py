"""How far a number can be trusted: a bootstrap over matches, and Wilson's interval.

Every measure that gets an interval is a function of weights: how often each row was drawn. Weights of 1 give the value
itself, so value and interval cannot be computed by different formulas.

Legend: B replicates, N rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

Statistic = Callable[[np.ndarray], np.ndarray]
_BLOCK_VALUES = 4_000_000  # weights held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """Hold a 95 % interval.

    Args:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold a value with its interval.

    Args:
        value: On the sample itself; NaN where it cannot be measured.
        interval: Where it may lie; None where that is not known.
    """

    value: float
    interval: Interval | None


class ClusterBootstrap:
    """Draw matches with replacement, then deliveries with replacement within each drawn match.

    Deliveries of one match share batters, ground, light and camera; drawing deliveries alone would make intervals too
    narrow (Davison and Hinkley 1997, section 3.8, two-stage resampling).

    Args:
        clusters: The match of every row (N,).
        num_replicates: How many replicates are drawn.
        seed: Seed; the same seed draws the same replicates for every measure, so differences are paired.
    """

    def __init__(self, clusters: np.ndarray, *, num_replicates: int = 2000, seed: int = 0) -> None:
        self._members = [np.flatnonzero(clusters == name) for name in sorted(set(clusters))]
        self._num_rows = len(clusters)
        self.num_replicates = num_replicates
        self.seed = seed

    def estimate(self, statistic: Statistic) -> list[Estimate]:
        """Return value and interval of every number a statistic computes.

        Args:
            statistic: Takes weights (B, N), returns values (B, S); NaN where a replicate cannot be measured.

        Returns:
            S estimates, intervals by `centred_percentiles`; None where fewer than half of the replicates have a value.
        """
        values_S = statistic(unit_weights(self._num_rows))[0]
        if not self._members or not self.num_replicates:
            return [Estimate(float(value), None) for value in values_S]
        drawn_BS = np.concatenate([statistic(weights_BN) for weights_BN in self._blocks()])
        estimates = []
        for value, drawn_B in zip(values_S.tolist(), drawn_BS.T, strict=True):
            drawn_B = drawn_B[np.isfinite(drawn_B)]
            is_known = np.isfinite(value) and 2 * len(drawn_B) >= self.num_replicates
            estimates.append(Estimate(value, centred_percentiles(drawn_B, value=value) if is_known else None))
        return estimates

    def _blocks(self) -> Iterator[np.ndarray]:
        size = max(1, min(self.num_replicates, _BLOCK_VALUES // max(1, self._num_rows)))
        rng = np.random.default_rng(self.seed)
        starts = range(0, self.num_replicates, size)
        for start in starts:
            yield self._draw(rng, min(size, self.num_replicates - start))

    def _draw(self, rng: np.random.Generator, num: int) -> np.ndarray:
        weights_BN = np.zeros((num, self._num_rows))
        drawn_BM = rng.multinomial(len(self._members), np.full(len(self._members), 1 / len(self._members)), size=num)
        for match, rows in enumerate(self._members):
            weights_BN[:, rows] = rng.multinomial(drawn_BM[:, match] * len(rows), np.full(len(rows), 1 / len(rows)))
        return weights_BN


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
