"""Small top-down pose for CPUs: YOLOX-Nano finds people, MoveNet Lightning (LiteRT, int8) finds their joints.

The single-pose model wants one person in a square picture, padded with black, as its model card crops it. It takes
one crop at a time: its graph returns one pose whatever the batch.
"""

from __future__ import annotations

import cv2
import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.core.threads import available_threads
from slowpaths.pose.backends.yolox import TopDown, YoloxDetector
from slowpaths.pose.pose_weights import weights_file
from slowpaths.pose.protocol import require

_INPUT_PX = 192
CROP_FACTOR = 1.25  # crop side over box side, the padding top-down models train with (Xiao et al. 2018)


class MoveNet(TopDown):
    """Estimate poses with two small networks.

    Args:
        detector: Person detector: the name of published weights, or an ONNX file.
        weights: TFLite file of MoveNet; the published one where not given.
        weights_dir: Folder looked into first for published weights.
        device: "cpu"; the int8 model has no other home.
        num_threads: CPU threads; all cores this process may use where 0.
        score_min: Least confidence of a person.
    """

    name = "movenet"

    def __init__(
        self,
        *,
        detector: str = "yolox_nano",
        weights: str | None = None,
        weights_dir: str | None = None,
        device: str = "cpu",
        num_threads: int = 0,
        score_min: float = 0.3,
    ) -> None:
        if device != "cpu":
            raise UsageError(f"pose=movenet runs on the CPU only, not on '{device}': leave device=cpu or take rtmpose")
        require("onnxruntime", "ai_edge_litert")
        from ai_edge_litert.interpreter import Interpreter

        num_threads = num_threads or available_threads()
        found = weights_file(detector, name="yolox_nano", weights_dir=weights_dir)
        path = weights_file(weights, name="movenet_lightning", weights_dir=weights_dir)
        self._detector = YoloxDetector(found, num_threads=num_threads, score_min=score_min)
        self._interpreter = Interpreter(model_path=str(path), num_threads=num_threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def _poses(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        return np.stack([self._pose(frame_HWC, box_4) for box_4 in boxes_N4])

    def _pose(self, frame_HWC: np.ndarray, box_4: np.ndarray) -> np.ndarray:
        x_px, y_px, side_px = square_around(box_4)
        crop = crop_square(frame_HWC, x_px=x_px, y_px=y_px, side_px=side_px)
        self._interpreter.set_tensor(self._input, crop[None])
        self._interpreter.invoke()
        yxs_JC = np.asarray(self._interpreter.get_tensor(self._output)).reshape(NUM_JOINTS, 3).astype(np.float64)
        return np.stack([x_px + yxs_JC[:, 1] * side_px, y_px + yxs_JC[:, 0] * side_px, yxs_JC[:, 2]], axis=1)


def square_around(box_4: np.ndarray, *, factor: float = CROP_FACTOR) -> tuple[int, int, int]:
    """Return left, top and side of the square around a box, whole pixels.

    Args:
        box_4: Box x1, y1, x2, y2, pixels.
        factor: Side of the square over the longer side of the box.

    Example:
        >>> square_around(np.array([10.0, 20.0, 30.0, 100.0]))
        (-30, 10, 100)
    """
    side_px = max(2, round(factor * float(max(box_4[2] - box_4[0], box_4[3] - box_4[1]))))
    x_px = round(float(box_4[0] + box_4[2] - side_px) / 2)
    y_px = round(float(box_4[1] + box_4[3] - side_px) / 2)
    return x_px, y_px, side_px


def crop_square(frame_HWC: np.ndarray, *, x_px: int, y_px: int, side_px: int) -> np.ndarray:
    """Cut a square out of a frame and resize it to the model's input; black outside the frame.

    Args:
        frame_HWC: RGB frame (H, W, 3), uint8.
        x_px: Left edge.
        y_px: Top edge.
        side_px: Side.

    Returns:
        Crop (192, 192, 3), uint8.
    """
    height, width = frame_HWC.shape[:2]
    left, top = min(max(x_px, 0), width), min(max(y_px, 0), height)
    right, bottom = min(max(x_px + side_px, 0), width), min(max(y_px + side_px, 0), height)
    square = np.zeros((side_px, side_px, 3), dtype=np.uint8)
    square[top - y_px : bottom - y_px, left - x_px : right - x_px] = frame_HWC[top:bottom, left:right]
    shrinks = side_px > _INPUT_PX
    return cv2.resize(square, (_INPUT_PX, _INPUT_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
