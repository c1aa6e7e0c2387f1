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
_IOU_MAX = 0.45  # largest overlap of two kept boxes, the default of the YOLOX demo
PERSON, BASEBALL_BAT = 0, 34  # classes of COCO; a cricket bat is taken for the other one, where it is seen sharply


def open_session(weights: Path | bytes, *, num_threads: int, device: str) -> Any:
    """Open an ONNX Runtime session with its threads pinned, so that a run repeats bit for bit.

    Args:
        weights: ONNX file, or what stands in it.
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
            cure = "pip install onnxruntime-gpu in its place, or take device=cpu"
            raise MissingDependencyError(f"this onnxruntime is built without CUDA: {cure}")
        providers.insert(0, "CUDAExecutionProvider")
    model = weights if isinstance(weights, bytes) else str(weights)
    return onnxruntime.InferenceSession(model, settings, providers=providers)


class YoloxDetector:
    """Find people, or things of another class of COCO, in single frames.

    Args:
        weights: ONNX file with a square input.
        num_threads: CPU threads.
        score_min: Least confidence, objectness times class; .3 is the default of the YOLOX demo.
        device: "cpu" or "cuda".
        wanted: Number of the class of COCO that is looked for.
    """

    def __init__(
        self, weights: Path, *, num_threads: int, score_min: float = 0.3, device: str = "cpu", wanted: int = PERSON
    ) -> None:
        self._session = open_session(weights, num_threads=num_threads, device=device)
        entry = self._session.get_inputs()[0]
        self._input_name = entry.name
        self._side_px = int(entry.shape[2]) if isinstance(entry.shape[2], int) else 640
        self._is_square = True
        if (free := with_free_height(weights.read_bytes(), self._side_px)) is not None and self._has_cells():
            self._session = open_session(free, num_threads=num_threads, device=device)
            self._is_square = False
        self._score_min = score_min
        self._wanted = wanted

    def _has_cells(self) -> bool:
        """Return whether the network answers with raw cells of its three strides and nothing else."""
        num_cells = sum((self._side_px // stride) ** 2 for stride in _STRIDES)
        return [list(output.shape)[1:2] for output in self._session.get_outputs()] == [[num_cells]]

    def __call__(self, frame_HWC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return boxes (N, 4), pixels of an RGB frame (H, W, 3), uint8, and scores (N,), best first."""
        blob_BCHW, ratio = letterbox(frame_HWC, self._side_px, is_square=self._is_square)
        output = np.asarray(self._session.run(None, {self._input_name: blob_BCHW})[0])[0]
        if output.shape[-1] == 5:
            boxes_N4, scores_N = output[:, :4], output[:, 4]
        else:
            height_px = blob_BCHW.shape[2]
            boxes_N4, scores_N = decode(output, self._side_px, height_px=height_px, wanted=self._wanted)
        kept = scores_N >= self._score_min
        boxes_N4, scores_N = boxes_N4[kept].astype(np.float64) / ratio, scores_N[kept].astype(np.float64)
        height, width = frame_HWC.shape[:2]
        boxes_N4[:, 0::2] = boxes_N4[:, 0::2].clip(0, width)
        boxes_N4[:, 1::2] = boxes_N4[:, 1::2].clip(0, height)
        kept = suppress(boxes_N4, scores_N, iou_max=_IOU_MAX)
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


def with_free_height(model: bytes, side_px: int) -> bytes | None:
    """Return an ONNX file whose one square input may be lower than its side; None where it has no such input.

    Of a broad picture nearly half of the square is padding. A convolutional network takes any height; the file alone
    forbids it. Its two last dimensions stand in it as numbers (field 1 of TensorShapeProto.Dimension, onnx.proto): the
    first one becomes a name (field 2) of the same length.
    """
    number = bytes([0x0A, 3, 0x08, side_px & 0x7F | 0x80, side_px >> 7])  # a varint of two bytes: 128 to 16,383
    return model.replace(2 * number, b"\x0a\x03\x12\x01h" + number) if model.count(2 * number) == 1 else None


def letterbox(frame_HWC: np.ndarray, side_px: int, *, is_square: bool = True) -> tuple[np.ndarray, float]:
    """Return the network input (1, 3, side or less, side), BGR float32, and the scale the frame was shrunk by.

    What is no square is as high as the coarsest stride allows.
    """
    height, width = frame_HWC.shape[:2]
    ratio = min(side_px / height, side_px / width)
    size = (max(1, int(width * ratio)), max(1, int(height * ratio)))
    height_px = side_px if is_square else -(-size[1] // _STRIDES[-1]) * _STRIDES[-1]
    square = np.full((height_px, side_px, 3), _FILL, dtype=np.uint8)
    square[: size[1], : size[0]] = cv2.resize(frame_HWC, size, interpolation=cv2.INTER_LINEAR)
    return cv2.dnn.blobFromImage(square, swapRB=True), ratio


def decode(
    cells_PC: np.ndarray, side_px: int, *, height_px: int | None = None, wanted: int = PERSON
) -> tuple[np.ndarray, np.ndarray]:
    """Turn raw cells into boxes (P, 4) of one class, pixels of the network input, and scores (P,).

    Args:
        cells_PC: Raw output (P, 5 + classes): centre offset, log size, objectness, class scores.
        side_px: Width of the network input.
        height_px: Its height; the same where not given.
        wanted: Number of the class.
    """
    corners, strides = [], []
    for stride in _STRIDES:
        num, num_rows = side_px // stride, (height_px or side_px) // stride
        rows, columns = np.divmod(np.arange(num_rows * num), num)
        corners.append(np.stack([columns, rows], axis=1))
        strides.append(np.full((num_rows * num, 1), stride))
    corners_P2, strides_P1 = np.concatenate(corners), np.concatenate(strides)
    centres = (cells_PC[:, :2] + corners_P2) * strides_P1
    halves = np.exp(cells_PC[:, 2:4]) * strides_P1 / 2
    return np.hstack([centres - halves, centres + halves]), cells_PC[:, 4] * cells_PC[:, 5 + wanted]
