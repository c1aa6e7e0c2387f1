"""Cheap passes over a video: every frame at thumbnail size, or the times of key frames alone.

Legend: T frames, H, W, C = red, green, blue.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.video.decode import Decoder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thumbnails:
    """Hold every frame of a video at thumbnail size.

    Args:
        frames: Frame numbers (T,), int64.
        pts_s: Their presentation times (T,), seconds.
        images_THWC: Pictures (T, H, W, 3), uint8.
    """

    frames: np.ndarray
    pts_s: np.ndarray
    images_THWC: np.ndarray


def thumbnails(decoder: Decoder, *, width: int = 64, height: int = 36, step: int = 1) -> Thumbnails:
    """Read a video once at thumbnail size (about 7 kB a frame at the default size).

    Args:
        decoder: The video.
        width: Width of a thumbnail; the aspect of the picture is not kept.
        height: Height of a thumbnail.
        step: Take every `step`-th frame.
    """
    import cv2

    frames = np.arange(0, len(decoder), step, dtype=np.int64)
    images = np.empty((len(frames), height, width, 3), dtype=np.uint8)
    # Scaled by the decoder to a height whose width is at least the one wanted: no detail is lost on the way.
    between = min(decoder.height, max(height, -(-width * decoder.height // decoder.width)))
    for slot, (_, picture) in enumerate(decoder.iterate(step=step, height=between, is_draft=True)):
        is_right = picture.shape[:2] == (height, width)
        images[slot] = picture if is_right else cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return Thumbnails(frames=frames, pts_s=decoder.pts_s[frames], images_THWC=images)


def key_frame_times(path: Path) -> np.ndarray:
    """Return the presentation times (K,) of the frames that decoding can start from, without decoding.

    Raises:
        BrokenVideoError: If the video cannot be read.
    """
    from slowpaths.video._index import read_index

    index = read_index(path)
    return index.pts_s[index.key_frames]
