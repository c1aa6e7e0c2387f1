"""Top-down pose of good quality: a YOLOX detector and RTMPose-m (Jiang et al. 2023, arXiv 2303.07399) through rtmlib.

rtmlib cuts the crops and reads the heat maps; the session is ours, so that its threads are pinned and all the people
of a frame go through at once.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.threads import available_threads
from slowpaths.pose._yolox import YoloxDetector, open_session
from slowpaths.pose.estimate import FramesAt, People, no_keypoints

_INPUT_WH = (192, 256)


class RTMPose:
    """Estimate poses with RTMPose.

    Args:
        detector: ONNX file of the person detector.
        weights: ONNX file of RTMPose.
        device: "cpu" or "cuda".
        num_threads: CPU threads; all cores this process may use where 0.
        score_min: Least confidence of a person.
        batch_size: People that go through at once.
    """

    name = "rtmpose"
    has_keypoints_in_detect = False

    def __init__(
        self,
        *,
        detector: Path,
        weights: Path,
        device: str = "cpu",
        num_threads: int = 0,
        score_min: float = 0.3,
        batch_size: int = 16,
    ) -> None:
        import rtmlib

        num_threads = num_threads or available_threads()
        self.reason = ""
        self._batch_size = batch_size
        self._detector = YoloxDetector(detector, num_threads=num_threads, score_min=score_min, device=device)
        with contextlib.redirect_stdout(io.StringIO()):  # it announces every model on the terminal
            self._model: Any = rtmlib.RTMPose(str(weights), model_input_size=_INPUT_WH, device="cpu")
        self._session = open_session(weights, num_threads=num_threads, device=device)
        self._model.session = self._session
        entry = self._session.get_inputs()[0]
        self._input_name = entry.name
        if isinstance(entry.shape[0], int):
            self._batch_size = entry.shape[0]  # exported for this batch only

    def detect(self, frames_THWC: np.ndarray, *, at: FramesAt) -> list[People]:
        """Return the people of each frame, without joints."""
        people = []
        for frame_HWC in frames_THWC:
            boxes_N4, scores_N = self._detector(frame_HWC)
            people.append(People(boxes_N4=boxes_N4, scores_N=scores_N, keypoints_NKC=no_keypoints(len(boxes_N4))))
        return people

    def keypoints(self, frames_THWC: np.ndarray, boxes: Sequence[np.ndarray], *, at: FramesAt) -> list[np.ndarray]:
        """Return the joints (N, 17, 3) of the people in the given boxes of each frame."""
        poses = []
        for frame_HWC, boxes_N4 in zip(frames_THWC, boxes, strict=True):
            keypoints_NKC = no_keypoints(len(boxes_N4))
            rows = np.flatnonzero(np.isfinite(boxes_N4).all(axis=1))
            for start in range(0, len(rows), self._batch_size):
                batch = rows[start : start + self._batch_size]
                keypoints_NKC[batch] = self._poses(frame_HWC, boxes_N4[batch])
            poses.append(keypoints_NKC)
        return poses

    def _poses(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        # The network wants RGB, and rtmlib passes on the channels as they come.
        crops = [self._model.preprocess(frame_HWC, box_4) for box_4 in boxes_N4]
        blob_NCHW = np.stack([crop.transpose(2, 0, 1) for crop, _, _ in crops]).astype(np.float32)
        outputs = self._session.run(None, {self._input_name: blob_NCHW})
        joints_NKC = no_keypoints(len(boxes_N4))
        for index, (_, centre, scale) in enumerate(crops):
            one = [output[index : index + 1] for output in outputs]
            xy_1K2, scores_1K = self._model.postprocess(one, centre, scale)
            joints_NKC[index, :, :2] = xy_1K2[0]
            joints_NKC[index, :, 2] = np.clip(scores_1K[0], 0.0, 1.0)
        return joints_NKC
