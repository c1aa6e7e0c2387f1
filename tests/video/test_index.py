from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slowpaths.video.index import read_index


def test_key_frames_are_those_of_the_encoder(footage: dict[str, Path]) -> None:
    assert read_index(footage["h264"]).key_frames.tolist() == [0, 50]
    assert read_index(footage["gif"]).key_frames.tolist() == [0]
    assert read_index(footage["mjpeg_avi"]).key_frames.tolist() == list(range(100))


def test_the_index_follows_the_file(tmp_path: Path, footage: dict[str, Path]) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(footage["h264"].read_bytes())
    assert len(read_index(path)) == 100
    path.write_bytes(footage["av1"].read_bytes())
    assert len(read_index(path)) == 20


@pytest.mark.shared
def test_times_of_a_file_whose_stamps_go_back(shared_dir: Path) -> None:
    index = read_index(shared_dir / "footage" / "negatives" / "mma_test.avi")
    assert len(index) == 164
    assert not index.is_told_by_time
    np.testing.assert_allclose(np.diff(index.pts_s), 0.04)  # AVI: a picture is shown when its chunk comes
