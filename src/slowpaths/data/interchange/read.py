"""Labels from files of other tools: clip lists (MMAction2, PySlowFast), Kinetics CSV and spot JSON.

A clip list names the clips of the mined folder. The others name videos and times: an event is the delivery of that
video whose time is nearest, within a tolerance; one without a delivery was not mined and is counted.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from slowpaths.core.errors import TableError
from slowpaths.core.strokes import STROKES

TOLERANCE_S = 0.5  # strokes of one video are seconds apart
_LINE = re.compile(r"(\S+)\s+(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Hold labels that were read: columns delivery_id and label."""

    name: str  # name of the file, for errors
    table: pa.Table
    places: list[str]  # where each row of the table stands in the file (N,): "line 7"
    num_unmined: int  # events without a delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """Hold a stroke of a video: at a frame, or from a time on."""

    place: str
    video: str
    label: str
    frame: int | None = None  # of the impact
    start_s: float = 0.0


def is_foreign(path: Path) -> bool:
    """Return whether a file is one of another tool; any other one is a table with delivery ids, or should be."""
    if path.suffix.lower() in (".json", ".txt"):
        return True
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    first = _first_line(path)
    return _is_kinetics(first) or _LINE.fullmatch(first) is not None


def read_labels(path: Path, deliveries: pa.Table, videos: pa.Table, *, seconds: Callable[[str, int], float]) -> Read:
    """Read the strokes of a file.

    Args:
        path: The file.
        deliveries: Deliveries table of the mined folder.
        videos: Its footage table.
        seconds: Returns when a frame of a video (by id) is shown.

    Raises:
        TableError: If it is none of these files, or holds nothing of this folder.
    """
    try:
        if path.suffix.lower() == ".json":
            events = list(_spot(path))
        elif _is_kinetics(_first_line(path)):
            events = list(_kinetics(path))
        else:
            return _read(path, list(_clips(path)), num_unmined=0)
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise TableError(f"{path} is no clip list, Kinetics CSV or spot JSON ({error}): export it again") from error
    ids = {path: name for name, path in zip(*(videos[key].to_pylist() for key in ("video_id", "path")), strict=True)}
    rows_of: dict[str, list[dict[str, Any]]] = {}
    for row in deliveries.select(["delivery_id", "video_id", "start_s", "impact_s"]).to_pylist():
        rows_of.setdefault(row["video_id"], []).append(row)
    found = []
    for event in events:
        video_id = ids.get(event.video, "")
        if rows := rows_of.get(video_id):
            column, time_s = "start_s", event.start_s
            if event.frame is not None:
                column, time_s = "impact_s", seconds(video_id, event.frame)
            nearest = min(rows, key=lambda row: abs(row[column] - time_s))
            if abs(nearest[column] - time_s) <= TOLERANCE_S:
                found.append((event.place, nearest["delivery_id"], event.label))
    return _read(path, found, num_unmined=len(events) - len(found))


def _spot(path: Path) -> Iterator[_Event]:
    for video in json.loads(path.read_text(encoding="utf-8-sig")):
        for number, event in enumerate(video["events"], start=1):
            place, frame = f"event {number} of {video['video']}", int(event["frame"])
            yield _Event(place=place, video=video["video"], frame=frame, label=str(event["label"]))


def _kinetics(path: Path) -> Iterator[_Event]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            place, start = f"line {reader.line_num}", row["time_start"]
            try:
                start_s = float(start)
            except (TypeError, ValueError):
                start_s = math.nan
            if not math.isfinite(start_s):
                raise ValueError(f"{place}, column time_start: '{start}' is not a number of seconds")
            yield _Event(place=place, video=row["youtube_id"], start_s=start_s, label=row["label"])


def _clips(path: Path) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or int(match[2]) >= len(STROKES):
            raise ValueError(f"line {number} is no path and class number below {len(STROKES)}")
        yield f"line {number}", Path(match[1]).stem, STROKES[int(match[2])]


def _read(path: Path, rows: list[tuple[str, str, str]], *, num_unmined: int) -> Read:
    if not rows:
        raise TableError(f"{path} names no delivery of this mined folder: give labels of the same videos")
    places, names, labels = (list(column) for column in zip(*rows, strict=True))
    table = pa.table({"delivery_id": names, "label": labels})
    return Read(name=path.name, table=table, places=places, num_unmined=num_unmined)


def _is_kinetics(header: str) -> bool:
    """Return whether a first line holds the columns that are read, in any order, quoted or not."""
    return {"label", "youtube_id", "time_start"} <= set(next(csv.reader([header]), []))


def _first_line(path: Path) -> str:
    """Return the first line that is not blank."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        return next((line.strip() for line in stream if line.strip()), "")
