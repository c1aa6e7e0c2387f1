"""The first look at a video: every frame once, at reduced size.

Legend: T frames, H, W, C picture.

One sequential pass makes the thumbnails that shots are cut from and, twice a second, counts people and measures the
camera: enough to name views, at a tenth of the cost of looking for people in every frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.views import Cues, measure_frame
from slowpaths.pose.estimate import FramesAt, PoseEstimator
from slowpaths.video.decode import Decoder
from slowpaths.video.flow import camera_step
from slowpaths.video.shots import ShotCut, ShotFinder

THUMBNAIL = (64, 36)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """Hold the first look at a video.

    Args:
        pts_s: Presentation times (T,), seconds.
        cuts: The shots in time order.
        thumbnails_THWC: Thumbnails (T, 36, 64, 3), RGB uint8.
        sample_frames: Frames that were looked at closely (N,), ascending.
        samples: What was measured there.
    """

    pts_s: np.ndarray
    cuts: list[ShotCut]
    thumbnails_THWC: np.ndarray
    sample_frames: np.ndarray
    samples: list[Cues]

    def within(self, first_frame: int, last_frame: int) -> list[Cues]:
        """Return the samples between two frames; the nearest one where there is none between."""
        inside = np.flatnonzero((self.sample_frames >= first_frame) & (self.sample_frames <= last_frame))
        if not len(inside):
            middle = (first_frame + last_frame) / 2
            inside = np.array([np.abs(self.sample_frames - middle).argmin()])
        return [self.samples[index] for index in inside]


def survey(decoder: Decoder, *, path: Path, pose: PoseEstimator, settings: MiningSettings) -> Survey:
    """Look at every frame once.

    Args:
        decoder: The video.
        path: Its file, for backends that read the truth beside it.
        pose: Finds people.
        settings: Size of the pictures and how often people are counted.
    """
    height = min(settings.work_height, decoder.height)
    finder = ShotFinder()
    thumbnails, frames, samples = [], [], []
    grey_before: np.ndarray | None = None
    next_s = -np.inf
    for index, frame_HWC in decoder.iterate(height=height):
        finder.add(frame_HWC, pts_s=float(decoder.pts_s[index]))
        thumbnails.append(cv2.resize(frame_HWC, THUMBNAIL, interpolation=cv2.INTER_AREA))
        is_sample = decoder.pts_s[index] >= next_s
        if is_sample and grey_before is None and index > 0:
            # the camera's speed needs this frame and the next
            grey_before = cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2GRAY)
            continue
        if is_sample:
            pan, zoom = _camera(grey_before, frame_HWC, _step_s(decoder.pts_s, index))
            at = FramesAt(path=path, indices_T=np.array([index]), scale=height / decoder.height)
            people = pose.detect(frame_HWC[None], at=at)[0]
            frames.append(index)
            samples.append(measure_frame(frame_HWC, people.boxes_N4, pan=pan, zoom=zoom))
            next_s = decoder.pts_s[index] + settings.survey_every_s
            grey_before = None
    return Survey(
        pts_s=decoder.pts_s,
        cuts=finder.shots(),
        thumbnails_THWC=np.stack(thumbnails),
        sample_frames=np.array(frames, dtype=np.int64),
        samples=samples,
    )


def _step_s(pts_s: np.ndarray, index: int) -> float:
    return float(pts_s[index] - pts_s[index - 1]) if index else 0.0


def _camera(grey_before: np.ndarray | None, frame_HWC: np.ndarray, step_s: float) -> tuple[float, float]:
    """Return the speed of the camera, picture heights and log zoom per second."""
    if grey_before is None or step_s <= 0:
        return 0.0, 0.0
    step = camera_step(grey_before, cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2GRAY))
    height = frame_HWC.shape[0]
    return float(np.hypot(step.dx_px, step.dy_px)) / height / step_s, float(step.log_zoom) / step_s
