from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.pose.backends import movenet
from slowpaths.pose.backends.movenet import MoveNet, box_that_follows
from slowpaths.pose.crops import square_around
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
    monkeypatch.setattr(movenet, "YoloxDetector", lambda *args, **kwargs: None)
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


def test_mirrored_looks_swap_left_and_right(net: MoveNet) -> None:
    frame = np.zeros((200, 200, 3), dtype=np.uint8)
    for channel, x in ((0, 100), (1, 70), (2, 130)):  # nose in the middle, left and right eye beside it
        frame[98:102, x - 2 : x + 2, channel] = 255
    box = np.array([[40.0, 40.0, 160.0, 160.0]])
    (plain_NJC,) = net.keypoints(frame[None], [box], at=AT)
    net._mirrored = True
    (both_NJC,) = net.keypoints(frame[None], [box], at=AT)
    # The stand-in knows joints by colour, so it calls the left eye of the mirror image its left eye still: the mean of
    # the true left eye at 70 and the mirror image's right eye lies where neither is, unless left and right are swapped.
    assert plain_NJC[0, 1:3, 0] == pytest.approx([70, 130], abs=0.75)
    assert both_NJC[0, 1:3, 0] == pytest.approx([100, 100], abs=0.75)
    assert both_NJC[0, 0, :2] == pytest.approx([100, 100], abs=0.75)
    assert both_NJC[0, :3, 2] == pytest.approx([0.5] * 3)


def test_a_box_grows_for_joints_outside_and_is_looked_at_again(net: MoveNet) -> None:
    frame = np.zeros((400, 400, 3), dtype=np.uint8)
    sizes: list[float] = []

    def look(crop_HWC: np.ndarray) -> np.ndarray:
        sizes.append(float(crop_HWC.mean()))
        return np.tile([0.5, 0.98, 0.9], (17, 1))  # at the lower edge of the crop, outside the box

    net._joints = look
    box = np.array([[150.0, 100.0, 250.0, 300.0]])
    (once_NJC,) = net.keypoints(frame[None], [box], at=AT)
    net._follows = True
    (again_NJC,) = net.keypoints(frame[None], [box], at=AT)
    assert len(sizes) == 3
    assert again_NJC[0, 0, 1] > once_NJC[0, 0, 1] > 300


def test_a_box_stays_for_joints_it_holds_and_for_doubtful_ones() -> None:
    box = np.array([0.0, 0.0, 50.0, 100.0])
    joints = np.full((17, 3), (25.0, 50.0, 0.9))
    joints[3:, 1] = 104.0  # within the margin
    assert box_that_follows(box, joints) is None
    joints[3, :] = 25.0, 180.0, 0.1
    assert box_that_follows(box, joints) is None
    joints[3, 2] = 0.9
    assert box_that_follows(box, joints).tolist() == [0, 0, 50, 185]
    joints[3:, 2] = 0.1
    joints[:3, 0] = 90.0
    assert box_that_follows(box, joints) is None  # three joints are no body


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
