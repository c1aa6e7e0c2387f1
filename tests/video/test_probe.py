from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import video_id
from slowpaths.video.probe import find_footage, probe
from tests import factories

FACTS = {
    "h264": {"fps": Fraction(25), "num_frames": 100, "width": 160, "height": 96, "codec": "h264", "has_audio": False},
    "sound": {"has_audio": True, "num_frames": 100},
    "mkv_ntsc": {"fps": Fraction(30_000, 1001), "is_variable_rate": False},
    "vfr": {"is_variable_rate": True, "num_frames": 100},
    "odd": {"width": 161, "height": 97},
    "rot90": {"rotation_deg": 90, "width": 96, "height": 160},
    "rot180": {"rotation_deg": 180, "width": 160, "height": 96},
    "rot270": {"rotation_deg": 270, "width": 96, "height": 160},
    "tenbit": {"bit_depth": 10, "rotation_deg": 0},
    "interlaced": {"is_interlaced": True},
    "av1": {"codec": "av1", "num_frames": 20},
    "vp8": {"codec": "vp8", "num_frames": 100},
    "gif": {"codec": "gif", "fps": Fraction(10), "num_frames": 60},
    "ts": {"num_frames": 100, "fps": Fraction(25)},
    "frames": {"codec": "frames", "fps": Fraction(30_000, 1001), "num_frames": 12},
}
REASONS = {
    "empty": "is empty",
    "text": "no readable video",
    "noise": "no readable video",
    "truncated": "truncated",
    "truncated_after_index": "is truncated",
    "no_frames": "no readable video",
    "sound_only": "no video stream",
    "empty_folder": "without pictures",
    "missing": "does not exist",
}


@pytest.mark.parametrize("name", FACTS)
def test_facts(footage: dict[str, Path], name: str) -> None:
    video = probe(footage[name], root=footage[name].parent)
    assert video.status == "ok"
    assert {key: getattr(video, key) for key in FACTS[name]} == FACTS[name]
    assert len(video.digest) == 64
    assert video.video_id == video_id(footage[name].name, video.digest)


def test_duration_reaches_the_end_of_the_last_frame(footage: dict[str, Path]) -> None:
    assert probe(footage["h264"], root=footage["h264"].parent).duration_s == pytest.approx(4.0)
    # 100 frames of 40 ms, every seventh of 120 ms; the last one is given the average length
    ticks = factories.variable_ticks(100)
    video = probe(footage["vfr"], root=footage["vfr"].parent)
    assert video.fps == Fraction(99 * factories.TICKS, ticks[-1]).limit_denominator(100_000)
    assert video.duration_s == pytest.approx(ticks[-1] / factories.TICKS * 100 / 99)


def test_broken_files_are_quarantined_with_a_cure(tmp_path: Path) -> None:
    for name, path in factories.broken_files(tmp_path / "broken").items():
        video = probe(path, root=tmp_path)
        assert video.status == "quarantined", name
        assert REASONS[name] in video.reason, name
        assert path.name in video.reason
        assert any(cure in video.reason for cure in ("download", "give", "put", "check")), video.reason
        assert "\n" not in video.reason and "Traceback" not in video.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_quarantined(tmp_path: Path) -> None:
    path = factories.bar_video(tmp_path / "locked.mp4", num_frames=3)
    path.chmod(0)
    assert "permissions" in probe(path, root=tmp_path).reason


def test_permission_error_names_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = factories.bar_video(tmp_path / "locked.mp4", num_frames=3)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    video = probe(path, root=tmp_path)
    assert (video.status, video.digest) == ("quarantined", "")
    assert "chmod" in video.reason


def test_match_is_the_folder_below_the_root_or_the_stem(tmp_path: Path) -> None:
    nested = factories.bar_video(tmp_path / "AUS v IND" / "day 1" / "a.mp4", num_frames=3)
    loose = factories.bar_video(tmp_path / "Nets.mp4", num_frames=3)
    assert probe(nested, root=tmp_path).match_id == "aus_v_ind_day_1"
    assert probe(nested, root=tmp_path).path == "AUS v IND/day 1/a.mp4"
    assert probe(loose, root=tmp_path).match_id == "nets"


