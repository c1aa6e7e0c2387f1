"""Shots of a video that lies in memory."""

from __future__ import annotations

import numpy as np

from slowpaths.video.shots import ShotBounds, ShotFinder


def find_shots(images_THWC: np.ndarray, pts_s: np.ndarray) -> list[ShotBounds]:
    """Take frames (T, H, W, 3) one by one and return the shots."""
    finder = ShotFinder()
    for image_HWC, time_s in zip(images_THWC, pts_s, strict=True):
        finder.add(image_HWC, pts_s=float(time_s))
    return finder.shots()
