"""What mining measured of each stroke, as numbers that a network can learn to see.

Legend: N clips, M measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.store.schema import DELIVERIES, FEATURE_PREFIX
from slowpaths.store.tables import read_table

# Interquartile range of a normal distribution of spread 1.
_NORMAL_IQR = 1.349
# Farther out than three spreads a measure is a slip of the tracker more often than a stroke: such targets are cut.
_FURTHEST = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measures:
    """Hold measures of clips.

    Args:
        names: Names of the measures.
        values_NM: Their values, float64; NaN where one was not to be had.
    """

    names: tuple[str, ...]
    values_NM: np.ndarray

    def standardised(self, rows_N: np.ndarray) -> Measures:
        """Return the measures as targets: median 0 and spread 1 over some clips, cut at three spreads, float32.

        Median and interquartile range stand for mean and deviation, because trackers slip. Measures that hardly ever
        differ there (no interquartile range) teach nothing and are left out.

        Args:
            rows_N: Which clips give median and spread (N,), bool: those that training may look at.

        Raises:
            UsageError: If no measure is left.
        """
        known = [
            (name, column_N, np.percentile(seen, (25, 50, 75)))
            for name, column_N in zip(self.names, self.values_NM.T, strict=True)
            if len(seen := column_N[rows_N & np.isfinite(column_N)])
        ]
        kept = [(name, column_N, quartiles) for name, column_N, quartiles in known if quartiles[2] > quartiles[0]]
        if not kept:
            raise UsageError(
                "the deliveries carry no measures that differ from clip to clip: mine footage with `slowpaths mine`, "
                "more of it if there was little"
            )
        targets = [(column - middle) / ((high - low) / _NORMAL_IQR) for _, column, (low, middle, high) in kept]
        values_NM = np.clip(np.stack(targets, axis=1), -_FURTHEST, _FURTHEST).astype(np.float32)
        return Measures(names=tuple(name for name, *_ in kept), values_NM=values_NM)


def read_measures(mined: Path) -> Measures:
    """Read every `feature_` column of the deliveries of a mined folder, row by row.

    Raises:
        TableError: If the table is missing or wrong.
    """
    table = read_table(mined / "deliveries.parquet", DELIVERIES)
    columns = sorted(name for name in table.column_names if name.startswith(FEATURE_PREFIX))
    values = [np.array(table[name].to_pylist(), dtype=np.float64) for name in columns]
    return Measures(
        names=tuple(name.removeprefix(FEATURE_PREFIX) for name in columns),
        values_NM=np.stack(values, axis=1) if values else np.empty((table.num_rows, 0)),
    )
