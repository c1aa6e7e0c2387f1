"""Small top-down pose for CPUs: YOLOX-Nano finds people, MoveNet Lightning (LiteRT, int8) finds their joints.

The single-pose model wants one person in a square picture, padded with black, as its model card crops it. It takes
one crop at a time: its graph returns one pose whatever the batch.

Both second looks are off unless asked for, by experiments/pose_on_real (114 strikers at contact): the mirror image
makes the torso a fifth steadier from frame to frame and puts no joint nearer, in twice the time. The box that follows
brings back feet that a box cuts off (.61 to .76 found), loses hands there (.61 to .48) and changes nothing elsewhere.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.core.skeleton import NUM_JOINTS, SWAP
from slowpaths.core.threads import available_threads
from slowpaths.pose.backends.litert import LiteNet
from slowpaths.pose.backends.yolox import TopDown, YoloxDetector
from slowpaths.pose.crops import cut_square, mean_of_looks, square_around
from slowpaths.pose.pose_weights import weights_file
from slowpaths.pose.protocol import require

_INPUT_PX = 192
_SURE = 0.4  # a box grows for joints as sure as this
_LEAST_JOINTS = 4  # and for a body of at least as many
_MARGIN = 0.05  # of the height of the box: joints lie inside the body, and boxes are this exact


class MoveNet(TopDown):
    """Estimate poses with two small networks.

    Args:
        detector: Person detector: the name of published weights, or an ONNX file.
        weights: TFLite file of MoveNet; the published one where not given.
        weights_dir: Folder looked into first for published weights.
        device: "cpu"; the int8 model has no other home.
        num_threads: CPU threads; all cores this process may use where 0.
        score_min: Least confidence of a person.
        mirrored: Whether to look at the mirror image too and take the mean of both, in twice the time.
        follows: Whether to look again, at a larger box, where joints lie outside the given one.
    """

    name = "movenet"

    def __init__(
        self, *, detector: str = "yolox_nano", weights: str | None = None, weights_dir: str | None = None,
        device: str = "cpu", num_threads: int = 0, score_min: float = 0.3, mirrored: bool = False,
        follows: bool = False,
    ) -> None:  # fmt: skip
        if device != "cpu":
            raise UsageError(f"pose=movenet runs on the CPU only, not on '{device}': leave device=cpu or take rtmpose")
        require("onnxruntime", "ai_edge_litert")
        num_threads = num_threads or available_threads()
        found = weights_file(detector, name="yolox_nano", weights_dir=weights_dir)
        path = weights_file(weights, name="movenet_lightning", weights_dir=weights_dir)
        self._detector = YoloxDetector(found, num_threads=num_threads, score_min=score_min)
        self._net = LiteNet(path, num_threads=num_threads)
        self._mirrored, self._follows = mirrored, follows

    def _poses(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        return np.stack([self._pose(frame_HWC, box_4) for box_4 in boxes_N4])

    def _pose(self, frame_HWC: np.ndarray, box_4: np.ndarray) -> np.ndarray:
        joints_JC = self._look(frame_HWC, box_4)
        if self._follows and (larger_4 := box_that_follows(box_4, joints_JC)) is not None:
            return self._look(frame_HWC, larger_4)
        return joints_JC

    def _look(self, frame_HWC: np.ndarray, box_4: np.ndarray) -> np.ndarray:
        """Return the joints (17, 3) of the person in a box, pixels of the frame."""
        x_px, y_px, side_px = square_around(box_4)
        crop_HWC = cut_square(frame_HWC, x_px=x_px, y_px=y_px, side_px=side_px, input_px=_INPUT_PX)
        joints_JC = self._joints(crop_HWC)
        if self._mirrored:
            joints_JC = mean_of_looks(joints_JC, self._joints(crop_HWC[:, ::-1]), swap_J=SWAP, side=1.0)
        return joints_JC * (side_px, side_px, 1.0) + (x_px, y_px, 0.0)

    def _joints(self, crop_HWC: np.ndarray) -> np.ndarray:
        """Return the joints (17, 3) of a crop as x, y in shares of its side, confidence."""
        (poses,) = self._net(np.ascontiguousarray(crop_HWC[None]))
        return poses.reshape(NUM_JOINTS, 3)[:, [1, 0, 2]].astype(np.float64)


def box_that_follows(box_4: np.ndarray, joints_JC: np.ndarray) -> np.ndarray | None:
    """Return the box grown to hold the joints that are sure, or None where it holds them already.

    Example:
        >>> joints = np.full((17, 3), (50.0, 60.0, 0.9))
        >>> box_that_follows(np.array([0.0, 0.0, 80.0, 100.0]), joints) is None
        True
        >>> joints[16, :2] = 50.0, 130.0
        >>> box_that_follows(np.array([0.0, 0.0, 80.0, 100.0]), joints).tolist()
        [0.0, 0.0, 80.0, 135.0]
    """
    sure_J2 = joints_JC[joints_JC[:, 2] >= _SURE, :2]
    if len(sure_J2) < _LEAST_JOINTS:
        return None
    margin = _MARGIN * (box_4[3] - box_4[1])
    low_2, high_2 = sure_J2.min(axis=0), sure_J2.max(axis=0)
    outside = max((box_4[:2] - low_2).max(), (high_2 - box_4[2:]).max())
    if outside <= margin:
        return None
    return np.concatenate([np.minimum(box_4[:2], low_2 - margin), np.maximum(box_4[2:], high_2 + margin)])
