"""Top-down pose of good quality: a YOLOX detector and RTMPose-m (Jiang et al. 2023, arXiv 2303.07399) through rtmlib.

rtmlib cuts the crops and reads the heat maps; the session is ours, so that its threads are pinned and all the people
of a frame go through at once.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from slowpaths.core.threads import available_threads
from slowpaths.pose.backends.yolox import TopDown, YoloxDetector, open_session
from slowpaths.pose.pose_weights import weights_file
from slowpaths.pose.protocol import no_keypoints, require

_INPUT_WH = (192, 256)


class RTMPose(TopDown):
    """Estimate poses with RTMPose.

    Args:
        detector: Person detector: the name of published weights, or an ONNX file.
        weights: ONNX file of RTMPose; the published one where not given.
        weights_dir: Folder looked into first for published weights.
        device: "cpu" or "cuda".
        num_threads: CPU threads; all cores this process may use where 0.
        score_min: Least confidence of a person.
        batch_size: People that go through at once.
    """

    name = "rtmpose"

    def __init__(
        self,
        *,
        detector: str = "yolox_nano",
        weights: str | None = None,
        weights_dir: str | None = None,
        device: str = "cpu",
        num_threads: int = 0,
        score_min: float = 0.3,
        batch_size: int = 16,
    ) -> None:
        require("onnxruntime", "rtmlib")
        import rtmlib

        found = weights_file(detector, name="yolox_nano", weights_dir=weights_dir)
        path = weights_file(weights, name="rtmpose_m", weights_dir=weights_dir)
        num_threads = num_threads or available_threads()
        self._batch_size = batch_size
        self._detector = YoloxDetector(found, num_threads=num_threads, score_min=score_min, device=device)
        with contextlib.redirect_stdout(io.StringIO()):  # it announces every model on the terminal
            self._model: Any = rtmlib.RTMPose(str(path), model_input_size=_INPUT_WH, device="cpu")
        self._session = open_session(path, num_threads=num_threads, device=device)
        self._model.session = self._session
        entry = self._session.get_inputs()[0]
        self._input_name = entry.name
        if isinstance(entry.shape[0], int):
            self._batch_size = entry.shape[0]  # exported for this batch only

    def _poses(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        batches = [boxes_N4[start : start + self._batch_size] for start in range(0, len(boxes_N4), self._batch_size)]
        return np.concatenate([self._batch(frame_HWC, batch_N4) for batch_N4 in batches])

    def _batch(self, frame_HWC: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
        # The network wants RGB, and rtmlib passes on the channels as they come.
        crops = [self._model.preprocess(frame_HWC, box_4) for box_4 in boxes_N4]
        blob_NCHW = np.stack([crop.transpose(2, 0, 1) for crop, _, _ in crops]).astype(np.float32)
        outputs = self._session.run(None, {self._input_name: blob_NCHW})
        joints_NJC = no_keypoints(len(boxes_N4))
        for index, (_, centre, scale) in enumerate(crops):
            one = [output[index : index + 1] for output in outputs]
            xy_1J2, scores_1J = self._model.postprocess(one, centre, scale)
            joints_NJC[index, :, :2] = xy_1J2[0]
            joints_NJC[index, :, 2] = np.clip(scores_1J[0], 0.0, 1.0)
        return joints_NJC
