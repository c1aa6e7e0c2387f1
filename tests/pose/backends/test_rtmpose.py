from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slowpaths.pose.backends.rtmpose import RTMPose
from slowpaths.pose.protocol import FramesAt

AT = FramesAt(path=Path("video.mp4"), indices_T=np.arange(1))
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


class FakeSession:
    """Stand in for ONNX Runtime: the brightest red, green and blue places are joints 0, 1 and 2 (SimCC, ratio 2)."""

    batches: list[int] = []  # noqa: RUF012

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def get_inputs(self) -> list:
        return [type("Entry", (), {"name": "input", "shape": ["batch", 3, 256, 192]})]

    def get_outputs(self) -> list:
        return []

    def run(self, names: object, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        blob = feeds["input"]
        assert blob.dtype == np.float32
        assert blob.shape[1:] == (3, 256, 192)
        FakeSession.batches.append(len(blob))
        simcc_x, simcc_y = np.zeros((len(blob), 17, 384)), np.zeros((len(blob), 17, 512))
        for index, image in enumerate(blob):
            for channel in range(3):
                level = image[channel] * STD[channel] + MEAN[channel]
                rows, columns = np.nonzero(level > 120)
                if len(rows):
                    simcc_x[index, channel, round(2 * columns.mean())] = 0.7
                    simcc_y[index, channel, round(2 * rows.mean())] = 0.9
        return [simcc_x, simcc_y]


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> RTMPose:
    pytest.importorskip("rtmlib")
    monkeypatch.setattr("onnxruntime.InferenceSession", FakeSession)
    monkeypatch.setattr("slowpaths.pose.backends.rtmpose.YoloxDetector", lambda *args, **kwargs: None)
    weights = tmp_path / "rtmpose.onnx"
    weights.touch()
    net = RTMPose(detector=tmp_path / "d.onnx", weights=weights, num_threads=1, batch_size=2)
    assert capsys.readouterr().out == ""
    FakeSession.batches = []
    return net


def test_joints_are_mapped_back_to_the_frame_and_people_go_in_batches(net: RTMPose) -> None:
    frame = np.zeros((360, 640, 3), dtype=np.uint8)
    boxes = np.array([[100, 80, 180, 240], [300, 100, 360, 300], [500, 20, 620, 340]], dtype=float)
    spots = []
    for x1, y1, x2, y2 in boxes:
        for channel, (across, down) in enumerate([(0.3, 0.2), (0.5, 0.8), (0.7, 0.4)]):
            x, y = round(x1 + across * (x2 - x1)), round(y1 + down * (y2 - y1))
            frame[y - 3 : y + 4, x - 3 : x + 4, channel] = 255
            spots.append((x, y))
    (pose_NJC,) = net.keypoints(frame[None], [np.vstack([boxes, np.full((1, 4), np.nan)])], at=AT)
    assert FakeSession.batches == [2, 1]
    assert pose_NJC.shape == (4, 17, 3)
    assert pose_NJC[:3, :3, :2].reshape(-1, 2) == pytest.approx(np.array(spots), abs=2.0)
    assert pose_NJC[:3, :3, 2] == pytest.approx(np.full((3, 3), 0.8))  # mean of both axes
    assert np.isnan(pose_NJC[3, :, :2]).all()


def test_nobody_there(net: RTMPose) -> None:
    (pose_NJC,) = net.keypoints(np.zeros((1, 90, 160, 3), dtype=np.uint8), [np.zeros((0, 4))], at=AT)
    assert pose_NJC.shape == (0, 17, 3)
    assert FakeSession.batches == []
