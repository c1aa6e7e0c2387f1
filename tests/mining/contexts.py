"""Contexts of mining around a decoder and a pose estimator that live in memory."""

from __future__ import annotations

from pathlib import Path

from slowpaths.core.records import Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.context import ShotContext, VideoContext
from slowpaths.mining.settings import MiningSettings


def video_context(decoder, *, pose=None, settings=None) -> VideoContext:
    """Return the context of a video that is all in `decoder`."""
    video = VideoRef(video_id="v", path="synthetic.mp4")
    return VideoContext(
        video=video, path=Path(video.path), decoder=decoder, pose=pose, settings=settings or MiningSettings()
    )


def shot_context(
    decoder, *, pose=None, settings=None, first_frame: int = 0, last_frame: int | None = None, **shot
) -> ShotContext:
    """Return the context of one shot of it, all of it where no frames are named."""
    last_frame = len(decoder) - 1 if last_frame is None else last_frame
    span = Span(float(decoder.pts_s[first_frame]), float(decoder.pts_s[last_frame]))
    fields = {"shot_id": "s", "video_id": "v", "span": span, "first_frame": first_frame, "last_frame": last_frame}
    return ShotContext(
        footage=video_context(decoder, pose=pose, settings=settings),
        shot=Shot(**(fields | shot)),
        first_frame=first_frame,
        last_frame=last_frame,
        following=None,
        play_p=0.9,
        onsets=None,
    )
