"""Finding people and their joints: what every pose backend offers.

Legend: T frames, N people in a frame, J = 17 joints (COCO order), C = x, y, confidence.

Detection and keypoints are separate calls: mining detects on few frames and asks for the joints of the striker only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from slowpaths.core.errors import MissingDependencyError
from slowpaths.core.skeleton import NUM_JOINTS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Hold the people found in one frame, most confident first."""

    boxes_N4: np.ndarray  # boxes x1, y1, x2, y2 (N, 4) in pixels of the given frame
    scores_N: np.ndarray  # confidence that each box holds a person (N,), 0..1
    keypoints_NJC: np.ndarray  # joints (N, 17, 3) in the same pixels; x, y NaN and confidence 0 where not estimated

    def __len__(self) -> int:
        return len(self.boxes_N4)


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesAt:
    """Say where the given frames come from, for backends that read the truth instead of the picture."""

    path: Path  # the video
    indices_T: np.ndarray  # frame indices (T,) in presentation order
    scale: float = 1.0  # size of the given frames over the size of the video


class PoseEstimator(Protocol):
    """Find people and their joints in RGB frames.

    Attributes:
        name: Name of the backend.
        reason: Why this backend was chosen, one sentence.
        has_keypoints_in_detect: Whether `detect` estimates the joints on its way.
    """

    name: str
    reason: str
    has_keypoints_in_detect: bool

    def detect(self, frames_THWC: np.ndarray, *, at: FramesAt) -> list[People]:
        """Return the people of each frame.

        Args:
            frames_THWC: RGB frames (T, H, W, 3), uint8.
            at: Where they come from.
        """
        ...

    def keypoints(self, frames_THWC: np.ndarray, boxes: Sequence[np.ndarray], *, at: FramesAt) -> list[np.ndarray]:
        """Return the joints of the people in given boxes.

        Args:
            frames_THWC: RGB frames (T, H, W, 3), uint8.
            boxes: For each frame the boxes x1, y1, x2, y2 (N, 4), pixels of that frame.
            at: Where they come from.

        Returns:
            For each frame the joints (N, 17, 3) in pixels of that frame.
        """
        ...


def no_keypoints(num_people: int) -> np.ndarray:
    """Return joints (N, 17, 3) that say "not estimated": NaN with confidence 0."""
    keypoints_NJC = np.full((num_people, NUM_JOINTS, 3), np.nan)
    keypoints_NJC[..., 2] = 0.0
    return keypoints_NJC


def require(*packages: str) -> None:
    """Check that the optional packages of a backend are installed.

    Raises:
        MissingDependencyError: If one is not.
    """
    for package in packages:
        if find_spec(package) is None:
            raise MissingDependencyError(
                f"this pose backend needs the package {package}: pip install 'slowpaths[pose]'"
            )
