"""Every decoder gives the same frames, by number, as they are shown."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from slowpaths.core.errors import BrokenVideoError, MissingDependencyError, UsageError
from slowpaths.video.decoders import pyav
from slowpaths.video.open import open_video
from slowpaths.video.probe import find_footage, probe
from slowpaths.video.protocol import resized
from tests import factories

EVERY = (
    "h264", "sound", "mkv_ntsc", "vfr", "odd", "rot90", "rot180", "rot270", "tenbit", "hevc", "mpeg4_avi",
    "mpeg4_b_avi", "mjpeg_avi", "interlaced", "av1", "vp8", "ts", "bt709", "gif", "frames",
)  # fmt: skip
DECORD = ("h264", "sound", "mkv_ntsc", "odd", "tenbit", "mjpeg_avi", "interlaced", "bt709")


def _probes(num_frames: int) -> list[int]:
    return [number for number in factories.PROBES if number < num_frames]


def _backends(name: str) -> list[str]:
    return ["frames"] if name == "frames" else ["auto", "pyav", *(["decord"] if name in DECORD else [])]


@pytest.mark.parametrize("name", EVERY)
def test_frames_show_their_number(footage: dict[str, Path], name: str) -> None:
    for backend in _backends(name):
        with open_video(footage[name], backend=backend) as decoder:
            wanted = _probes(len(decoder))
            frames = decoder.frames(wanted)
            assert frames.dtype == np.uint8
            assert frames.shape == (len(wanted), decoder.height, decoder.width, 3)
            assert [factories.read_bars(frame) for frame in frames] == wanted


@pytest.mark.parametrize("name", EVERY)
def test_iterating_is_the_same_as_asking(footage: dict[str, Path], name: str) -> None:
    for backend in _backends(name):
        with open_video(footage[name], backend=backend) as decoder:
            numbers = [number for number, frame in decoder.iterate() if factories.read_bars(frame) == number]
            assert numbers == list(range(len(decoder)))
            some = list(decoder.iterate(start=2, stop=11, step=4, height=48))
            assert [number for number, _ in some] == [2, 6, 10]
            assert [factories.read_bars(frame) for _, frame in some] == [2, 6, 10]
            assert some[0][1].shape[0] == 48


@pytest.mark.parametrize("name", DECORD)
def test_decord_and_pyav_agree(footage: dict[str, Path], name: str) -> None:
    with open_video(footage[name], backend="pyav") as one, open_video(footage[name], backend="decord") as other:
        np.testing.assert_array_equal(one.pts_s, other.pts_s)
        wanted = _probes(len(one))
        difference = np.abs(one.frames(wanted).astype(int) - other.frames(wanted))
        assert difference.max() <= 8 and difference.mean() <= 1.0
        small = np.abs(one.frames(wanted, height=48).astype(int) - other.frames(wanted, height=48))
        assert small.mean() <= 3.0


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(DECORD) - {"frames"}))
def test_decord_is_refused_where_it_numbers_frames_otherwise(footage: dict[str, Path], name: str) -> None:
    with pytest.raises(UsageError, match="backend=pyav"):
        open_video(footage[name], backend="decord")
    assert isinstance(open_video(footage[name]), pyav.PyavDecoder)


def test_auto_reads_clips_with_decord_and_footage_with_pyav(footage: dict[str, Path], tmp_path: Path) -> None:
    clip = factories.bar_video(tmp_path / "clip.mp4", num_frames=52, gop=8, bframes=0)
    turned = factories.bar_video(tmp_path / "turned.mp4", num_frames=52, gop=8, bframes=0, rotation_deg=90)
    kinds = [type(open_video(path)).__name__ for path in (clip, turned, footage["h264"])]
    assert kinds == ["DecordDecoder", "PyavDecoder", "PyavDecoder"]


@pytest.mark.parametrize("backend", ["pyav", "decord"])
def test_order_and_repeats_are_kept(footage: dict[str, Path], backend: str) -> None:
    with open_video(footage["h264"], backend=backend) as decoder:
        wanted = [70, 3, 3, 99, 0, 70]
        assert [factories.read_bars(frame) for frame in decoder.frames(wanted)] == wanted
        assert decoder.frames([]).shape == (0, 96, 160, 3)
        assert decoder.frames([5], height=24).shape == (1, 24, 40, 3)


def test_no_frame_is_decoded_twice(footage: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    real = pyav.decode

    def counted(container: object, stream: object, **options: object) -> object:
        for frame in real(container, stream, **options):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr(pyav, "decode", counted)
    with open_video(footage["h264"], backend="pyav") as decoder:
        decoder.frames([60, 52, 52, 60, 5])
        assert len(decoded) == len(set(decoded)) == 6 + 11  # 0..5, then from the key frame at 50 to 60
        decoder.frames([61, 62])  # goes on from where it stands
        assert len(decoded) == 6 + 13


@pytest.mark.parametrize("backend", ["pyav", "decord"])
def test_the_file_is_opened_at_the_first_request(footage: dict[str, Path], backend: str, tmp_path: Path) -> None:
    path = tmp_path / "moved.mp4"
    path.write_bytes(footage["h264"].read_bytes())
    decoder = open_video(path, backend=backend)
    path.unlink()
    with pytest.raises(BrokenVideoError):
        decoder.frames([0])


def test_times_are_the_containers(footage: dict[str, Path]) -> None:
    with open_video(footage["vfr"]) as decoder:
        np.testing.assert_allclose(decoder.pts_s, np.array(factories.variable_ticks(100)) / factories.TICKS)
    with open_video(footage["mkv_ntsc"]) as decoder:
        np.testing.assert_allclose(decoder.pts_s, np.arange(100) * 1001 / 30_000, atol=6e-4)  # Matroska counts in ms
    with open_video(footage["frames"]) as decoder:
        np.testing.assert_allclose(decoder.pts_s, np.arange(12) * 1001 / 30_000)


def test_a_running_clock_starts_at_zero(tmp_path: Path) -> None:
    path = factories.bar_video(
        tmp_path / "late.ts", num_frames=30, ticks=[(90 + number) * 12_800 // 25 for number in range(30)]
    )
    with open_video(path) as decoder:
        assert len(decoder) == 30
        assert 0 <= decoder.pts_s[0] < 0.5
        assert factories.read_bars(decoder.frames([17])[0]) == 17


def test_damage_in_the_middle_is_named(tmp_path: Path) -> None:
    path = factories.bar_video(tmp_path / "damaged.mp4", gop=10, bframes=0)
    data = bytearray(path.read_bytes())
    start = len(data) * 2 // 5
    data[start : start + len(data) // 10] = bytes(len(data) // 10)
    path.write_bytes(data)
    with open_video(path, backend="pyav") as decoder:
        assert factories.read_bars(decoder.frames([5])[0]) == 5
        with pytest.raises(BrokenVideoError, match=r"frame \d+ of damaged.mp4 does not decode"):
            list(decoder.iterate())


def test_wrong_requests_name_the_cure(footage: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with open_video(footage["h264"]) as decoder, pytest.raises(UsageError, match="frames 0 to 99"):
        decoder.frames([100])
    with open_video(footage["h264"]) as decoder, pytest.raises(UsageError, match="no frame -1"):
        decoder.frames([-1])
    with pytest.raises(UsageError, match="choose one of auto"):
        open_video(footage["h264"], backend="opencv")
    with pytest.raises(UsageError, match="folder"):
        open_video(footage["frames"], backend="pyav")
    with pytest.raises(UsageError, match="'auto'"):
        open_video(footage["h264"], backend="frames")
    monkeypatch.setattr("slowpaths.video.open._has_decord", lambda: False)
    with pytest.raises(MissingDependencyError, match="backend=pyav"):
        open_video(footage["h264"], backend="decord")
    assert isinstance(open_video(footage["h264"]), pyav.PyavDecoder)


def test_broken_files_do_not_open(tmp_path: Path) -> None:
    broken = factories.broken_files(tmp_path / "broken")
    del broken["truncated_after_index"]  # opens as far as it goes; probe quarantines it
    for path in broken.values():
        with pytest.raises(BrokenVideoError, match=path.name):
            open_video(path)


def test_torchcodec_is_an_extra(footage: dict[str, Path]) -> None:
    try:
        import torchcodec.decoders  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        with pytest.raises(MissingDependencyError, match="torchcodec"):
            open_video(footage["h264"], backend="torchcodec")
        return
    with open_video(footage["h264"], backend="torchcodec") as decoder:
        assert [factories.read_bars(frame) for frame in decoder.frames(factories.PROBES)] == factories.PROBES


@pytest.mark.parametrize(
    ("to_height", "size"), [(None, (1280, 720)), (36, (64, 36)), (1, (2, 1)), (1440, (2560, 1440))]
)
def test_resized_keeps_the_aspect(to_height: int | None, size: tuple[int, int]) -> None:
    assert resized(width=1280, height=720, to_height=to_height) == size


@pytest.mark.shared
def test_frames_and_times_of_the_gold_clips(shared_dir: Path) -> None:
    with (shared_dir / "footage" / "gold.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        with open_video(shared_dir / "footage" / "clips" / row["file"]) as decoder:
            assert len(decoder) == int(row["num_frames"]), row["file"]
            assert np.all(np.diff(decoder.pts_s) > 0), row["file"]
            if row["contact_frame"]:
                late_frames = (decoder.pts_s[int(row["contact_frame"])] - float(row["impact_s"])) * float(
                    row["clip_fps"]
                )
                assert abs(late_frames) <= 0.5, row["file"]


@pytest.mark.shared
def test_every_shared_clip_is_usable(shared_dir: Path) -> None:
    root, videos = find_footage(shared_dir / "footage")
    for video in videos:
        found = probe(video, root=root)
        assert (found.status, found.reason) == ("ok", "")
        with open_video(video) as decoder:
            assert len(decoder) == found.num_frames
            last = len(decoder) - 1
            assert decoder.frames([last], height=64).shape[1] == 64