def test_folders_of_long_or_foreign_names_are_matches_of_their_own(tmp_path: Path) -> None:
    season = "ICC Cricket World Cup 2023 - full match footage"
    folders = [f"{season}/match 01", f"{season}/match 02", "日本", "中国", "day (1)", "day 1"]
    videos = [factories.bar_video(tmp_path / folder / "a.mp4", num_frames=3) for folder in folders]
    matches = [probe(video, root=tmp_path).match_id for video in videos]
    assert len(set(matches)) == len(folders)
    assert matches[0].startswith("icc_cricket_world_cup_2023_full_match_fo-") and matches[-1] == "day_1"


def test_the_same_bytes_in_two_folders_are_two_videos(tmp_path: Path) -> None:
    first = factories.bar_video(tmp_path / "x" / "a.mp4", num_frames=3)
    second, empty, other = tmp_path / "y" / "a.mp4", tmp_path / "x" / "empty.mp4", tmp_path / "y" / "empty.mp4"
    second.parent.mkdir()
    second.write_bytes(first.read_bytes())
    for path in (empty, other):
        path.touch()
    videos = [probe(path, root=tmp_path) for path in (first, second, empty, other)]
    assert len({video.video_id for video in videos}) == 4
    assert videos[0].digest == videos[1].digest
    # nothing else in the folder matters to an id
    first.unlink()
    assert probe(second, root=tmp_path).video_id == videos[1].video_id


def test_footage_is_found_in_folders(tmp_path: Path) -> None:
    factories.bar_video(tmp_path / "b" / "2.MKV.mkv", num_frames=3)
    factories.bar_video(tmp_path / "a.mp4", num_frames=3)
    factories.frame_folder(tmp_path / "frames", num_frames=2)
    (tmp_path / ".hidden.mp4").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("x")
    root, videos = find_footage(tmp_path)
    assert root == tmp_path
    assert [video.relative_to(root).as_posix() for video in videos] == ["a.mp4", "b/2.MKV.mkv", "frames"]


def test_pictures_beside_a_video_are_no_footage(tmp_path: Path) -> None:
    factories.frame_folder(tmp_path, num_frames=2)
    factories.bar_video(tmp_path / "a.mp4", num_frames=3)
    assert [video.name for video in find_footage(tmp_path)[1]] == ["a.mp4"]


def test_single_file_frame_folder_and_lists(tmp_path: Path) -> None:
    video = factories.bar_video(tmp_path / "m" / "a.mp4", num_frames=3)
    other = factories.bar_video(tmp_path / "n" / "b.mp4", num_frames=3)
    frames = factories.frame_folder(tmp_path / "m" / "frames", num_frames=2)
    assert find_footage(str(video)) == (video.parent, [video])
    assert find_footage(frames) == (frames.parent, [frames])
    assert find_footage([video, other, video]) == (tmp_path, [video, other])


def test_wrong_footage_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        find_footage(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds no video"):
        find_footage(tmp_path)
    with pytest.raises(UsageError, match="no footage"):
        find_footage([])


def test_clips_of_a_mined_folder_are_no_footage_unless_they_are_named(footage, tmp_path, caplog) -> None:
    for name in ("a.mp4", "mined/clips/d1.mp4", "clips/b.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(footage["h264"].read_bytes())
    (tmp_path / "mined" / "shards").mkdir()
    assert find_footage(tmp_path) == (tmp_path, [tmp_path / "a.mp4", tmp_path / "clips" / "b.mp4"])
    assert "passed over: mined/clips" in caplog.text
    assert find_footage(tmp_path / "mined" / "clips")[1] == [tmp_path / "mined" / "clips" / "d1.mp4"]
    (tmp_path / "shards").mkdir()  # out= of mining is footage= itself
    assert find_footage(tmp_path)[1] == [tmp_path / "a.mp4"]
    with pytest.raises(UsageError, match="holds no video"):
        find_footage(tmp_path / "mined")
