"""The features that mining measured on each delivery, as targets that a network can learn to see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, FEATURE_PREFIX

# Interquartile range of a normal distribution of spread 1.
_NORMAL_IQR = 1.349
# Beyond three spreads a feature is a slip of the tracker more often than a stroke: targets are clipped there.
_MAX_SPREADS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureTargets:
    """Hold features of deliveries."""

    names: tuple[str, ...]  # names of the features
    values_NF: np.ndarray  # their values, float64; NaN where one is unknown

    def standardised(self, rows_N: np.ndarray) -> FeatureTargets:
        """Return the features as targets: median 0 and spread 1 over some deliveries, clipped at 3 spreads, float32.

        Median and interquartile range stand for mean and deviation, because trackers slip; they are those of the
        deliveries that training may look at (a mask). Features that hardly ever differ there (no interquartile range)
        teach nothing and are left out.

        Raises:
            UsageError: If no feature is left.
        """
        known = [
            (name, column_N, np.percentile(seen, (25, 50, 75)))
            for name, column_N in zip(self.names, self.values_NF.T, strict=True)
            if len(seen := column_N[rows_N & np.isfinite(column_N)])
        ]
        kept = [(name, column_N, quartiles) for name, column_N, quartiles in known if quartiles[2] > quartiles[0]]
        if not kept:
            raise UsageError(
                "the deliveries carry no features that differ from clip to clip: mine footage with `slowpaths mine`, "
                "more of it if there was little"
            )
        targets = [(column - middle) / ((high - low) / _NORMAL_IQR) for _, column, (low, middle, high) in kept]
        values_NF = np.clip(np.stack(targets, axis=1), -_MAX_SPREADS, _MAX_SPREADS).astype(np.float32)
        return FeatureTargets(names=tuple(name for name, *_ in kept), values_NF=values_NF)


def read_features(mined: Path) -> FeatureTargets:
    """Read every `feature_` column of the deliveries of a mined folder, row by row.

    Raises:
        TableError: If the table is missing or wrong.
    """
    table = MinedFolder(mined).read(DELIVERIES)
    columns = sorted(name for name in table.column_names if name.startswith(FEATURE_PREFIX))
    values = [np.array(table[name].to_pylist(), dtype=np.float64) for name in columns]
    return FeatureTargets(
        names=tuple(name.removeprefix(FEATURE_PREFIX) for name in columns),
        values_NF=np.stack(values, axis=1) if values else np.empty((table.num_rows, 0)),
    )
