"""The features that rules read, of many deliveries on one scale: evidence beside the votes.

`labelling.model.feature_likelihood` says what they are worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slowpaths.core.views import ASPECT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.gates import SIDE_FEATURES

_REACH = 3.0  # robust standard deviations beyond which a value counts as this far off: no single one decides
_MIN_COUNT = 8  # fewer deliveries of one aspect do not show where its middle lies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureValues:
    """Hold the features of N deliveries on one scale."""

    names: tuple[str, ...]  # names (F,)
    # distance from the median of the deliveries seen from the same side, in robust standard deviations (1.4826 MAD), at
    # most 3, float32; NaN where unmeasured
    values_NF: np.ndarray

    @classmethod
    def of(cls, block: FeatureBlock, features: Sequence[str], *, is_hand_known: np.ndarray) -> FeatureValues:
        """Return the values of a block.

        Features with no spread are left out, and those that change sign with the batter's hand where that is not known.
        """
        values_NF = np.stack([block[name] for name in features], axis=1) if features else np.empty((len(block), 0))
        values_NF = np.where(np.isfinite(values_NF), values_NF, np.nan)
        is_side_F = np.array([name in SIDE_FEATURES for name in features], dtype=bool)
        values_NF[np.ix_(~is_hand_known, is_side_F)] = np.nan
        scaled_NF = np.full(values_NF.shape, np.nan, dtype=np.float32)
        for aspect in set(ASPECT.values()):
            rows = np.flatnonzero(block.is_aspect(aspect))
            for column in range(len(features)):
                measured = rows[np.isfinite(values_NF[rows, column])]
                scaled_NF[measured, column] = _scaled(values_NF[measured, column])
        used = np.flatnonzero(np.isfinite(scaled_NF).any(axis=0)).tolist()
        return cls(names=tuple(features[column] for column in used), values_NF=scaled_NF[:, used])

    def ordered(self, names: Sequence[str]) -> FeatureValues:
        """Return the named features in that order; those that are not there are unmeasured."""
        blank = np.full((len(self.values_NF), 1), np.nan, dtype=np.float32)
        values_NF = np.concatenate([self.values_NF, blank], axis=1)
        places = [self.names.index(name) if name in self.names else -1 for name in names]
        return FeatureValues(names=tuple(names), values_NF=values_NF[:, places])

    def take(self, rows: np.ndarray) -> FeatureValues:
        """Return the values of some deliveries, by position."""
        return FeatureValues(names=self.names, values_NF=self.values_NF[rows])

    def only(self, features: set[str]) -> FeatureValues:
        """Return what is left when all other features are withheld."""
        columns = [column for column, name in enumerate(self.names) if name in features]
        return FeatureValues(
            names=tuple(self.names[column] for column in columns), values_NF=self.values_NF[:, columns]
        )

    def design(self) -> np.ndarray:
        """Return values, 0 where unmeasured, then whether they are measured (N, 2 F), float32."""
        is_measured_NF = np.isfinite(self.values_NF)
        return np.concatenate([np.where(is_measured_NF, self.values_NF, 0.0), is_measured_NF], axis=1, dtype=np.float32)


def _scaled(values: np.ndarray) -> np.ndarray | float:
    """Return values as distances from their median; NaN where there are too few, or most are the same."""
    if len(values) < _MIN_COUNT:
        return np.nan
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return np.clip((values - middle) / spread, -_REACH, _REACH) if spread > 1e-9 else np.nan
