"""The first look at a video: every frame once, at reduced size.

Legend: T frames, H, W, C picture.

One sequential pass makes the thumbnails that shot boundaries are found in and, twice a second, measures the camera.
People are counted in a few of these frames, from the middle of a longer shot, for its view is the mean over its looks:
enough to name views, at a small part of the cost of looking for people in every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from slowpaths.mining.context import VideoContext
from slowpaths.mining.shots.replays import Thumbnails
from slowpaths.mining.shots.view_classifier import Look
from slowpaths.mining.shots.view_cues import measure_frame
from slowpaths.video.flow import camera_step, static_overlay_mask
from slowpaths.video.picture_features import picture_features
from slowpaths.video.shots import ShotBounds, ShotFinder

_LOOKED_AT = (0.3, 0.7)  # shares of a shot: the ends of one pan, fade, or show what comes next


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """Hold the first look at a video."""

    boundaries: list[ShotBounds]  # first and last frame of each shot, in time order
    thumbnails: Thumbnails  # what every frame looks like
    looks: dict[int, Look]  # what the frames show that were looked at closely, by frame, ascending

    def looks_at(self, shot: ShotBounds) -> list[Look]:
        """Return what the frames of a shot show."""
        return [look for frame, look in self.looks.items() if shot.first_frame <= frame <= shot.last_frame]


def survey(context: VideoContext) -> Survey:
    """Look at every frame once."""
    decoder, height = context.decoder, context.work_height
    finder, closer = ShotFinder(), _CloserLooks(context)
    before: np.ndarray | None = None  # the frame before a sample: the camera's speed needs two
    last_sample: np.ndarray | None = None
    next_s = -np.inf
    for index, frame_HWC in decoder.iterate(height=height):
        finder.add(frame_HWC, pts_s=float(decoder.pts_s[index]))
        closer.begin(finder.last_cut)
        if decoder.pts_s[index] < next_s:
            continue
        context.watch("looking for shots", index / len(decoder))
        # The speed of the camera is asked for in picture heights: half the size tells it as well.
        size = (max(frame_HWC.shape[1] // 2, 1), max(frame_HWC.shape[0] // 2, 1))
        grey = cv2.resize(cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
        if before is None and index > 0:
            before = grey
            continue
        step_s = float(decoder.pts_s[index] - decoder.pts_s[index - 1]) if index else 0.0
        moved = partial(_camera_speed, before, grey, last_sample, step_s=step_s)
        closer.add(_Sample(index=index, frame_HWC=frame_HWC, camera_speed=moved))
        next_s = decoder.pts_s[index] + context.settings.survey_every_s
        before, last_sample = None, grey
    looks = closer.finish()
    known = context.oracle.boundaries()
    boundaries = finder.shots() if known is None else known
    for shot in boundaries:
        if not any(shot.first_frame <= index <= shot.last_frame for index in looks):
            context.watch("looking at short shots", shot.first_frame / len(decoder))
            middle = (shot.first_frame + shot.last_frame) // 2
            looks[middle] = _look(context, _Sample(index=middle, frame_HWC=decoder.frames([middle], height=height)[0]))
    thumbnails = Thumbnails(pictures=finder.thumbnails, distinct_frames=finder.distinct_frames)
    return Survey(boundaries=boundaries, thumbnails=thumbnails, looks=dict(sorted(looks.items())))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sample:
    """Hold a frame that may be looked at closely, and how to measure the speed of the camera in it."""

    index: int
    frame_HWC: np.ndarray
    camera_speed: Callable[[], tuple[float, float]] = lambda: (0.0, 0.0)


class _CloserLooks:
    """Look closely at a few samples from the middle of each shot; holds a few more pictures than that at most."""

    def __init__(self, context: VideoContext) -> None:
        self._context = context
        self._samples: list[_Sample] = []  # of the shot that goes on
        self._num_seen = 0
        self._step = 1  # every how many-th sample of a long shot is kept
        self._looks: dict[int, Look] = {}

    def begin(self, first_frame: int) -> None:
        """Look at what was sampled before a shot began, if anything was."""
        if not self._samples or self._samples[0].index >= first_frame:
            return
        ended = [sample for sample in self._samples if sample.index < first_frame]
        self._samples = self._samples[len(ended) :]
        self._num_seen, self._step = len(self._samples), 1
        most = self._context.settings.survey_looks
        shares = np.linspace(0, 1, len(ended)) if len(ended) <= most else np.linspace(*_LOOKED_AT, most)
        for row in np.unique((shares * (len(ended) - 1)).round().astype(int)):
            self._looks[ended[row].index] = _look(self._context, ended[row])

    def add(self, sample: _Sample) -> None:
        """Take a sample of the shot that goes on."""
        if self._num_seen % self._step == 0:
            self._samples.append(sample)
        self._num_seen += 1
        if len(self._samples) >= 4 * self._context.settings.survey_looks + 1:
            self._samples, self._step = self._samples[::2], 2 * self._step

    def finish(self) -> dict[int, Look]:
        """Return what the frames of all shots show that were looked at."""
        self.begin(len(self._context.decoder) + 1)
        return self._looks


def _look(context: VideoContext, sample: _Sample) -> Look:
    """Count the people in a frame, measure its cues, and take its picture features."""
    frame_HWC = sample.frame_HWC
    people = context.pose.detect(frame_HWC[None], at=context.at(np.array([sample.index])))[0]
    pan, zoom = sample.camera_speed()
    cues = measure_frame(frame_HWC, people.boxes_N4, pan=pan, zoom=zoom)
    return Look(cues=cues, features_E=picture_features([frame_HWC])[0])


def _camera_speed(
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
    """Return the mask (H, W) of burnt-in graphics, with a margin: their corners are sharp and would stop the camera."""
    mask = static_overlay_mask(np.stack(greys))
    return cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
