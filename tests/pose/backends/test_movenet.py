from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.pose.backends.movenet import MoveNet, crop_square, square_around
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import FramesAt

AT = FramesAt(path=Path("video.mp4"), indices_T=np.arange(1))


class FakeInterpreter:
    """Stand in for LiteRT: finds the red, green and blue spots in its input as joints 0, 1 and 2."""

    def __init__(self, *, model_path: str, num_threads: int) -> None:
        self.num_threads = num_threads

    def allocate_tensors(self) -> None:
        pass

    def get_input_details(self) -> list[dict]:
        return [{"index": 0}]

    def get_output_details(self) -> list[dict]:
        return [{"index": 1}]

    def set_tensor(self, index: int, value: np.ndarray) -> None:
        assert value.shape == (1, 192, 192, 3)
        assert value.dtype == np.uint8
        self.image = value[0].astype(float)

    def invoke(self) -> None:
        self.pose = np.zeros((1, 1, 17, 3), dtype=np.float32)
        for channel in range(3):
            rows, columns = np.nonzero(self.image[..., channel] > 120)
            if len(rows):
                self.pose[0, 0, channel] = (rows.mean() + 0.5) / 192, (columns.mean() + 0.5) / 192, 0.5

    def get_tensor(self, index: int) -> np.ndarray:
        return self.pose


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> MoveNet:
    monkeypatch.setattr("ai_edge_litert.interpreter.Interpreter", FakeInterpreter)
    monkeypatch.setattr("slowpaths.pose.backends.movenet.YoloxDetector", lambda *args, **kwargs: None)
    return MoveNet(detector=Path("d.onnx"), weights=Path("w.tflite"), num_threads=1)


@pytest.mark.parametrize(
    "box",
    [
        (200, 80, 280, 240),  # inside
        (0, 0, 90, 200),  # over the corner: the crop is padded
        (560, 200, 640, 360),  # over the other corner
        (100, 20, 460, 350),  # larger than the network's input
        (300, 150, 330, 190),  # smaller
    ],
)
def test_joints_are_mapped_back_to_the_frame(net: MoveNet, box: tuple[int, ...]) -> None:
    box_4 = np.array(box, dtype=float)
    frame = np.zeros((360, 640, 3), dtype=np.uint8)
    spots = []
    for channel, (across, down) in enumerate([(0.2, 0.2), (0.5, 0.8), (0.8, 0.4)]):
        x = round(box[0] + across * (box[2] - box[0]))
        y = round(box[1] + down * (box[3] - box[1]))
        frame[y - 2 : y + 2, x - 2 : x + 2, channel] = 255
        spots.append((x, y))  # the middle of a 4 x 4 spot, in the frame of pixel edges
    (pose_NJC,) = net.keypoints(frame[None], [box_4[None]], at=AT)
    _, _, side_px = square_around(box_4)
    assert pose_NJC.shape == (1, 17, 3)
    assert pose_NJC[0, :3, :2] == pytest.approx(np.array(spots), abs=max(0.75, side_px / 192))
    assert pose_NJC[0, :3, 2] == pytest.approx([0.5] * 3)


def test_square_is_a_quarter_larger_than_the_longer_side() -> None:
    assert square_around(np.array([100.0, 100.0, 140.0, 260.0])) == (20, 80, 200)
    assert square_around(np.array([0.0, 0.0, 0.2, 0.1])) == (-1, -1, 2)


def test_crop_is_black_outside_the_frame() -> None:
    frame = np.full((100, 100, 3), 200, dtype=np.uint8)
    crop = crop_square(frame, x_px=-96, y_px=0, side_px=192)
    assert (crop[:, :96] == 0).all()
    assert (crop[:100, 96:] == 200).all()
    assert (crop[100:] == 0).all()
    assert (crop_square(frame, x_px=500, y_px=500, side_px=40) == 0).all()


def test_no_boxes_and_unseen_boxes_give_no_joints(net: MoveNet) -> None:
    frames = np.zeros((2, 90, 160, 3), dtype=np.uint8)
    none, unseen = net.keypoints(frames, [np.zeros((0, 4)), np.full((1, 4), np.nan)], at=AT)
    assert none.shape == (0, 17, 3)
    assert np.isnan(unseen[..., :2]).all()
    assert (unseen[..., 2] == 0).all()


def test_other_devices_are_refused() -> None:
    with pytest.raises(UsageError, match="CPU only"):
        MoveNet(detector=Path("d"), weights=Path("w"), device="cuda")


@pytest.mark.shared
def test_real_networks_find_a_batter_at_contact(shared_dir: Path) -> None:
    capture = cv2.VideoCapture(str(shared_dir / "footage" / "clips" / "teja_scoop.mp4"))
    for _ in range(67):
        _, frame = capture.read()
    frames = np.ascontiguousarray(frame[None, ..., ::-1])
    pose = build_pose("movenet", weights_dir=shared_dir / "models", num_threads=1)
    first, second = (pose.detect(frames, at=AT)[0] for _ in range(2))
    assert first.boxes_N4.tolist() == second.boxes_N4.tolist()
    best = first.boxes_N4[0]
    assert best == pytest.approx([208, 96, 320, 313], abs=40)  # the annotated striker
    (pose_NJC,) = pose.keypoints(frames, [first.boxes_N4[:1]], at=AT)
    inside = (pose_NJC[0, :, :2] > best[:2] - 15) & (pose_NJC[0, :, :2] < best[2:] + 15)
    assert inside.all()
    nose_y, hip_y, ankle_y = pose_NJC[0, 0, 1], pose_NJC[0, 11:13, 1].mean(), pose_NJC[0, 15:17, 1].mean()
    assert nose_y < hip_y < ankle_y
