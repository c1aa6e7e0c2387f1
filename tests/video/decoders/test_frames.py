from __future__ import annotations

from pathlib import Path

import pytest
from tests import factories

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_order_is_natural(tmp_path: Path, suffix: str) -> None:
    folder = factories.frame_folder(tmp_path / "frames", num_frames=12, suffix=suffix)
    (folder / ".DS_Store.png").write_bytes(b"x")
    with open_video(folder) as decoder:
        assert [factories.read_bars(frame) for frame in decoder.frames(range(12))] == list(range(12))
        assert decoder.pts_s[10] == pytest.approx(0.4)  # 25 a second where nothing is said


def test_broken_folders_name_the_picture(tmp_path: Path) -> None:
    folder = factories.frame_folder(tmp_path / "frames", num_frames=4)
    (folder / "frame_2.png").write_bytes(b"scribble")
    with open_video(folder) as decoder, pytest.raises(BrokenVideoError, match=r"frames/frame_2\.png is no readable"):
        decoder.frames([1])
    (folder / "frame_2.png").write_bytes((folder / "frame_1.png").read_bytes())
    (folder / "fps.txt").write_text("fast")
    assert "fps.txt holds no frame rate" in probe(folder, root=tmp_path).reason


def test_frames_of_another_size_are_refused(tmp_path: Path) -> None:
    folder = factories.frame_folder(tmp_path / "frames", num_frames=3)
    other = factories.frame_folder(tmp_path / "other", num_frames=1)
    import cv2

    cv2.imwrite(str(other / "frame_1.png"), factories.bars(0, width=80, height=48))
    (folder / "frame_3.png").write_bytes((other / "frame_1.png").read_bytes())
    with open_video(folder) as decoder, pytest.raises(BrokenVideoError, match="one size"):
        list(decoder.iterate())
