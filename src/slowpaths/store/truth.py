"""What is really seen in a made video, as the world writes it beside its videos: `truth/<stem>.<table>.parquet`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from slowpaths.store.schema import TableSpec
from slowpaths.store.tables import read_table

TABLES = ("shots", "poses", "balls")
STRIKER = 0
"""Track of the striker in a table of true poses."""
_BALLS = TableSpec(
    "truth_balls", 1, pa.schema([("shot_id", pa.string()), ("impact_s", pa.float64()), ("handedness", pa.string())])
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueBall:
    """Describe a ball that is shown.

    Args:
        shot_id: The true shot that shows it.
        impact_s: Impact as shown, seconds.
        handedness: "R" or "L".
    """

    shot_id: str
    impact_s: float
    handedness: str


def truth_path(folder: Path, video: Path, table: str) -> Path:
    """Return the file of one of the `TABLES` of a video in a truth folder."""
    return folder / f"{video.stem}.{table}.parquet"


def read_balls(path: Path) -> list[TrueBall]:
    """Read the balls of a video in time order.

    Raises:
        TableError: If the file is missing or is no table of balls.
    """
    balls = [TrueBall(**row) for row in read_table(path, _BALLS).to_pylist()]
    return sorted(balls, key=lambda ball: ball.impact_s)
