"""Shots against truth: is every camera's view named rightly?

Legend: S true shots.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.views import VIEWS
from slowpaths.evaluation.checks import MinedSet
from slowpaths.evaluation.columns import read_columns
from slowpaths.evaluation.matching import match_videos
from slowpaths.evaluation.truth import nearest, normal_path


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


def check_shots(mined: MinedSet, path: Path) -> list[ShotFate]:
    """Compare mined shots with a table of true shots.

    Args:
        mined: What mining wrote.
        path: CSV or Parquet with `video` (or file), `view`, optionally is_replay, and either start_s and end_s
            (seconds) or first_frame and last_frame (inclusive).

    Returns:
        One for each true shot of a video that was mined.

    Raises:
        TableError: If a column is missing or a value cannot be used.
    """
    columns = read_columns(path)
    name = "file" if "file" in columns and "video" not in columns else "video"
    is_framed = "first_frame" in columns and "start_s" not in columns
    ends = ("first_frame", "last_frame") if is_framed else ("start_s", "end_s")
    columns.require([name, "view", *ends])
    spans_S2 = np.stack([columns.numbers(end, unit="frames" if is_framed else "seconds") for end in ends], axis=1)
    for row in np.flatnonzero(np.isnan(spans_S2).any(axis=1) | (spans_S2[:, 0] > spans_S2[:, 1])):
        raise columns.error(int(row), ends[1], "the shot needs both ends, in order")
    views = columns.texts("view")
    for row, view in enumerate(views):
        if view not in VIEWS:
            raise columns.error(row, "view", f"'{view}' is not a view; nearest: {nearest(view, VIEWS)}")
    videos = [normal_path(video) for video in columns.texts(name)]
    partners = match_videos((video.path for video in mined.videos if video.status == "ok"), videos)
    id_of = {partners[video.path]: video.video_id for video in mined.videos if video.path in partners}
    shots = defaultdict(list)
    for shot in mined.shots:
        shots[shot.video_id].append(shot)
    fates = []
    for video, view, replay, (first, last) in zip(videos, views, columns.flags("is_replay"), spans_S2, strict=True):
        if video not in id_of:
            continue
        best, most = None, 0.0
        for shot in shots[id_of[video]]:
            ours = (shot.first_frame, shot.last_frame + 1) if is_framed else (shot.span.start_s, shot.span.end_s)
            common = min(ours[1], last + is_framed) - max(ours[0], first)
            if common > most:
                best, most = shot, common
        fates.append(
            ShotFate(
                video=video,
                view=view,
                found_view=best.view if best else "",
                is_replay=replay,
                found_replay=best.is_replay if best else None,
            )
        )
    return fates
