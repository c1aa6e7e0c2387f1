"""The features that rules read, of many deliveries on one scale: evidence beside the votes.

`labelling.model.feature_likelihood` says what they are worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.quality import SIDE_FEATURES

_REACH = 3.0  # robust standard deviations beyond which a value counts as this far off: no single one decides
_MIN_COUNT = 8  # fewer deliveries of one aspect do not show where its middle lies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureValues:
    """Hold the features of N deliveries on one scale."""

    names: tuple[str, ...]  # names (F,)
    # distance from the median of the deliveries seen from the same side, in robust standard deviations (1.4826 MAD), at
    # most 3, float32; NaN where unmeasured
    values_NF: np.ndarray
    weights_NF: np.ndarray | None = None  # how far each value counts, 0..1, float32; None where all count whole

    @classmethod
    def of(cls, block: FeatureBlock, features: Sequence[str], *, hand_N: np.ndarray) -> FeatureValues:
        """Return the values of a block, given how far off can be told from leg (N,).

        Features with no spread are left out. Noise in a feature widens its distribution and so weakens it by itself;
        only those that change sign with the batter's hand count as far as that is known.
        """
        scaled: dict[str, np.ndarray] = {}
        weights: list[np.ndarray] = []
        side_N = block.side_N
        for name in features:
            weight_N = hand_N if name in SIDE_FEATURES else np.ones(len(block))
            is_measured_N, scaled_N = np.isfinite(block[name]) & (weight_N > 0), np.full(len(block), np.nan)
            for side in np.unique(side_N):
                rows = np.flatnonzero((side_N == side) & is_measured_N)
                scaled_N[rows] = _scaled(block[name][rows])
            if np.isfinite(scaled_N).any():
                scaled[name] = scaled_N
                weights.append(weight_N)
        values_NF, weights_NF = (
            np.array([*columns], dtype=np.float32).reshape(len(weights), len(block)).T
            for columns in (scaled.values(), weights)
        )
        return cls(names=tuple(scaled), values_NF=values_NF, weights_NF=weights_NF)

    def ordered(self, names: Sequence[str]) -> FeatureValues:
        """Return the named features in that order; those that are not there are unmeasured."""
        padded = [
            np.pad(values_NF, ((0, 0), (0, 1)), constant_values=np.nan) for values_NF in (self.values_NF, self.weights)
        ]
        places = [self.names.index(name) if name in self.names else -1 for name in names]
        values_NF, weights_NF = (values[:, places] for values in padded)
        return FeatureValues(names=tuple(names), values_NF=values_NF, weights_NF=weights_NF)

    def take(self, rows: np.ndarray) -> FeatureValues:
        """Return the values of some deliveries, by position."""
        return FeatureValues(names=self.names, values_NF=self.values_NF[rows], weights_NF=self.weights[rows])

    def only(self, features: set[str]) -> FeatureValues:
        """Return what is left when all other features are withheld."""
        return self.ordered([name for name in self.names if name in features])

    @property
    def weights(self) -> np.ndarray:
        """Return how far each value counts (N, F), 0 where it is unmeasured."""
        is_measured_NF = np.isfinite(self.values_NF)
        return np.where(is_measured_NF, 1.0 if self.weights_NF is None else self.weights_NF, 0.0).astype(np.float32)

    def design(self) -> np.ndarray:
        """Return values times weights, then weights (N, 2 F), float32; both 0 where unmeasured."""
        return np.concatenate([np.nan_to_num(self.values_NF) * self.weights, self.weights], axis=1, dtype=np.float32)

    def squares(self) -> np.ndarray:
        """Return the weighted sums of the squared values (F,)."""
        return (np.nan_to_num(self.values_NF) ** 2 * self.weights).sum(axis=0, dtype=np.float64)


def _scaled(values: np.ndarray) -> np.ndarray | float:
    """Return values as distances from their median; NaN where there are too few, or most are the same."""
    if len(values) < _MIN_COUNT:
        return np.nan
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return np.clip((values - middle) / spread, -_REACH, _REACH) if spread > 1e-9 else np.nan
