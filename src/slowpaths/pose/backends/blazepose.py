"""Top-down pose with BlazePose (Bazarevsky et al. 2020, arXiv 2006.10204): YOLOX, then landmarks through LiteRT.

Legend: N people, J = 17 joints (COCO), L = 33 landmarks (MediaPipe), of which 17 are joints.

The network wants one person in a square RGB picture, 0..1, a quarter larger than the person. It returns 33 landmarks
and 6 points that only its own tracking uses: x and y in crop pixels, depth in the same unit, logits of visibility and
presence; a heat map of each (MediaPipe, modules/pose_landmark); and more that is not read.

The confidence of a joint is the peak of its heat map. Visibility and presence say little of where a joint is: on 114
strikers at contact they tell limb joints that the mirror image moves by less than .05 of the box from others with an
AUC of .65 to .68, the peak with .71 to .74; and it has the scale of MoveNet's confidence (wrists .3 to .5 as a rule).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import expit

from slowpaths.core.errors import UsageError
from slowpaths.core.skeleton import JOINTS, MEDIAPIPE_INDEX, MEDIAPIPE_JOINTS
from slowpaths.core.threads import available_threads
from slowpaths.pose.backends.litert import LiteNet
from slowpaths.pose.backends.yolox import TopDown, YoloxDetector
from slowpaths.pose.crops import cut_square, mean_of_looks, square_around
from slowpaths.pose.pose_weights import weights_file
from slowpaths.pose.protocol import require

_INPUT_PX = 256
_NUM_POINTS = 39  # landmarks, then the points for tracking
_POINTS, _HEAT = 0, 3  # outputs: points (1, 195), pose flag, mask, heat (1, 64, 64, 39), landmarks in metres (1, 117)
_ROWS = [MEDIAPIPE_INDEX[joint] for joint in JOINTS]
# Landmarks of a mirrored person: nose, eyes (1-3, 4-6), then pairs of left and right from the ears (7, 8) to the toes.
_SWAP = np.array([0, 4, 5, 6, 1, 2, 3, *(pair for left in range(7, MEDIAPIPE_JOINTS, 2) for pair in (left + 1, left))])


class BlazePose(TopDown):
    """Estimate poses with BlazePose.

    Args:
        model: Size of the network: "lite", "full" or "heavy".
        detector: Person detector: the name of published weights, or an ONNX file.
        weights: TFLite file of the landmarks; the published one of `model` where not given.
        weights_dir: Folder looked into first for published weights.
        device: "cpu"; LiteRT runs nowhere else here.
        num_threads: CPU threads; all cores this process may use where 0.
        score_min: Least confidence of a person.
        mirrored: Whether to look at the mirror image too and take the mean of both, in twice the time.

    Raises:
        UsageError: If the size is unknown or another device is asked for.
    """

    name = "blazepose"

    def __init__(
        self, *, model: Literal["lite", "full", "heavy"] = "full", detector: str = "yolox_nano",
        weights: str | None = None, weights_dir: str | None = None, device: str = "cpu", num_threads: int = 0,
        score_min: float = 0.3, mirrored: bool = False,
    ) -> None:  # fmt: skip
        if model not in ("lite", "full", "heavy"):
            raise UsageError(f"pose.model={model} is no size of BlazePose: give lite, full or heavy")
        if device != "cpu":
            raise UsageError(f"pose=blazepose runs on the CPU only, not on '{device}': leave device=cpu")
        require("onnxruntime", "ai_edge_litert")
        num_threads = num_threads or available_threads()
        found = weights_file(detector, name="yolox_nano", weights_dir=weights_dir)
        path = weights_file(weights, name=f"blazepose_{model}", weights_dir=weights_dir)
        self._detector = YoloxDetector(found, num_threads=num_threads, score_min=score_min)
        self._net = LiteNet(path, num_threads=num_threads)
        self._mirrored = mirrored

    def landmarks(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        """Return the 33 landmarks, hands and feet among them, of the people in boxes of one RGB frame, and their depth.

        They are (N, 33, 6): x, y in pixels, depth in the same unit; presence, visibility, confidence.

        Args:
            frame_HWC: Picture (H, W, 3), uint8.
            boxes_N4: Boxes x1, y1, x2, y2 (N, 4), pixels.
        """
        people = [self._person(frame_HWC, box_4) for box_4 in boxes_N4]
        return np.array(people).reshape(-1, MEDIAPIPE_JOINTS, 6)

    def _poses(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        return self.landmarks(frame_HWC, boxes_N4)[:, _ROWS][..., [0, 1, 5]]

    def _person(self, frame_HWC: np.ndarray, box_4: np.ndarray) -> np.ndarray:
        x_px, y_px, side_px = square_around(box_4)
        crop_HWC = cut_square(frame_HWC, x_px=x_px, y_px=y_px, side_px=side_px, input_px=_INPUT_PX)
        points_LC = self._look(crop_HWC)
        if self._mirrored:
            others_LC = self._look(crop_HWC[:, ::-1])
            points_LC = mean_of_looks(points_LC, others_LC, swap_J=_SWAP, side=_INPUT_PX)
        points_LC[:, :3] *= side_px / _INPUT_PX
        points_LC[:, :2] += (x_px, y_px)
        return points_LC

    def _look(self, crop_HWC: np.ndarray) -> np.ndarray:
        outputs = self._net(np.ascontiguousarray(crop_HWC[None], dtype=np.float32) / np.float32(255.0))
        return decode_landmarks(outputs[_POINTS], outputs[_HEAT])


def decode_landmarks(points: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Turn the raw outputs for one crop into landmarks.

    Args:
        points: Raw points (1, 195), 39 times x, y, z in crop pixels, logits of visibility and presence.
        heat: Logits of the heat maps (1, 64, 64, 39).

    Returns:
        Landmarks (33, 6) as x, y, z, presence, visibility, confidence, the last three 0..1.
    """
    points_LC = np.reshape(points, (_NUM_POINTS, 5))[:MEDIAPIPE_JOINTS].astype(np.float64)
    peaks_L = heat[0].max(axis=(0, 1))[:MEDIAPIPE_JOINTS].astype(np.float64)
    return np.column_stack([points_LC[:, :3], expit(np.column_stack([points_LC[:, [4, 3]], peaks_L]))])
