"""Shots against truth: are boundaries found, is every camera's view named rightly, are replays known?

Legend: S true shots, B true boundaries, C claimed boundaries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from slowpaths.core.records import Shot
from slowpaths.core.views import VIEWS
from slowpaths.evaluation.matching import FPS, match_moments, match_videos
from slowpaths.evaluation.mining_check import MinedSet
from slowpaths.evaluation.table_columns import Columns, Sources, normal_path, read_all
from slowpaths.evaluation.truth_table import Truth

BOUNDARY_TOLERANCE_S = 5 / FPS  # as for the impact
SHARP_TOLERANCE_S = 2 / FPS
GRADUAL_TOLERANCE_S = 0.5  # a wipe or a dissolve has no single instant
VIDEO_COLUMNS = ("video", "file", "video_id")
_ROUNDING_S = 0.01  # a quarter of a frame: times of frames are not always whole multiples
GRADUAL = frozenset({"wipe", "dissolve", "fade"})


@dataclass(frozen=True, slots=True)
class TrueShot:
    """Hold one shot as it really was."""

    video: str  # the video, as truth names it
    video_id: str  # the mined video
    start_s: float  # first instant, seconds; frames at 25 a second where truth counts frames
    end_s: float  # first instant after it, likewise
    view: str  # the view
    is_replay: bool | None  # whether it is one; None where unknown
    transition: str  # how it begins; "" where unknown
    is_framed: bool = False  # whether truth counts frames: then the frames of mined shots are compared, not their times

    def span_of(self, shot: Shot) -> tuple[float, float]:
        """Return where a mined shot lies, in frames at 25 a second where truth counts frames."""
        if self.is_framed:
            return shot.first_frame / FPS, (shot.last_frame + 1) / FPS
        return shot.span.start_s, shot.span.end_s

    def holds(self, shot: Shot, time_s: float) -> bool:
        """Return whether it shows an instant of a mined shot."""
        first, after = self.span_of(shot)
        share = (time_s - shot.span.start_s) / max(shot.span.duration_s, 1e-9)
        return self.start_s <= first + share * (after - first) + _ROUNDING_S < self.end_s

    def common(self, shot: Shot) -> float:
        """Return how much it has in common with a mined shot: the share of the longer one."""
        first, after = self.span_of(shot)
        longer = max(after - first, self.end_s - self.start_s, 1e-9)
        return max(0.0, min(after, self.end_s) - max(first, self.start_s)) / longer


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotFate:
    """Hold one true shot and what mining made of it."""

    video: str  # the video
    view: str  # the true view
    found_view: str  # view of the mined shot that covers most of it; "" where there is none
    middle_view: str = ""  # view of the mined shot that its middle lies in; "" where there is none
    is_replay: bool | None  # whether it is one in truth; None where unknown
    found_replay: bool | None  # whether mining calls it one; None where there is no shot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoundaryCheck:
    """Hold the boundaries of shots against true ones."""

    is_found: np.ndarray  # whether each true boundary was found (B,)
    true_video: np.ndarray  # its video (B,)
    is_right: np.ndarray  # whether each claimed boundary is a true one (C,)
    claim_video: np.ndarray  # its video (C,)


def video_names(columns: Columns) -> tuple[str, list[str]]:
    """Return which column of a table of shots names the videos, and the video of every row."""
    name = next((name for name in VIDEO_COLUMNS if name in columns), "video")
    texts = columns.texts(name)
    return name, texts if name == "video_id" else [normal_path(text) for text in texts]


def read_true_shots(mined: MinedSet, source: Sources) -> list[TrueShot]:
    """Read a table of true shots of mined videos, or several of different videos, in the order of their rows.

    It is CSV or Parquet with `video` (or file, or the video_id of the very same file), `view`, optionally is_replay and
    transition, and either start_s and end_s (seconds) or first_frame and last_frame (inclusive).

    Raises:
        TableError: If a column is missing, a value cannot be used, or two tables have rows of one video.
    """
    return [shot for columns in read_all(source, video=VIDEO_COLUMNS) for shot in _shots(mined, columns)]


def _shots(mined: MinedSet, columns: Columns) -> list[TrueShot]:
    name, videos = video_names(columns)
    is_framed = "first_frame" in columns and "start_s" not in columns
    ends = ("first_frame", "last_frame") if is_framed else ("start_s", "end_s")
    columns.require([name, "view", *ends])
    spans_S2 = np.stack([columns.numbers(end, unit="frames" if is_framed else "seconds") for end in ends], axis=1)
    for row in np.flatnonzero(np.isnan(spans_S2).any(axis=1) | (spans_S2[:, 0] > spans_S2[:, 1])):
        raise columns.error(int(row), ends[1], "the shot needs both ends, in order")
    views = columns.choices("view", VIEWS, "a view", is_required=True)
    usable = {video.video_id: video for video in mined.videos if video.status == "ok"}
    id_of = {key: key for key in usable}
    if name != "video_id":
        partners = match_videos((video.path for video in usable.values()), videos)
        id_of = {partners[video.path]: key for key, video in usable.items() if video.path in partners}
    spans_S2 = (spans_S2 + np.array([0, is_framed])) * (1 / FPS if is_framed else 1.0)
    replays, transitions = columns.flags("is_replay"), columns.texts("transition")
    rows = zip(videos, *spans_S2.T.tolist(), views, replays, transitions, strict=True)
    return [
        TrueShot(video, id_of[video], start_s, end_s, view, is_replay, transition, is_framed)
        for video, start_s, end_s, view, is_replay, transition in rows
        if video in id_of
    ]


def check_shots(mined: MinedSet, truths: list[TrueShot]) -> list[ShotFate]:
    """Compare the view and the replay mark of mined shots with true shots, one fate each."""
    fates = []
    for true in truths:
        own = mined.shots_of[true.video_id]
        spans = [true.span_of(shot) for shot in own]
        common_s = [min(end_s, true.end_s) - max(start_s, true.start_s) for start_s, end_s in spans]
        best = own[int(np.argmax(common_s))] if max(common_s, default=0.0) > 0 else None
        middle = (true.start_s + true.end_s) / 2
        centre = [shot.view for shot, (start_s, end_s) in zip(own, spans, strict=True) if start_s <= middle < end_s]
        fates.append(
            ShotFate(
                video=true.video,
                view=true.view,
                found_view=best.view if best else "",
                middle_view=centre[0] if centre else "",
                is_replay=true.is_replay,
                found_replay=best.is_replay if best else None,
            )
        )
    return fates


def check_boundaries(
    mined: MinedSet, truths: list[TrueShot], *, tolerance_s: float = BOUNDARY_TOLERANCE_S
) -> BoundaryCheck:
    """Compare the boundaries of mined shots with the instants at which two true shots meet.

    Where truth leaves a gap between two shots, boundaries in it are not judged.

    Args:
        mined: What mining wrote.
        truths: True shots.
        tolerance_s: Largest distance at which a boundary is found, seconds.
    """
    by_video: dict[str, list[TrueShot]] = defaultdict(list)
    for true in truths:
        by_video[true.video_id].append(true)
    found: list[tuple[str, bool]] = []
    claimed: list[tuple[str, bool]] = []
    for video_id, own in by_video.items():
        own = sorted(own, key=lambda true: true.start_s)
        meets = [b for a, b in pairwise(own) if b.start_s - a.end_s <= 1 / FPS]
        gaps = [(a.end_s, b.start_s) for a, b in pairwise(own) if b.start_s - a.end_s > 1 / FPS]
        first_s, last_s = own[0].start_s + 1 / FPS, own[-1].end_s
        starts = sorted(own[0].span_of(shot)[0] for shot in mined.shots_of[video_id])[1:]
        starts = [start for start in starts if first_s < start < last_s and not any(a <= start <= b for a, b in gaps)]
        partner = _pair(np.array(starts), meets, tolerance_s=tolerance_s)
        found += [(own[0].video, index in partner.values()) for index in range(len(meets))]
        claimed += [(own[0].video, index in partner) for index in range(len(starts))]
    return BoundaryCheck(
        is_found=np.array([flag for _, flag in found], dtype=bool),
        true_video=np.array([video for video, _ in found], dtype=object),
        is_right=np.array([flag for _, flag in claimed], dtype=bool),
        claim_video=np.array([video for video, _ in claimed], dtype=object),
    )


def _pair(starts_C: np.ndarray, truths: list[TrueShot], *, tolerance_s: float) -> dict[int, int]:
    """Return claimed boundary -> true boundary; gradual ones may lie `GRADUAL_TOLERANCE_S` away."""
    slack_B = np.array([GRADUAL_TOLERANCE_S - tolerance_s if t.transition in GRADUAL else 0.0 for t in truths])
    start_B = np.array([true.start_s for true in truths])
    spans_B2 = np.stack([start_B - slack_B, start_B + slack_B], axis=1).reshape(-1, 2)
    moments_C2 = np.stack([starts_C, starts_C], axis=1).reshape(-1, 2)
    return dict(match_moments(moments_C2, spans_B2, tolerance_s=tolerance_s))


def footage_s(videos: Sequence[str], truth: Truth, mined: MinedSet | None, shots_truth: Sources | None) -> float | None:
    """Return how long the judged videos are together, what watching all costs; None where one is not known."""
    lengths = {item.video: item.video_duration_s for item in truth.deliveries if np.isfinite(item.video_duration_s)}
    others = {video.path: video.duration_s for video in mined.videos if video.duration_s > 0} if mined else {}
    for found in (others, video_lengths(shots_truth) if shots_truth else {}):
        partners = match_videos(found, videos)
        lengths = {partners[name]: length for name, length in found.items() if name in partners} | lengths
    known = [lengths[video] for video in videos if video in lengths]
    return float(sum(known)) if known and len(known) == len(videos) else None


def video_lengths(source: Sources) -> dict[str, float]:
    """Return how long videos are by the last of their true shots, seconds; none of those that are given in frames."""
    lengths: dict[str, float] = {}
    for columns in read_all(source, video=VIDEO_COLUMNS):
        name, videos = video_names(columns)
        ends_s = columns.numbers("end_s", unit="seconds")
        for video, end_s in zip(videos, ends_s, strict=True) if "end_s" in columns else ():
            key = video.rsplit("-", 1)[0] if name == "video_id" else video  # an id is the stem and a digest
            lengths[key] = max(lengths.get(key, 0.0), float(end_s))
    return lengths
