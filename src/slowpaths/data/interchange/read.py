"""Labels from files of other tools: clip lists (MMAction2, PySlowFast), Kinetics CSV and spot JSON.

A clip list names the clips of the mined folder. The others name videos and times: an event is the delivery of that
video whose time is nearest, within a tolerance; one without a delivery was not mined and is counted.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from slowpaths.core.errors import TableError
from slowpaths.core.strokes import STROKES
from slowpaths.data.interchange.kinetics import COLUMNS

TOLERANCE_S = 0.5  # strokes of one video are seconds apart
_LINE = re.compile(r"(\S+)\s+(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Hold labels that were read: columns delivery_id and label."""

    table: pa.Table
    num_unmined: int  # events without a delivery


def is_foreign(path: Path) -> bool:
    """Return whether a file is one of another tool, and no table with delivery ids."""
    if path.suffix.lower() in (".json", ".txt"):
        return True
    return path.suffix.lower() == ".csv" and path.is_file() and "delivery_id" not in _first_line(path)


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
            events = [
                (video["video"], ("frame", int(event["frame"])), str(event["label"]))
                for video in json.loads(path.read_text(encoding="utf-8"))
                for event in video["events"]
            ]
        elif _first_line(path).strip().split(",") == list(COLUMNS):
            with path.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
            events = [(row["youtube_id"], ("start_s", float(row["time_start"])), row["label"]) for row in rows]
        else:
            return Read(table=_table(list(_clips(path))), num_unmined=0)
    except (OSError, ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise TableError(f"{path} is no clip list, Kinetics CSV or spot JSON ({error}): export it again") from error
    ids = {path: name for name, path in zip(*(videos[key].to_pylist() for key in ("video_id", "path")), strict=True)}
    rows_of: dict[str, list[dict[str, Any]]] = {}
    for row in deliveries.select(["delivery_id", "video_id", "start_s", "impact_s"]).to_pylist():
        rows_of.setdefault(row["video_id"], []).append(row)
    found = []
    for video, (key, value), label in events:
        video_id = ids.get(video, "")
        if rows := rows_of.get(video_id):
            column, time_s = ("impact_s", seconds(video_id, int(value))) if key == "frame" else (key, value)
            nearest = min(rows, key=lambda row: abs(row[column] - time_s))
            if abs(nearest[column] - time_s) <= TOLERANCE_S:
                found.append((nearest["delivery_id"], label))
    if not found:
        raise TableError(f"{path} names no delivery of this mined folder: give labels of the same videos")
    return Read(table=_table(found), num_unmined=len(events) - len(found))


def _clips(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or int(match[2]) >= len(STROKES):
            raise ValueError(f"line {number} is no path and class number below {len(STROKES)}")
        yield Path(match[1]).stem, STROKES[int(match[2])]


def _table(rows: list[tuple[str, str]]) -> pa.Table:
    return pa.table({"delivery_id": [name for name, _ in rows], "label": [label for _, label in rows]})


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        return stream.readline()
