"""What every stage of mining knows of the video, and of the shot, that it works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.records import Shot, VideoRef
from slowpaths.mining.oracle import NO_ORACLE, Oracle
from slowpaths.mining.settings import MiningSettings
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.video.protocol import Decoder
from slowpaths.video.sound import Onsets


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoContext:
    """Hold what every stage knows of a video.

    Args:
        video: The video, as `video.probe` describes it.
        path: Its file or frame folder.
        decoder: It, open.
        pose: Finds people and joints.
        settings: How to mine.
        oracle: True results that stages get instead of finding them.
    """

    video: VideoRef
    path: Path
    decoder: Decoder
    pose: PoseEstimator
    settings: MiningSettings
    oracle: Oracle = NO_ORACLE

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
    """Hold what every stage knows of a shot, or of a piece of one that is too long for memory.

    Args:
        footage: What is known of the video.
        shot: The shot.
        first_frame: First frame to look at.
        last_frame: Last frame, inclusive.
        following: The shot after it; None where the file or the piece ends.
        play_p: Probability that a ball is played in it.
        onsets: Onsets of the sound; None without sound.
    """

    footage: VideoContext
    shot: Shot
    first_frame: int
    last_frame: int
    following: Shot | None
    play_p: float
    onsets: Onsets | None
