"""Which track of a shot is the batter's, and some frames of a track.

Legend: T frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from slowpaths.core.records import Delivery, PoseTrack

AT_IMPACT_S = 0.06
"""A track that has a frame so near an impact is seen at it: one frame and a half at 25 per second."""


def striker_of(delivery: Delivery, tracks: Sequence[PoseTrack]) -> PoseTrack | None:
    """Return the track that has the delivery's box at its impact, each instant once; None where there is no track.

    Of several strokes of one shot tables hold a track each, or one of them twice. Tracks that are not seen at the
    impact count only where none is.
    """

    def away(track: PoseTrack) -> tuple[bool, float, float]:
        row = int(np.abs(track.pts_s - delivery.impact_s).argmin())
        late_s = abs(float(track.pts_s[row]) - delivery.impact_s)
        apart = np.nan_to_num(np.abs(track.boxes_T4[row] - delivery.box.to_array()).sum(), nan=np.inf)
        return late_s > AT_IMPACT_S, float(apart), late_s

    track = min(tracks, key=away, default=None)
    return None if track is None else rows_of(track, np.unique(track.pts_s, return_index=True)[1])


def rows_of(track: PoseTrack, rows: np.ndarray) -> PoseTrack:
    """Return some frames of a track, by row numbers or a mask (T,)."""
    names = ("frames_T", "pts_s", "keypoints_TJC", "boxes_T4", "camera_T3")
    return replace(track, **{name: getattr(track, name)[rows] for name in names})
