"""Finding people and their joints: what every pose backend offers, and the choice between them.

Legend: T frames, N people in a frame, K = 17 joints (COCO order), C = x, y, confidence.

Detection and keypoints are separate calls: mining detects on few frames and asks for the joints of the striker only.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from slowpaths.core.errors import MissingDependencyError, UsageError
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.pose.weights import WEIGHTS, find_weights
from slowpaths.store.weights import local_weights

log = logging.getLogger(__name__)

BACKENDS: tuple[str, ...] = ("auto", "rtmpose", "keypoint_rcnn", "movenet", "compact", "simulated")
# What each backend that needs weights needs, the best backend first: weights (its own first) and packages.
_NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rtmpose": (("rtmpose_m",), ("rtmlib",)),
    "keypoint_rcnn": (("keypoint_rcnn",), ("torchvision",)),
    "movenet": (("movenet_lightning", "yolox_nano"), ("onnxruntime", "ai_edge_litert")),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """Hold the people found in one frame, most confident first.

    Args:
        boxes_N4: Boxes x1, y1, x2, y2 (N, 4) in pixels of the given frame.
        scores_N: Confidence that each box holds a person (N,), 0..1.
        keypoints_NKC: Joints (N, 17, 3) in the same pixels; x, y NaN and confidence 0 where not estimated.
    """

    boxes_N4: np.ndarray
    scores_N: np.ndarray
    keypoints_NKC: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes_N4)


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesAt:
    """Say where the given frames come from, for backends that read the truth instead of the picture.

    Args:
        path: The video.
        indices_T: Frame indices (T,) in presentation order.
        scale: Size of the given frames over the size of the video.
    """

    path: Path
    indices_T: np.ndarray
    scale: float = 1.0


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
    keypoints_NKC = np.full((num_people, NUM_JOINTS, 3), np.nan)
    keypoints_NKC[..., 2] = 0.0
    return keypoints_NKC


def build_pose(
    name: str = "auto", *, weights_dir: str | Path | None = None, device: str = "cpu", **options: Any
) -> PoseEstimator:
    """Build a pose backend, fetching its weights first where needed.

    Args:
        name: One of `BACKENDS`. `auto` takes `rtmpose` or `keypoint_rcnn` where their weights are at hand, else
            `movenet` where its are, else `compact`, and says which and why in the log and as `reason`.
        weights_dir: Folder with weights, looked into first.
        device: "cpu" or "cuda".
        options: Keyword arguments of the backend (`num_threads`, `score_min`, `seed`, ...).

    Raises:
        UsageError: If the name or an option is unknown.
        MissingDependencyError: If the backend needs a package that is not installed.
        MissingWeightsError: If its weights are neither at hand nor downloadable.
    """
    if name not in BACKENDS:
        raise UsageError(f"unknown pose backend '{name}'; choose one of {', '.join(BACKENDS)}")
    reason = "asked for by name"
    if name == "auto":
        name, reason = _choose(weights_dir)
        device = "cpu" if name == "movenet" else device
    estimator = _build(name, weights_dir=weights_dir, device=device, options=options)
    estimator.reason = reason
    log.info("pose backend %s: %s", name, reason)
    return estimator


def _choose(weights_dir: str | Path | None) -> tuple[str, str]:
    """Return the best backend that can run here without a download, and why."""
    passed_over = []
    for name, (weights, packages) in _NEEDS.items():
        paths = [local_weights(WEIGHTS[each], weights_dir=weights_dir) for each in weights]
        lacking = [package for package in packages if find_spec(package) is None]
        if None in paths:
            passed_over.append(f"no weights of {name} at hand")
        elif lacking:
            passed_over.append(f"{name} needs the package {lacking[0]}")
        else:
            return name, f"its weights are at hand ({paths[0]})" + "".join(f"; {why}" for why in passed_over)
    return "compact", f"ships with the package ({', '.join(passed_over)})"


def _build(name: str, *, weights_dir: str | Path | None, device: str, options: dict[str, Any]) -> PoseEstimator:
    if name == "simulated":
        from slowpaths.pose._simulated import SimulatedPose

        return _construct(SimulatedPose, options)
    if name == "compact":
        from slowpaths.pose._compact import Compact

        return _construct(Compact, options, device=device)
    given: dict[str, Any] = {"device": device}
    if name != "keypoint_rcnn":
        require("onnxruntime", "ai_edge_litert" if name == "movenet" else "rtmlib")
        detector = options.get("detector", "yolox_nano")
        given["detector"] = find_weights(detector, weights_dir=weights_dir)
        options = {key: value for key, value in options.items() if key != "detector"}
    given["weights"] = find_weights(_NEEDS[name][0][0], weights_dir=weights_dir)
    if name == "keypoint_rcnn":
        from slowpaths.pose._keypoint_rcnn import KeypointRCNN

        return _construct(KeypointRCNN, options, **given)
    if name == "rtmpose":
        from slowpaths.pose._rtmpose import RTMPose

        return _construct(RTMPose, options, **given)
    from slowpaths.pose._movenet import MoveNet

    return _construct(MoveNet, options, **given)


def _construct(kind: Callable[..., PoseEstimator], options: dict[str, Any], **given: Any) -> PoseEstimator:
    known = [key for key in inspect.signature(kind).parameters if key not in given]
    if unknown := sorted(set(options) - set(known)):
        raise UsageError(f"unknown pose option '{unknown[0]}'; this backend takes {', '.join(known)}")
    return kind(**given, **options)


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
