"""The folder of a synthetic world: the only place that knows its file names. Truth lies beside the videos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from slowpaths.core.records import Box, PoseTrack, Shot
from slowpaths.store.below import Below
from slowpaths.store.schema import TableSpec
from slowpaths.store.tables import read_poses, read_shots, read_table

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
        handedness: "R" or "L"; "" where unknown.
        frame: Frame of the impact; None where only its time is known.
        box: The striker at impact, pixels; None where unknown or given as a track.
    """

    shot_id: str
    impact_s: float
    handedness: str
    frame: int | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class TruthFolder:
    """Read the truth of a world."""

    path: Path  # the folder `truth`

    strokes_file = Below("truth.csv")  # true deliveries, as `slowpaths evaluate` takes them
    balls_file = Below("balls.parquet")
    shots_file = Below("shots.parquet")
    batters_file = Below("batters.parquet")

    def file(self, stem: str, table: str) -> Path:
        """Return the file of what is really seen in a video, named by its stem: table "shots", "poses" or "balls"."""
        return self.path / f"{stem}.{table}.parquet"

    def shots(self, stem: str) -> list[Shot]:
        """Read the true shots of a video."""
        return read_shots(self.file(stem, "shots"))

    def poses(self, stem: str) -> list[PoseTrack]:
        """Read the true poses of a video."""
        return read_poses(self.file(stem, "poses"))

    def balls(self, stem: str) -> list[TrueBall]:
        """Read the balls of a video in time order.

        Raises:
            TableError: If the file is missing or is no table of balls.
        """
        balls = [TrueBall(**row) for row in read_table(self.file(stem, "balls"), _BALLS).to_pylist()]
        return sorted(balls, key=lambda ball: ball.impact_s)


@dataclass(frozen=True, slots=True)
class WorldFolder:
    """Name the files of a world."""

    path: Path  # the folder

    description_file = Below("world.json")  # which world it is

    @property
    def truth(self) -> TruthFolder:
        """Return the truth."""
        return TruthFolder(self.path / "truth")

    def video_file(self, stem: str) -> Path:
        """Return a video."""
        return self.path / f"{stem}.mp4"

    def videos(self) -> list[Path]:
        """Return the videos, by name."""
        return sorted(self.path.glob("*.mp4"))
