from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.skeleton import INDEX
from slowpaths.pose.backends import blazepose
from slowpaths.pose.backends.blazepose import BlazePose, decode_landmarks
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import FramesAt

AT = FramesAt(path=Path("video.mp4"), indices_T=np.arange(1))


class FakeNet:
    """Stand in for LiteRT: finds the red, green and blue spots as nose (0), left wrist (15) and right wrist (16)."""

    def __init__(self, path: Path, *, num_threads: int) -> None:
        self.path = path

    def __call__(self, batch: np.ndarray) -> list[np.ndarray]:
        assert batch.shape == (1, 256, 256, 3)
        assert batch.dtype == np.float32
        assert batch.max() <= 1.0
        points = np.full((39, 5), -9.0, dtype=np.float32)
        heat = np.full((1, 64, 64, 39), -9.0, dtype=np.float32)
        for channel, landmark in enumerate((0, 15, 16)):
            rows, columns = np.nonzero(batch[0, ..., channel] > 0.5)
            if len(rows):
                points[landmark] = columns.mean() + 0.5, rows.mean() + 0.5, 12.8, 2.0, 8.0
                heat[0, 20, 30, landmark] = 0.5
        return [points.reshape(1, 195), np.ones((1, 1)), np.zeros(1), heat]


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> BlazePose:
    monkeypatch.setattr(blazepose, "LiteNet", FakeNet)
    monkeypatch.setattr(blazepose, "YoloxDetector", lambda *args, **kwargs: None)
    return BlazePose(detector="d.onnx", weights="w.tflite", num_threads=1)


def spots(*places: tuple[int, int]) -> np.ndarray:
    frame = np.zeros((360, 640, 3), dtype=np.uint8)
    for channel, (x, y) in enumerate(places):
        frame[y - 3 : y + 3, x - 3 : x + 3, channel] = 255
    return frame


@pytest.mark.parametrize("box", [(200, 80, 280, 240), (0, 0, 90, 200), (100, 20, 460, 350)])
def test_landmarks_become_coco_joints_in_pixels_of_the_frame(net: BlazePose, box: tuple[int, ...]) -> None:
    x1, y1, x2, y2 = box
    places = [(x1 + 20, y1 + 20), (x1 + 40, y2 - 20), (x2 - 20, y1 + 60)]
    (pose_NJC,) = net.keypoints(spots(*places)[None], [np.array([box], dtype=float)], at=AT)
    assert pose_NJC.shape == (1, 17, 3)
    rows = [INDEX["nose"], INDEX["left_wrist"], INDEX["right_wrist"]]
    assert pose_NJC[0, rows, :2] == pytest.approx(np.array(places), abs=1.8)
    assert pose_NJC[0, rows, 2] == pytest.approx([1 / (1 + np.exp(-0.5))] * 3)
    assert pose_NJC[0, INDEX["left_ankle"], 2] < 0.001


def test_landmarks_keep_depth_and_presence(net: BlazePose) -> None:
    found = net.landmarks(spots((240, 100), (220, 150), (260, 150)), np.array([[200.0, 80.0, 280.0, 240.0]] * 2))
    assert found.shape == (2, 33, 6)
    assert found[0, 15, 2] == pytest.approx(12.8 * 200 / 256)  # depth has the scale of x
    assert found[0, 15, 3:] == pytest.approx([1 / (1 + np.exp(-logit)) for logit in (8.0, 2.0, 0.5)])
    assert net.landmarks(spots(), np.zeros((0, 4))).shape == (0, 33, 6)


def test_mirrored_looks_swap_left_and_right(net: BlazePose) -> None:
    net._mirrored = True
    found = net.landmarks(spots((240, 100), (220, 150), (260, 150)), np.array([[200.0, 80.0, 280.0, 240.0]]))
    # The stand-in knows landmarks by colour, not by side: after the swap each wrist is the mean of both.
    assert found[0, [0, 15, 16], 0] == pytest.approx([240.0, 240.0, 240.0], abs=1.0)


def test_swap_is_its_own_inverse_and_pairs_the_sides() -> None:
    swap = blazepose._SWAP
    assert len(swap) == 33
    assert (swap[swap] == np.arange(33)).all()
    assert swap[[0, 1, 3, 7, 9, 15, 23, 31]].tolist() == [0, 4, 6, 8, 10, 16, 24, 32]


def test_decoding_drops_the_points_for_tracking() -> None:
    points = np.arange(195, dtype=np.float32)[None]
    heat = np.full((1, 64, 64, 39), -5.0, dtype=np.float32)
    heat[0, 3, 60, 32], heat[0, 0, 0, 33] = 1.5, 4.0
    points_LC = decode_landmarks(points, heat)
    assert points_LC.shape == (33, 6)
    assert points_LC[31:, 5] == pytest.approx([1 / (1 + np.exp(5.0)), 1 / (1 + np.exp(-1.5))])
    assert points_LC[32, :3].tolist() == [160, 161, 162]
    assert points_LC[0, 3:5] == pytest.approx([1 / (1 + np.exp(-4.0)), 1 / (1 + np.exp(-3.0))])


def test_unknown_sizes_and_devices_are_refused() -> None:
    with pytest.raises(UsageError, match=r"pose\.model=huge.*lite, full or heavy"):
        BlazePose(model="huge")
    with pytest.raises(UsageError, match="CPU only"):
        BlazePose(device="cuda")


@pytest.mark.shared
@pytest.mark.parametrize("model", ["lite", "full", "heavy"])
def test_real_networks_find_a_batter_at_contact(shared_dir: Path, model: str) -> None:
    capture = cv2.VideoCapture(str(shared_dir / "footage" / "clips" / "teja_scoop.mp4"))
    for _ in range(67):
        _, frame = capture.read()
    frame = np.ascontiguousarray(frame[..., ::-1])
    pose = build_pose("blazepose", model=model, weights_dir=shared_dir / "models", num_threads=1)
    box = np.array([208.0, 96.0, 320.0, 313.0])  # the annotated striker
    found = pose.landmarks(frame, box[None])
    assert (found[0, :, :2] > box[:2] - 15).all()
    assert (found[0, :, :2] < box[2:] + 15).all()
    nose, hips, ankles = 0, [23, 24], [27, 28]
    y_L = found[0, :, 1]
    assert y_L[nose] < y_L[hips].mean() < y_L[ankles].mean()
