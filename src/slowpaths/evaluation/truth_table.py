"""Truth tables: what a person or the synthetic world says happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slowpaths.core.records import Box
from slowpaths.core.strokes import crosswalk
from slowpaths.core.views import VIEWS
from slowpaths.evaluation.matching import TOLERANCE_S
from slowpaths.evaluation.table_columns import Columns, Sources, normal_path, read_all

REQUIRED: tuple[str, ...] = ("video", "impact_s", "label")
TIMES: tuple[str, ...] = ("start_s", "end_s", "impact_s")
BEFORE_S, AFTER_S = 0.8, 0.48  # where a stroke has only an impact: the span of a mined clip
BOX: tuple[str, ...] = ("box_x1", "box_y1", "box_x2", "box_y2")
_HANDS = {"r": "R", "right": "R", "l": "L", "left": "L"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDelivery:
    """Hold one delivery as it really was."""

    place: str  # where it stands in its file, such as "line 7"
    video: str  # path of the video relative to the footage folder, with forward slashes
    start_s: float  # first instant of the stroke, seconds; NaN where not given
    end_s: float  # first instant after the stroke, seconds; NaN where not given
    impact_s: float  # bat on ball, seconds; NaN for a delivery without impact, such as a leave
    label: str  # class of the truth's taxonomy; "" for a stroke outside it
    handedness: str = ""  # "R", "L" or "" where unknown
    batter_id: str = ""  # who bats; "" where unknown
    match_id: str = ""  # the match; "" where unknown
    venue: str = ""  # the ground; "" where unknown
    view: str = ""  # one of `core.views.VIEWS`; "" where unknown
    is_replay: bool | None = None  # whether it is shown again; None where unknown
    has_span: bool = False  # whether truth itself gives start and end
    box: Box | None = None  # the striker at impact, pixels of the video; None where unknown
    video_duration_s: float = np.nan  # how long the video is, seconds; NaN where unknown

    @property
    def moment_s(self) -> tuple[float, float]:
        """Return when it happens: the impact twice, else the span, else the whole video as -inf, inf."""
        if np.isfinite(self.impact_s):
            return self.impact_s, self.impact_s
        if np.isfinite(self.start_s):
            return self.start_s, self.end_s
        return -np.inf, np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Hold a truth table."""

    name: str  # name of the file or files it came from
    taxonomy: str  # name of its stroke vocabulary, one of `core.strokes.TAXONOMIES`
    deliveries: tuple[TrueDelivery, ...]  # the deliveries in file order


def read_truth(source: Sources, *, taxonomy: str = "slowpaths") -> Truth:
    """Read a truth table, or several of different videos as one, and check every value.

    It has the columns video, impact_s, label (of the taxonomy) and optionally start_s, end_s, handedness, batter_id,
    match_id, venue, view, is_replay, video_duration_s, box_x1, box_y1, box_x2, box_y2 (the striker at impact, pixels).
    An empty label is a stroke outside the taxonomy, an empty impact a delivery without one, an impact without start or
    end has the span of a mined clip, empty times are a delivery somewhere in the video.

    Raises:
        TableError: If a column is missing, a value cannot be used, or two tables have rows of one video; says line and
            column.
        UsageError: If the taxonomy is unknown.
    """
    classes = tuple(crosswalk(taxonomy).classes)
    tables = read_all(source)
    deliveries = [item for columns in tables for item in _deliveries(columns, classes, taxonomy=taxonomy)]
    return Truth(name=" and ".join(one.name for one in tables), taxonomy=taxonomy, deliveries=tuple(deliveries))


