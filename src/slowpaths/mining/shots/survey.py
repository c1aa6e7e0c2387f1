"""The first look at a video: every frame once, at reduced size.

Legend: T frames, H, W, C picture.

One sequential pass makes the thumbnails that shots are cut from and, twice a second, counts people and measures the
camera: enough to name views, at a tenth of the cost of looking for people in every frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.view_rules import Cues, measure_frame
from slowpaths.pose.estimate import FramesAt, PoseEstimator
from slowpaths.video.decode import Decoder
from slowpaths.video.flow import camera_step, static_overlay_mask
from slowpaths.video.shots import ShotCut, ShotFinder


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
        """Return the samples between two frames, inclusive."""
        inside = np.flatnonzero((self.sample_frames >= first_frame) & (self.sample_frames <= last_frame))
        return [self.samples[index] for index in inside]


def survey(
    decoder: Decoder,
    *,
    path: Path,
    pose: PoseEstimator,
    settings: MiningSettings,
    cuts: list[ShotCut] | None = None,
) -> Survey:
    """Look at every frame once.

    Args:
        decoder: The video.
        path: Its file, for backends that read the truth beside it.
        pose: Finds people.
        settings: Size of the pictures and how often people are counted.
        cuts: The shots, where they are known beforehand.
    """
    height = min(settings.work_height, decoder.height)
    finder = ShotFinder()
    thumbnails: list[np.ndarray] = []
    samples: dict[int, Cues] = {}
    before: np.ndarray | None = None  # the frame before a sample: the camera's speed needs two
    last_sample: np.ndarray | None = None
    next_s = -np.inf
    for index, frame_HWC in decoder.iterate(height=height):
        thumbnails.append(finder.add(frame_HWC, pts_s=float(decoder.pts_s[index])))
        if decoder.pts_s[index] < next_s:
            continue
        # The speed of the camera is asked for in picture heights: half the size tells it as well.
        size = (max(frame_HWC.shape[1] // 2, 1), max(frame_HWC.shape[0] // 2, 1))
        grey = cv2.resize(cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
        if before is None and index > 0:
            before = grey
            continue
        step_s = float(decoder.pts_s[index] - decoder.pts_s[index - 1]) if index else 0.0
        pan, zoom = _camera(before, grey, last_sample, step_s=step_s)
        samples[index] = _look(frame_HWC, index, decoder, path=path, pose=pose, pan=pan, zoom=zoom)
        next_s = decoder.pts_s[index] + settings.survey_every_s
        before, last_sample = None, grey
    cuts = finder.shots() if cuts is None else cuts
    for cut in cuts:
        if not any(cut.first_frame <= index <= cut.last_frame for index in samples):
            middle = (cut.first_frame + cut.last_frame) // 2
            frame_HWC = decoder.frames([middle], height=height)[0]
            samples[middle] = _look(frame_HWC, middle, decoder, path=path, pose=pose)
    order = sorted(samples)
    return Survey(
        pts_s=decoder.pts_s,
        cuts=cuts,
        thumbnails_THWC=np.stack(thumbnails),
        sample_frames=np.array(order, dtype=np.int64),
        samples=[samples[index] for index in order],
    )


def _look(
    frame_HWC: np.ndarray,
    index: int,
    decoder: Decoder,
    *,
    path: Path,
    pose: PoseEstimator,
    pan: float = 0.0,
    zoom: float = 0.0,
) -> Cues:
    """Count people in a frame and measure its cues."""
    at = FramesAt(path=path, indices_T=np.array([index]), scale=frame_HWC.shape[0] / decoder.height)
    people = pose.detect(frame_HWC[None], at=at)[0]
    return measure_frame(frame_HWC, people.boxes_N4, pan=pan, zoom=zoom)


def _camera(
    before: np.ndarray | None, grey: np.ndarray, last_sample: np.ndarray | None, *, step_s: float
) -> tuple[float, float]:
    """Return the speed of the camera, picture heights and log zoom per second.

    What has not changed since the last sample while the rest did is a graphic and must not hold the camera still.
    """
    if before is None or step_s <= 0:
        return 0.0, 0.0
    mask = None if last_sample is None else ~overlay_mask([last_sample, grey])
    step = camera_step(before, grey, mask=mask)
    return float(np.hypot(step.dx_px, step.dy_px)) / grey.shape[0] / step_s, float(step.log_zoom) / step_s


def overlay_mask(greys: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mask (H, W) of burnt-in graphics, with a margin: their corners are sharp and would stop the camera.

    Args:
        greys: Grey pictures (H, W) of one size.
    """
    mask = static_overlay_mask(np.stack(greys))
    return cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
