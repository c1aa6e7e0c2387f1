"""The folder of real clips with gold: the only place that knows its file names. A person wrote its tables by eye."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from slowpaths.core.errors import TableError
from slowpaths.core.records import Box, PoseTrack, Shot
from slowpaths.core.spans import Span
from slowpaths.store.below import Below
from slowpaths.store.world_folder import TrueBall

_CORNERS = ("x1", "y1", "x2", "y2")
_CURE = "write it as footage with gold has it"


@dataclass(frozen=True, slots=True)
class GoldFolder:
    """Read gold tables, CSV, one row a delivery or a shot; frames are counted in decode order from 0.

    Args:
        path: The folder.
    """

    path: Path

    clips = Below("clips")
    negatives = Below("negatives")  # clips without a stroke
    strokes_file = Below("gold.csv")  # file, impact_s, contact_frame, striker_x1 ... striker_y2, handedness, view
    shots_file = Below("gold_shots.csv")  # file, shot_index, first_frame, last_frame, view, is_replay
    truth_file = Below("truth.csv")  # the deliveries as `slowpaths evaluate` takes them
    sources_file = Below("sources.csv")  # file, source repository, and optionally group and kind
    negatives_file = Below("sources_negatives.csv")  # the same for negatives, where they do not stand in the first

    def file(self, stem: str, table: str) -> Path:
        """Return the file that holds a table of a video, named as in a `TruthFolder`; one that is not there if none."""
        known = {"shots": self.shots_file, "balls": self.strokes_file, "poses": self.strokes_file}[table]
        is_known = table != "shots" or any(_stem(row) == stem for row in _rows(self.shots_file))
        return known if is_known else self.path / f"{stem} in {known.name}"

    def shots(self, stem: str) -> list[Shot]:
        """Read the true shots of a video; their spans count frames, as the tables do not know the times."""
        rows = sorted(
            (row for row in _rows(self.shots_file) if _stem(row) == stem), key=lambda row: int(row["first_frame"])
        )
        return [
            Shot(
                shot_id=f"{stem}-{row['shot_index']}",
                video_id=stem,
                span=Span(int(row["first_frame"]), int(row["last_frame"]) + 1),
                first_frame=int(row["first_frame"]),
                last_frame=int(row["last_frame"]),
                view=row["view"],
                is_replay=row["is_replay"] == "1",
                transition="cut" if number else "start",
            )
            for number, row in enumerate(rows)
        ]

    def balls(self, stem: str) -> list[TrueBall]:
        """Read the strokes of a video whose contact is seen, in time order."""
        rows = [row for row in _rows(self.strokes_file) if _stem(row) == stem and row["impact_s"]]
        balls = [
            TrueBall(
                shot_id="",
                impact_s=float(row["impact_s"]),
                handedness=row["handedness"] if row["handedness"] in ("R", "L") else "",
                frame=int(row["contact_frame"]),
                box=_box(row),
            )
            for row in rows
        ]
        return sorted(balls, key=lambda ball: ball.impact_s)

    def poses(self, stem: str) -> list[PoseTrack]:
        """Return no track: who bats is known at the contact only, see `TrueBall.box`."""
        return []

    def truth_rows(self) -> list[dict[str, str]]:
        """Read the deliveries as `slowpaths evaluate` takes them, with the box at contact and the group as match."""
        boxes = {(row["file"], row["impact_s"]): _box(row) for row in _rows(self.strokes_file) if row["impact_s"]}
        groups, rows = self.groups(), []
        for row in _rows(self.truth_file):
            box = boxes.get((row["video"], row["impact_s"]))
            corners = {f"box_{name}": f"{getattr(box, name):g}" if box else "" for name in _CORNERS}
            rows.append({**row, "match_id": groups.get(row["video"], row["video"]), **corners})
        return rows

    def groups(self) -> dict[str, str]:
        """Return the group of every file that must stay on one side of a split: that of one scene, else one source."""
        return {row["file"]: row.get("group") or row["source repository"] for row in self._sources()}

    def kinds(self) -> dict[str, str]:
        """Return the kind of footage of every file, such as "broadcast"; "" where unknown."""
        return {row["file"]: row.get("kind", "") for row in self._sources()}

    def _sources(self) -> list[dict[str, str]]:
        return [row for file in (self.sources_file, self.negatives_file) if file.exists() for row in _rows(file)]


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{file} is not a readable gold table: {_CURE}") from error


def _stem(row: dict[str, str]) -> str:
    return Path(row["file"]).stem


def _box(row: dict[str, str]) -> Box | None:
    corners = {name: row[f"striker_{name}"] for name in _CORNERS}
    return Box(**{name: float(text) for name, text in corners.items()}) if all(corners.values()) else None
