"""YOLOX person detector on ONNX Runtime, shared by the top-down backends.

Legend: N boxes, P grid cells over all strides.

Input and output as the YOLOX release documents them (Ge et al. 2021, arXiv 2107.08430; demo/ONNXRuntime): BGR 0..255,
shrunk into the top left corner of a square filled with 114, cells undecoded at strides 8, 16 and 32. Exports with the
suppression built in (1, N, 5) are read too.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from slowpaths.core.errors import MissingDependencyError
from slowpaths.pose.boxes import suppress
from slowpaths.pose.protocol import FramesAt, People, no_keypoints

_STRIDES = (8, 16, 32)
_FILL = 114
_PERSON = 0  # first class of COCO


def open_session(weights: Path, *, num_threads: int, device: str) -> Any:
    """Open an ONNX Runtime session with its threads pinned, so that a run repeats bit for bit.

    Args:
        weights: ONNX file.
        num_threads: Threads inside one operator.
        device: "cpu" or "cuda".

    Raises:
        MissingDependencyError: If this onnxruntime has no CUDA and CUDA is asked for; it would fall back in silence.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = num_threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    if device.startswith("cuda"):
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise MissingDependencyError(
                "this onnxruntime is built without CUDA: pip install onnxruntime-gpu in its place, or take device=cpu"
            )
        providers.insert(0, "CUDAExecutionProvider")
    return onnxruntime.InferenceSession(str(weights), settings, providers=providers)


class YoloxDetector:
    """Find people in single frames.

    Args:
        weights: ONNX file with a square input.
        num_threads: CPU threads.
        score_min: Least confidence, objectness times class; .3 is the default of the YOLOX demo.
        iou_max: Largest overlap of two kept boxes; .45 is the default of the YOLOX demo.
        device: "cpu" or "cuda".
    """

    def __init__(
        self, weights: Path, *, num_threads: int, score_min: float = 0.3, iou_max: float = 0.45, device: str = "cpu"
    ) -> None:
        self._session = open_session(weights, num_threads=num_threads, device=device)
        entry = self._session.get_inputs()[0]
        self._input_name = entry.name
        self._side_px = int(entry.shape[2]) if isinstance(entry.shape[2], int) else 640
        self._score_min, self._iou_max = score_min, iou_max

    def __call__(self, frame_HWC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return boxes (N, 4), pixels of the frame, and scores (N,), best first.

        Args:
            frame_HWC: RGB frame (H, W, 3), uint8.
        """
        blob_BCHW, ratio = letterbox(frame_HWC, self._side_px)
        output = np.asarray(self._session.run(None, {self._input_name: blob_BCHW})[0])[0]
        if output.shape[-1] == 5:
            boxes_N4, scores_N = output[:, :4], output[:, 4]
        else:
            boxes_N4, scores_N = decode(output, self._side_px)
        kept = scores_N >= self._score_min
        boxes_N4, scores_N = boxes_N4[kept].astype(np.float64) / ratio, scores_N[kept].astype(np.float64)
        height, width = frame_HWC.shape[:2]
        boxes_N4[:, 0::2] = boxes_N4[:, 0::2].clip(0, width)
        boxes_N4[:, 1::2] = boxes_N4[:, 1::2].clip(0, height)
        kept = suppress(boxes_N4, scores_N, iou_max=self._iou_max)
        return boxes_N4[kept], scores_N[kept]


class TopDown:
    """Find people with YOLOX, then the joints of each in a crop of their own."""

    has_keypoints_in_detect = False
    reason = ""
    _detector: YoloxDetector

    def detect(self, frames_THWC: np.ndarray, *, at: FramesAt) -> list[People]:
        """Return the people of each frame, without joints."""
        people = []
        for frame_HWC in frames_THWC:
            boxes_N4, scores_N = self._detector(frame_HWC)
            people.append(People(boxes_N4=boxes_N4, scores_N=scores_N, keypoints_NJC=no_keypoints(len(boxes_N4))))
        return people

    def keypoints(self, frames_THWC: np.ndarray, boxes: Sequence[np.ndarray], *, at: FramesAt) -> list[np.ndarray]:
        """Return the joints (N, 17, 3) of the people in the given boxes of each frame."""
        poses = []
        for frame_HWC, boxes_N4 in zip(frames_THWC, boxes, strict=True):
            keypoints_NJC = no_keypoints(len(boxes_N4))
            rows = np.flatnonzero(np.isfinite(boxes_N4).all(axis=1))
            if len(rows):
                keypoints_NJC[rows] = self._poses(frame_HWC, boxes_N4[rows])
            poses.append(keypoints_NJC)
        return poses

    @abstractmethod
    def _poses(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        """Return the joints (N, 17, 3) of the people in boxes of one frame."""


def letterbox(frame_HWC: np.ndarray, side_px: int) -> tuple[np.ndarray, float]:
    """Return the network input (1, 3, side, side), BGR float32, and the scale the frame was shrunk by."""
    height, width = frame_HWC.shape[:2]
    ratio = min(side_px / height, side_px / width)
    size = (max(1, int(width * ratio)), max(1, int(height * ratio)))
    square = np.full((side_px, side_px, 3), _FILL, dtype=np.uint8)
    square[: size[1], : size[0]] = cv2.resize(frame_HWC, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32), ratio


def decode(cells_PC: np.ndarray, side_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Turn raw cells into person boxes (P, 4), pixels of the network input, and scores (P,).

    Args:
        cells_PC: Raw output (P, 5 + classes): centre offset, log size, objectness, class scores.
        side_px: Side of the network input.
    """
    corners, strides = [], []
    for stride in _STRIDES:
        num = side_px // stride
        rows, columns = np.divmod(np.arange(num * num), num)
        corners.append(np.stack([columns, rows], axis=1))
        strides.append(np.full((num * num, 1), stride))
    corners_P2, strides_P1 = np.concatenate(corners), np.concatenate(strides)
    centres = (cells_PC[:, :2] + corners_P2) * strides_P1
    halves = np.exp(cells_PC[:, 2:4]) * strides_P1 / 2
    return np.hstack([centres - halves, centres + halves]), cells_PC[:, 4] * cells_PC[:, 5 + _PERSON]
