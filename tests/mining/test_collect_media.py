"""A folder of footage, one video at a time: what is wrong with one of them stays with it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests import factories
from tests.batter import stroke_take, write_takes

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.ids import file_digest
from slowpaths.mining import one_video
from slowpaths.mining.collect import Collected, collect
from slowpaths.mining.pipeline import MinedVideo
from slowpaths.mining.settings import MiningSettings
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.video.probe import find_footage


def run(folder: Path, out: Path) -> Collected:
    root, paths = find_footage(folder)
    return collect(paths, root=root, out=out, pose={"name": "simulated"}, settings=MiningSettings(clip_px=64))


def fake_mine(monkeypatch: pytest.MonkeyPatch, *, stem: str = "", error: BaseException | None = None) -> list[str]:
    mined = []

    def mine_video(video, **_options):
        mined.append(video.path)
        if error is not None and Path(video.path).stem == stem:
            raise error
        return MinedVideo(video=video, shots=[], deliveries=[], tracks=[])

    monkeypatch.setattr(one_video, "mine_video", mine_video)
    return mined


@pytest.mark.parametrize(
    "error", [ValueError("no sound layout"), KeyError("x"), MemoryError(), OSError(errno.EIO, "Input/output error")]
)
def test_whatever_is_wrong_with_one_video_is_its_own(tmp_path, monkeypatch, error):
    for name in ("a", "b", "c"):
        factories.bar_video(tmp_path / "footage" / f"{name}.mp4", num_frames=3)
    fake_mine(monkeypatch, stem="b", error=error)
    videos = run(tmp_path / "footage", tmp_path / "out").videos
    assert [(video.path, video.status) for video in videos] == [
        ("a.mp4", "ok"), ("b.mp4", "quarantined"), ("c.mp4", "ok")
    ]  # fmt: skip
    assert type(error).__name__ in videos[1].reason and "leave it out" in videos[1].reason
    mined = fake_mine(monkeypatch)  # mended: only that video is looked at again
    assert {video.status for video in run(tmp_path / "footage", tmp_path / "out").videos} == {"ok"}
    assert mined == ["b.mp4"]


@pytest.mark.parametrize("error", [SlowpathsError("no space left"), OSError(errno.ENOSPC, "No space left on device")])
def test_a_full_disk_stops_the_run(tmp_path, monkeypatch, error):
    factories.bar_video(tmp_path / "footage" / "a.mp4", num_frames=3)
    fake_mine(monkeypatch, stem="a", error=error)
    with pytest.raises(SlowpathsError, match="no space left"):
        run(tmp_path / "footage", tmp_path / "out")


def test_a_file_that_cannot_even_be_described_is_quarantined(tmp_path, monkeypatch):
    for name in ("a", "b"):
        factories.bar_video(tmp_path / "footage" / f"{name}.mp4", num_frames=3)
    latin = Path(os.fsdecode(os.fsencode(tmp_path / "footage") + b"/tea\xe9.mp4"))
    shutil.copy(tmp_path / "footage" / "a.mp4", latin)

    def read_index(path):
        raise ValueError("a wild header")

    fake_mine(monkeypatch)
    monkeypatch.setattr("slowpaths.video.index.read_index", read_index)
    videos = {video.path: video for video in run(tmp_path / "footage", tmp_path / "out").videos}
    assert set(videos) == {"a.mp4", "b.mp4", "tea\\xe9.mp4"}
    assert "wild header" in videos["a.mp4"].reason and "rename" in videos["tea\\xe9.mp4"].reason


def test_the_same_bytes_in_two_folders_are_two_videos(tmp_path, monkeypatch):
    first = factories.bar_video(tmp_path / "footage" / "x" / "a.mp4", num_frames=3)
    for name in ("x/empty.mp4", "y/a.mp4", "y/empty.mp4", "y/b.mp4"):
        path = tmp_path / "footage" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"" if path.stem == "empty" else first.read_bytes())
    fake_mine(monkeypatch)
    videos = run(tmp_path / "footage", tmp_path / "out").videos
    assert len({video.video_id for video in videos}) == 5
    named = {video.path: video.reason for video in videos if video.status == "ok"}
    assert named["x/a.mp4"] == ""
    assert "x/a.mp4" in named["y/a.mp4"] and "x/a.mp4" in named["y/b.mp4"]
    again = run(tmp_path / "footage", tmp_path / "out")
    assert again.videos == videos and again.num_resumed == 3


def test_clips_of_duplicates_are_the_same_bytes_by_which_splits_know_them(tmp_path):
    folder = tmp_path / "footage" / "x"
    folder.mkdir(parents=True)
    random, shirts = np.random.default_rng(3), ((196, 52, 40), (36, 66, 190))
    ball = stroke_take("cover_drive", np.arange(-0.6, 0.9, 0.04), size=(480, 270), shirts=shirts, rng=random)
    ball.impact_s = 0.6
    write_takes(folder / "ball.mp4", [ball], fps=25)
    shutil.copytree(folder, tmp_path / "footage" / "y")
    assert run(tmp_path / "footage", tmp_path / "out").num_deliveries == 2
    found = MinedFolder(tmp_path / "out")
    one, other = found.deliveries()
    assert one.delivery_id != other.delivery_id
    assert one.span.start_s == 0.0  # the stroke is .6 s after the start, and no time is negative
    assert file_digest(found.clip_file(one.delivery_id)) == file_digest(found.clip_file(other.delivery_id))
