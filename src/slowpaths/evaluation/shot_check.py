"""Shots against truth: are cuts found, is every camera's view named rightly, are replays known?

Legend: S true shots, B true boundaries, C claimed boundaries.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from slowpaths.core.records import Shot
from slowpaths.core.views import VIEWS
from slowpaths.evaluation.matching import FPS, match_moments, match_videos
from slowpaths.evaluation.mining_check import MinedSet
from slowpaths.evaluation.table_columns import Columns, read_columns
from slowpaths.evaluation.truth_table import nearest, normal_path

CUT_TOLERANCE_S = 5 / FPS  # as for the impact
GRADUAL_TOLERANCE_S = 0.5  # a wipe or a dissolve has no single instant
VIDEO_COLUMNS = ("video", "file", "video_id")
GRADUAL = frozenset({"wipe", "dissolve", "fade"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueShot:
    """Hold one shot as it really was.

    Args:
        video: The video, as truth names it.
        video_id: The mined video.
        start_s: First instant, seconds; frames at 25 a second where truth counts frames.
        end_s: First instant after it, likewise.
        view: The view.
        is_replay: Whether it is one; None where unknown.
        transition: How it begins; "" where unknown.
        is_framed: Whether truth counts frames: then the frames of mined shots are compared, not their times.
    """

    video: str
    video_id: str
    start_s: float
    end_s: float
    view: str
    is_replay: bool | None
    transition: str
    is_framed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotFate:
    """Hold one true shot and what mining made of it.

    Args:
        video: The video.
        view: The true view.
        found_view: View of the mined shot that covers most of it; "" where there is none.
        is_replay: Whether it is one in truth; None where unknown.
        found_replay: Whether mining calls it one; None where there is no shot.
    """

    video: str
    view: str
    found_view: str
    is_replay: bool | None
    found_replay: bool | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoundaryCheck:
    """Hold the boundaries of shots against true ones.

    Args:
        is_found: Whether each true boundary was found (B,).
        true_video: Its video (B,).
        is_right: Whether each claimed boundary is a true one (C,).
        claim_video: Its video (C,).
    """

    is_found: np.ndarray
    true_video: np.ndarray
    is_right: np.ndarray
    claim_video: np.ndarray


def read_true_shots(mined: MinedSet, path: Path) -> list[TrueShot]:
    """Read a table of true shots of mined videos, in the order of the table.

    Args:
        mined: What mining wrote.
        path: CSV or Parquet with `video` (or file, or the video_id of the very same file), `view`, optionally is_replay
            and transition, and either start_s and end_s (seconds) or first_frame and last_frame (inclusive).

    Raises:
        TableError: If a column is missing or a value cannot be used.
    """
    columns = read_columns(path)
    name = next((name for name in VIDEO_COLUMNS if name in columns), "video")
    is_framed = "first_frame" in columns and "start_s" not in columns
    ends = ("first_frame", "last_frame") if is_framed else ("start_s", "end_s")
    columns.require([name, "view", *ends])
    spans_S2 = np.stack([columns.numbers(end, unit="frames" if is_framed else "seconds") for end in ends], axis=1)
    for row in np.flatnonzero(np.isnan(spans_S2).any(axis=1) | (spans_S2[:, 0] > spans_S2[:, 1])):
        raise columns.error(int(row), ends[1], "the shot needs both ends, in order")
    views = _views(columns)
    videos = columns.texts(name) if name == "video_id" else [normal_path(text) for text in columns.texts(name)]
    usable = {video.video_id: video for video in mined.videos if video.status == "ok"}
    if name == "video_id":
        id_of = {key: key for key in usable}
    else:
        partners = match_videos((video.path for video in usable.values()), videos)
        id_of = {partners[video.path]: key for key, video in usable.items() if video.path in partners}
    replays, transitions = columns.flags("is_replay"), columns.texts("transition")
    shots = []
    for row, video in enumerate(videos):
        if video not in id_of:
            continue
        first, last = spans_S2[row]
        frame_s = 1 / FPS if is_framed else 1.0
        shots.append(
            TrueShot(
                video=video,
                video_id=id_of[video],
                start_s=float(first * frame_s),
                end_s=float((last + is_framed) * frame_s),
                view=views[row],
                is_replay=replays[row],
                transition=transitions[row],
                is_framed=is_framed,
            )
        )
    return shots


def check_shots(mined: MinedSet, truths: list[TrueShot]) -> list[ShotFate]:
    """Compare the view and the replay mark of mined shots with true shots, one fate each."""
    shots = _by_video(mined)
    fates = []
    for true in truths:
        spans = [_span(shot, true) for shot in shots[true.video_id]]
        common_s = [min(end_s, true.end_s) - max(start_s, true.start_s) for start_s, end_s in spans]
        best = shots[true.video_id][int(np.argmax(common_s))] if max(common_s, default=0.0) > 0 else None
        fates.append(
            ShotFate(
                video=true.video,
                view=true.view,
                found_view=best.view if best else "",
                is_replay=true.is_replay,
                found_replay=best.is_replay if best else None,
            )
        )
    return fates


def check_boundaries(mined: MinedSet, truths: list[TrueShot]) -> BoundaryCheck:
    """Compare the boundaries of mined shots with the instants at which two true shots meet.

    Where truth leaves a gap between two shots, boundaries in it are not judged.
    """
    shots, by_video = _by_video(mined), defaultdict(list)
    for true in truths:
        by_video[true.video_id].append(true)
    found: list[tuple[str, bool]] = []
    claimed: list[tuple[str, bool]] = []
    for video_id, own in by_video.items():
        own = sorted(own, key=lambda true: true.start_s)
        meets = [(a, b) for a, b in pairwise(own) if b.start_s - a.end_s <= 1 / FPS]
        gaps = [(a.end_s, b.start_s) for a, b in pairwise(own) if b.start_s - a.end_s > 1 / FPS]
        first_s, last_s = own[0].start_s + 1 / FPS, own[-1].end_s
        cuts = sorted(_span(shot, own[0])[0] for shot in shots[video_id])[1:]
        cuts = [cut for cut in cuts if first_s < cut < last_s and not any(a <= cut <= b for a, b in gaps)]
        partner = _pair(np.array(cuts), [following for _, following in meets])
        found += [(own[0].video, index in partner.values()) for index in range(len(meets))]
        claimed += [(own[0].video, index in partner) for index in range(len(cuts))]
    return BoundaryCheck(
        is_found=np.array([flag for _, flag in found], dtype=bool),
        true_video=np.array([video for video, _ in found], dtype=object),
        is_right=np.array([flag for _, flag in claimed], dtype=bool),
        claim_video=np.array([video for video, _ in claimed], dtype=object),
    )


def _span(shot: Shot, true: TrueShot) -> tuple[float, float]:
    """Return where a mined shot lies, in frames at 25 a second where truth counts frames."""
    if true.is_framed:
        return shot.first_frame / FPS, (shot.last_frame + 1) / FPS
    return shot.span.start_s, shot.span.end_s


def _pair(cuts_C: np.ndarray, truths: list[TrueShot]) -> dict[int, int]:
    """Return claimed boundary -> true boundary; gradual ones have half their length as reach."""
    reach_B = np.array([GRADUAL_TOLERANCE_S if t.transition in GRADUAL else CUT_TOLERANCE_S for t in truths])
    start_B = np.array([true.start_s for true in truths])
    slack_B = reach_B - CUT_TOLERANCE_S
    spans_B2 = np.stack([start_B - slack_B, start_B + slack_B], axis=1).reshape(-1, 2)
    moments_C2 = np.stack([cuts_C, cuts_C], axis=1).reshape(-1, 2)
    return dict(match_moments(moments_C2, spans_B2, tolerance_s=CUT_TOLERANCE_S))


def _views(columns: Columns) -> list[str]:
    views = columns.texts("view")
    for row, view in enumerate(views):
        if view not in VIEWS:
            raise columns.error(row, "view", f"'{view}' is not a view; nearest: {nearest(view, VIEWS)}")
    return views


def _by_video(mined: MinedSet) -> dict[str, list[Shot]]:
    shots: dict[str, list[Shot]] = defaultdict(list)
    for shot in mined.shots:
        shots[shot.video_id].append(shot)
    return shots