def _deliveries(columns: Columns, classes: tuple[str, ...], *, taxonomy: str) -> list[TrueDelivery]:
    columns.require(REQUIRED)
    starts_s, ends_s, impacts_s = (columns.numbers(name, unit="seconds") for name in TIMES)
    values: dict[str, list[Any]] = {
        "start_s": np.where(np.isnan(starts_s), np.maximum(impacts_s - BEFORE_S, 0.0), starts_s).tolist(),
        "end_s": np.where(np.isnan(ends_s), impacts_s + AFTER_S, ends_s).tolist(),
        "impact_s": impacts_s.tolist(),
        "has_span": np.isfinite(starts_s).tolist(),
        "video_duration_s": columns.numbers("video_duration_s", unit="seconds").tolist(),
        "is_replay": columns.flags("is_replay"),
        "label": columns.choices("label", classes, f"a class of {taxonomy}"),
        "handedness": _hands(columns),
        "view": columns.choices("view", VIEWS, "a view"),
        "box": _boxes(columns),
        **{name: columns.texts(name) for name in ("batter_id", "match_id", "venue")},
    }
    deliveries: list[TrueDelivery] = []
    seen: dict[tuple[str, tuple[float, float]], str] = {}
    for row, (place, video) in enumerate(zip(columns.places, columns.texts("video"), strict=True)):
        if not video:
            raise columns.error(row, "video", "is empty; give the path of the video relative to the footage folder")
        own = {name: column[row] for name, column in values.items()}
        deliveries.append(TrueDelivery(place=place, video=normal_path(video), **own))
        _check_times(columns, row, deliveries[-1])
    for row, delivery in enumerate(deliveries):
        first = seen.setdefault((delivery.video, delivery.moment_s), delivery.place)
        if first != delivery.place:
            raise columns.error(row, "video", f"repeats the delivery of {first}; remove one of the two")
    _check_durations(columns, deliveries)
    return deliveries


def _hands(columns: Columns) -> list[str]:
    hands = columns.texts("handedness")
    for row, text in enumerate(hands):
        if text and text.lower() not in _HANDS:
            raise columns.error(row, "handedness", f"'{text}' is neither R nor L (leave it empty where unknown)")
    return [_HANDS.get(text.lower(), "") for text in hands]


def _boxes(columns: Columns) -> list[Box | None]:
    boxes: list[Box | None] = []
    corners_N4 = np.stack([columns.numbers(name, unit="pixels") for name in BOX], axis=1)
    for row, (x1, y1, x2, y2) in enumerate(corners_N4.tolist()):
        is_empty = np.isnan([x1, y1, x2, y2]).all()
        if not is_empty and not (x1 < x2 and y1 < y2):
            raise columns.error(row, "box_x1", "the box needs box_x1 < box_x2 and box_y1 < box_y2, or none of the four")
        boxes.append(None if is_empty else Box(x1=x1, y1=y1, x2=x2, y2=y2))
    return boxes


def _check_times(columns: Columns, row: int, item: TrueDelivery) -> None:
    for name in TIMES:
        if getattr(item, name) < 0:
            raise columns.error(row, name, f"{getattr(item, name):g} lies before the video begins")
    if np.isnan(item.start_s) != np.isnan(item.end_s):
        name = "start_s" if np.isnan(item.start_s) else "end_s"
        raise columns.error(row, name, "is empty; give both start_s and end_s, or neither")
    span = f"{item.start_s:g} to {item.end_s:g} s"
    if item.end_s < item.start_s:
        raise columns.error(row, "end_s", f"the stroke ends before it starts ({span}); swap the two")
    if item.impact_s < item.start_s or item.impact_s > item.end_s:
        raise columns.error(row, "impact_s", f"{item.impact_s:g} s lies outside the stroke, {span}; mend one of them")


def _check_durations(columns: Columns, deliveries: list[TrueDelivery]) -> None:
    """Refuse lengths of videos that cannot be: what watching them costs is told by them."""
    known: dict[str, tuple[float, str]] = {}
    for row, item in enumerate(deliveries):
        length_s, problem = item.video_duration_s, ""
        if np.isnan(length_s):
            continue
        said_s, place = known.setdefault(item.video, (length_s, item.place))
        moment_s = item.moment_s[0]
        if length_s <= 0:
            problem = f"{length_s:g} is no length of a video: give seconds"
        elif np.isfinite(moment_s) and moment_s > length_s + TOLERANCE_S:
            problem = f"the video is {length_s:g} s long, and the stroke comes at {moment_s:g} s: mend one of them"
        elif abs(length_s - said_s) > TOLERANCE_S:
            problem = f"the video is {length_s:g} s long, {said_s:g} s in {place}: mend one of them"
        if problem:
            raise columns.error(row, "video_duration_s", problem)
