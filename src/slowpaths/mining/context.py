"""What every stage of mining knows of the video, and of the shot, that it works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.records import Shot, VideoRef
from slowpaths.mining.oracle import NO_ORACLE, Oracle
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.video.protocol import Decoder
from slowpaths.video.sound import Onsets

Watch = Callable[[str, float], None]
"""Called while a video is mined: with what is being done, and with the share of the video it has reached."""


def nobody_watches(stage: str, share: float) -> None:
    """Take no notice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoContext:
    """Hold what every stage knows of a video."""

    video: VideoRef  # the video, as `video.probe` describes it
    path: Path  # its file or frame folder
    decoder: Decoder  # it, open
    pose: PoseEstimator  # finds people and joints
    settings: MiningSettings  # how to mine
    oracle: Oracle = NO_ORACLE  # true results that stages get instead of finding them
    watch: Watch = nobody_watches  # hears how far mining is

    @property
    def picture_size(self) -> tuple[int, int]:
        """Return width and height of the picture as shown, pixels."""
        return self.decoder.width, self.decoder.height

    @property
    def work_height(self) -> int:
        """Return the height at which cameras and people are looked at, pixels."""
        return min(self.settings.work_height, self.decoder.height)

    def at(self, indices_T: np.ndarray) -> FramesAt:
        """Return where frames of the working height come from, for the pose estimator."""
        return FramesAt(path=self.path, indices_T=indices_T, scale=self.work_height / self.decoder.height)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShotContext:
    """Hold what every stage knows of a shot, or of a piece of one that is too long for memory."""

    footage: VideoContext  # what is known of the video
    shot: Shot  # the shot
    first_frame: int  # first frame to look at
    last_frame: int  # last frame, inclusive
    following: Shot | None  # the shot after it; None where the file or the piece ends
    play_p: float  # probability that a ball is played in it
    onsets: Onsets | None  # onsets of the sound; None without sound
