"""The choice of a pose backend: by name, by class, or the best that can run here.

`auto` prefers MoveNet to BlazePose by experiments/pose_on_real, 114 real strikers at contact: MoveNet's skeleton covers
the body better at every size (overlap .57 against .45 to .50), its confidence tells more of a wrist's error, and it
takes a third of the time of BlazePose full. That one finds more hands on batters taller than 80 pixels (.73 against .58
of 33, in pairs 6 to 1) and keeps the torso in the box of the body always (MoveNet: .95).
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slowpaths.core.errors import UsageError
from slowpaths.pose.pose_weights import WEIGHTS
from slowpaths.pose.protocol import PoseEstimator
from slowpaths.store.weights import local_weights

log = logging.getLogger(__name__)

_CLASSES: Mapping[str, str] = {
    "auto": "slowpaths.pose.estimate.best_pose",
    "rtmpose": "slowpaths.pose.backends.rtmpose.RTMPose",
    "keypoint_rcnn": "slowpaths.pose.backends.keypoint_rcnn.KeypointRCNN",
    "movenet": "slowpaths.pose.backends.movenet.MoveNet",
    "blazepose": "slowpaths.pose.backends.blazepose.BlazePose",
    "compact": "slowpaths.pose.backends.compact.Compact",
    "simulated": "slowpaths.pose.backends.simulated.SimulatedPose",
}
BACKENDS: tuple[str, ...] = tuple(_CLASSES)
# What each backend that needs weights needs, the best backend first: weights (its own first) and packages.
_NEEDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rtmpose": (("rtmpose_m",), ("rtmlib",)),
    "keypoint_rcnn": (("keypoint_rcnn",), ("torchvision",)),
    "movenet": (("movenet_lightning", "yolox_nano"), ("onnxruntime", "ai_edge_litert")),
    "blazepose": (("blazepose_full", "yolox_nano"), ("onnxruntime", "ai_edge_litert")),
}


def build_pose(
    name: str = "auto", *, _target_: str = "", weights_dir: str | Path | None = None, **options: Any
) -> PoseEstimator:
    """Build a pose backend, fetching its weights first where needed.

    Args:
        name: One of `BACKENDS`. `auto` takes the first of `rtmpose`, `keypoint_rcnn`, `movenet` and `blazepose`
            whose weights are at hand, else `compact`, and says which and why in the log and as `reason`.
        _target_: Class to build instead, by its full name: one of slowpaths or one of your own.
        weights_dir: Folder with weights, looked into first; passed on where the class takes it.
        options: Further arguments of the class (`device`, `num_threads`, `score_min`, `seed`, ...).

    Raises:
        UsageError: If the name, the class or an option is unknown.
        MissingDependencyError: If the backend needs a package that is not installed.
        MissingWeightsError: If its weights are neither at hand nor downloadable.
    """
    if not _target_ and name not in BACKENDS:
        raise UsageError(f"unknown pose backend '{name}'; choose one of {', '.join(BACKENDS)}")
    kind = _find_class(_target_ or _CLASSES[name])
    known = inspect.signature(kind).parameters
    if unknown := sorted(set(options) - set(known)):
        raise UsageError(f"unknown pose option '{unknown[0]}'; this backend takes {', '.join(known)}")
    if "weights_dir" in known:
        options["weights_dir"] = None if weights_dir is None else str(weights_dir)
    estimator: PoseEstimator = kind(**options)
    estimator.reason = estimator.reason or "asked for by name"
    log.info("pose backend %s: %s", estimator.name, estimator.reason)
    return estimator


def best_pose(*, weights_dir: str | None = None, device: str = "cpu", num_threads: int = 0) -> PoseEstimator:
    """Build the best backend that can run here without a download, and say which and why as its `reason`.

    Args:
        weights_dir: Folder with weights, looked into first.
        device: "cpu" or "cuda"; MoveNet and BlazePose stay on the CPU.
        num_threads: CPU threads; those this process may use where 0.
    """
    name, reason = _choose(weights_dir)
    device = "cpu" if name in ("movenet", "blazepose") else device
    estimator = build_pose(name, weights_dir=weights_dir, device=device, num_threads=num_threads)
    estimator.reason = reason
    return estimator


def _find_class(target: str) -> Any:
    module, _, name = target.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"pose._target_={target} cannot be imported ({error}): give module.Class") from error


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
