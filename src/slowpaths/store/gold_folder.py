"""The folder of real clips with gold: the only place that knows its file names. A person wrote its tables by eye."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slowpaths.core.errors import TableError
from slowpaths.core.records import Box, PoseTrack, Shot
from slowpaths.core.spans import Span
from slowpaths.core.text import did_you_mean
from slowpaths.core.views import VIEWS
from slowpaths.store.below import Below
from slowpaths.store.world_folder import TrueBall

_CORNERS = ("x1", "y1", "x2", "y2")
_UNKNOWN = ("unknown", "")
_CURE = "write it as footage with gold has it"
_CORRECT = "correct that line"
# Columns that the tables must have.
_STROKES = ("file", "impact_s", "contact_frame", "handedness", *(f"striker_{name}" for name in _CORNERS))
_SHOTS = ("file", "shot_index", "first_frame", "last_frame", "view", "is_replay")
_TRUTH = ("video", "impact_s")
_SOURCES = ("file", "source repository")


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
        is_known = table != "shots" or any(row.stem == stem for row in _rows(self.shots_file, _SHOTS))
        return known if is_known else self.path / f"{stem} in {known.name}"

    def shots(self, stem: str) -> list[Shot]:
        """Read the true shots of a video; their spans count frames, as the tables do not know the times.

        Raises:
            TableError: If the table is broken, or the shots do not follow one another from frame 0 on; names the line.
        """
        rows = [row for row in _rows(self.shots_file, _SHOTS) if row.stem == stem]
        rows.sort(key=lambda row: row.whole("first_frame"))
        shots: list[Shot] = []
        for row in rows:
            first, last = row.whole("first_frame"), row.whole("last_frame")
            expected = shots[-1].last_frame + 1 if shots else 0
            if first != expected:
                raise row.error("first_frame", f"{first} leaves a gap or an overlap, as frame {expected} comes next")
            if last < first:
                raise row.error("last_frame", f"{last} lies before the first frame, {first}")
            shots.append(
                Shot(
                    shot_id=f"{stem}-{row.cells['shot_index']}",
                    video_id=stem,
                    span=Span(first, last + 1),
                    first_frame=first,
                    last_frame=last,
                    view=row.choice("view", VIEWS),
                    is_replay=row.choice("is_replay", ("0", "1", *_UNKNOWN)) == "1",
                    transition="cut" if shots else "start",
                )
            )
        return shots

    def balls(self, stem: str) -> list[TrueBall]:
        """Read the strokes of a video whose contact is seen, in time order.

        Raises:
            TableError: If the table is broken; names the line.
        """
        balls = [
            TrueBall(
                shot_id="",
                impact_s=row.number("impact_s"),
                handedness=row.choice("handedness", ("R", "L", *_UNKNOWN)).replace("unknown", ""),
                frame=row.whole("contact_frame") if row.cells["contact_frame"] else None,
                box=row.box(),
            )
            for row in _rows(self.strokes_file, _STROKES)
            if row.stem == stem and row.cells["impact_s"]
        ]
        return sorted(balls, key=lambda ball: ball.impact_s)

    def poses(self, stem: str) -> list[PoseTrack]:
        """Return no track: who bats is known at the contact only, see `TrueBall.box`."""
        return []

    def truth_rows(self) -> list[dict[str, str]]:
        """Read the deliveries as `slowpaths evaluate` takes them, with the box at contact and the group as match."""
        strokes = [row for row in _rows(self.strokes_file, _STROKES) if row.cells["impact_s"]]
        boxes = {(row.cells["file"], row.cells["impact_s"]): row.box() for row in strokes}
        groups, rows = self.groups(), []
        for row in (row.cells for row in _rows(self.truth_file, _TRUTH)):
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

    def _sources(self) -> list[Mapping[str, str]]:
        files = [file for file in (self.sources_file, self.negatives_file) if file.exists()]
        return [row.cells for file in files for row in _rows(file, _SOURCES)]


@dataclass(frozen=True, slots=True)
class _Row:
    """Hold one line of a gold table."""

    place: str  # file and line
    cells: Mapping[str, str]  # column -> text

    @property
    def stem(self) -> str:
        """Return the name of the video without its suffix."""
        return Path(self.cells["file"]).stem

    def error(self, column: str, problem: str) -> TableError:
        """Return the error for one cell."""
        return TableError(f"{self.place}, column {column}: {problem}; {_CORRECT}")

    def number(self, column: str) -> float:
        """Return a number from 0 on."""
        text = self.cells[column]
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number >= 0):
            raise self.error(column, f"'{text}' is not a number from 0 on")
        return number

    def whole(self, column: str) -> int:
        """Return a whole number from 0 on."""
        number = self.number(column)
        if not number.is_integer():
            raise self.error(column, f"'{self.cells[column]}' is not a whole number")
        return int(number)

    def choice(self, column: str, known: Sequence[str]) -> str:
        """Return one of a few texts."""
        text = self.cells[column]
        if text not in known:
            hint = did_you_mean(text, known, otherwise=f"it is one of {', '.join(filter(None, known))}")
            raise self.error(column, f"there is no '{text}' ({hint})")
        return text

    def box(self) -> Box | None:
        """Return the box of the striker; None where there is none."""
        names = [f"striker_{name}" for name in _CORNERS]
        if not any(self.cells[name] for name in names):
            return None
        box = Box(**{corner: self.number(name) for corner, name in zip(_CORNERS, names, strict=True)})
        if box.width <= 0 or box.height <= 0:
            raise self.error("striker_x2", "the box ends before it begins")
        return box


def _rows(file: Path, columns: Iterable[str]) -> list[_Row]:
    """Read the lines of a gold table with at least some columns."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            lines = [(f"{file} line {reader.line_num}", line) for line in reader if any(line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{file} is not a readable gold table: {_CURE}") from error
    for name in columns:
        if name not in header:
            hint = did_you_mean(name, header, otherwise=f"it has {', '.join(header) or 'none'}")
            raise TableError(f"{file} has no column '{name}' ({hint}): {_CURE}")
    for place, line in lines:
        if len(line) != len(header):
            raise TableError(f"{place}: there are {len(line)} values for {len(header)} columns; {_CORRECT}")
    return [_Row(place, dict(zip(header, map(str.strip, line), strict=True))) for place, line in lines]
