from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from slowpaths.core.errors import MissingDependencyError
from slowpaths.pose.backends import yolox
from slowpaths.pose.backends.yolox import YoloxDetector, decode, letterbox, open_session, with_free_height

NUM_CELLS = 52**2 + 26**2 + 13**2  # strides 8, 16, 32 of 416 px


def cells(*entries: tuple[int, tuple[float, ...], float, float, float]) -> np.ndarray:
    """Raw output: (cell, offsets and log sizes, objectness, person score, bicycle score)."""
    raw = np.zeros((NUM_CELLS, 85), dtype=np.float32)
    for cell, box, objectness, person, bicycle in entries:
        raw[cell, :7] = (*box, objectness, person, bicycle)
    return raw


def test_letterbox_keeps_the_shape_and_fills_with_grey() -> None:
    frame = np.zeros((360, 640, 3), dtype=np.uint8)
    frame[..., 0] = 255
    blob, ratio = letterbox(frame, 416)
    assert blob.shape == (1, 3, 416, 416)
    assert ratio == pytest.approx(0.65)
    assert blob[0, :, 100, 200].tolist() == [0, 0, 255]  # BGR
    assert (blob[0, :, 234:] == 114).all()
    assert not (blob[0, :, 233] == 114).all()


@pytest.mark.parametrize(
    ("cell", "stride", "column", "row"),
    [(0, 8, 0, 0), (52 * 3 + 5, 8, 5, 3), (52**2 + 26 * 2 + 7, 16, 7, 2), (52**2 + 26**2 + 13 + 1, 32, 1, 1)],
)
def test_cells_are_decoded_by_their_place_and_stride(cell: int, stride: int, column: int, row: int) -> None:
    raw = cells((cell, (0.5, 0.25, np.log(2.0), np.log(4.0)), 0.8, 0.5, 0.9))
    boxes, scores = decode(raw, 416)
    x, y = (column + 0.5) * stride, (row + 0.25) * stride
    assert boxes[cell] == pytest.approx([x - stride, y - 2 * stride, x + stride, y + 2 * stride])
    assert scores[cell] == pytest.approx(0.4)


class FakeSession:
    height_px = 416

    def __init__(self, output: np.ndarray) -> None:
        self.output = output

    def get_inputs(self) -> list:
        return [type("Entry", (), {"name": "images", "shape": [1, 3, 416, 416]})]

    def run(self, names: None, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert feeds["images"].shape == (1, 3, self.height_px, 416)
        return [self.output[None]]

    def get_outputs(self) -> list:
        return [type("Exit", (), {"shape": [1, *self.output.shape]})]


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[np.ndarray], YoloxDetector]:
    def detector(output: np.ndarray, *, model: bytes = b"") -> YoloxDetector:
        (tmp_path / "d.onnx").write_bytes(model)
        monkeypatch.setattr(yolox, "open_session", lambda *args, **kwargs: FakeSession(output))
        return YoloxDetector(tmp_path / "d.onnx", num_threads=1)

    return detector


def test_people_come_in_frame_pixels_best_first(build: Callable[..., YoloxDetector]) -> None:
    size = (np.log(5.0), np.log(10.0))
    raw = cells(
        (52 * 20 + 10, (0.0, 0.0, *size), 0.9, 0.6, 0.0),  # centre 80, 160; 40 x 80
        (52 * 20 + 11, (0.0, 0.0, *size), 0.9, 0.5, 0.0),  # the same person again
        (52 * 20 + 40, (0.0, 0.0, *size), 1.0, 0.9, 0.0),  # centre 320, 160
        (52 * 5 + 25, (0.0, 0.0, *size), 1.0, 0.1, 0.9),  # a bicycle
    )
    boxes, scores = build(raw)(np.zeros((360, 640, 3), dtype=np.uint8))
    assert scores == pytest.approx([0.9, 0.54])
    expected = np.array([[300, 120, 340, 200], [60, 120, 100, 200]]) / 0.65
    assert boxes == pytest.approx(expected.clip(0, [640, 360, 640, 360]))


SQUARE = b"\x0a\x03\x08\xa0\x03\x0a\x03\x08\xa0\x03"  # two dimensions of 416, as ONNX files write them


def test_a_broad_picture_is_looked_at_without_the_padding_below(
    build: Callable[..., YoloxDetector], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert with_free_height(b"a" + SQUARE + b"b", 416) == b"a\x0a\x03\x12\x01h" + SQUARE[5:] + b"b"
    assert with_free_height(b"a" + SQUARE + b"b", 640) is None
    look = build(cells(), model=SQUARE)
    monkeypatch.setattr(FakeSession, "height_px", 256)  # 234 rows of picture, to a multiple of the stride
    size = (np.log(5.0), np.log(10.0))
    raw = cells((52 * 20 + 10, (0.0, 0.0, *size), 0.9, 0.6, 0.0))[: 52 * 32 + 26 * 16 + 13 * 8]
    raw[52 * 32 + 26 * 5 + 20, :6] = 0.0, 0.0, np.log(5.0), np.log(5.0), 1.0, 0.9  # stride 16: centre 320, 80; 80 x 80
    look._session.output = raw
    boxes, scores = look(np.zeros((360, 640, 3), dtype=np.uint8))
    assert scores == pytest.approx([0.9, 0.54])
    assert boxes == pytest.approx(np.array([[280, 40, 360, 120], [60, 120, 100, 200]]) / 0.65)


def test_decoded_exports_keep_their_square(build: Callable[..., YoloxDetector]) -> None:
    output = np.array([[65, 65, 130, 130, 0.9]], dtype=np.float32)
    assert len(build(output, model=SQUARE)(np.zeros((360, 640, 3), dtype=np.uint8))[0]) == 1


def test_decoded_exports_are_read_too(build: Callable[..., YoloxDetector]) -> None:
    output = np.array([[65, 65, 130, 130, 0.9], [200, 65, 260, 130, 0.1]], dtype=np.float32)
    boxes, scores = build(output)(np.zeros((360, 640, 3), dtype=np.uint8))
    assert boxes == pytest.approx(np.array([[100.0, 100.0, 200.0, 200.0]]), rel=1e-5)
    assert scores == pytest.approx([0.9])


def test_cuda_is_not_replaced_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(MissingDependencyError, match="onnxruntime-gpu"):
        open_session(Path("d.onnx"), num_threads=1, device="cuda")


def test_nobody_there(build: Callable[..., YoloxDetector]) -> None:
    boxes, scores = build(cells())(np.zeros((360, 640, 3), dtype=np.uint8))
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)
