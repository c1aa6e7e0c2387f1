"""Files as the world makes them: clocks that jump, streams that start late, edits, cuts, flips, and truncation."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from slowpaths.video.index import read_index
from slowpaths.video.open import open_video
from slowpaths.video.probe import find_footage, probe
from slowpaths.video.sound import read_sound
from tests import factories

RATE = 16_000


def stream(
    path: Path,
    *,
    numbers: range = range(50),
    start_s: float = 0.0,
    fps: int = 25,
    sound_rate: int = 48_000,
    layout: str = "mono",
    click_s: float = 1.0,
) -> Path:
    """Write a transport stream of bars whose clock begins anywhere, with a click in its sound."""
    with av.open(str(path), "w", format="mpegts") as container:
        video = container.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.codec_context.time_base = Fraction(1, 90_000)
        video.codec_context.gop_size = 10
        video.options = {"bf": "2", "sc_threshold": "0", "crf": "12", "preset": "veryfast"}
        audio = container.add_stream("mp2", rate=sound_rate, layout=layout)
        base = round(start_s * 90_000)
        samples = np.zeros(round(len(numbers) / fps * sound_rate), dtype=np.int16)
        samples[round(click_s * sound_rate) : round((click_s + 0.01) * sound_rate)] = 20_000
        blocks = [samples[at : at + 1152] for at in range(0, len(samples) - 1151, 1152)]
        written = 0
        for place, number in enumerate(numbers):
            frame = av.VideoFrame.from_ndarray(factories.bars(number), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = base + round(place * 90_000 / fps), Fraction(1, 90_000)
            container.mux(video.encode(frame))
            while written < len(blocks) and written * 1152 / sound_rate <= place / fps:
                channels = 1 if layout == "mono" else 2
                heard = av.AudioFrame.from_ndarray(
                    np.repeat(blocks[written], channels).reshape(1, -1), format="s16", layout=layout
                )
                heard.sample_rate = sound_rate
                heard.pts = base * sound_rate // 90_000 + written * 1152
                heard.time_base = Fraction(1, sound_rate)
                container.mux(audio.encode(heard))
                written += 1
        for one in (video, audio):
            container.mux(one.encode(None))
    return path


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def clicks_s(path: Path) -> list[float]:
    sound = read_sound(path, rate=RATE)
    assert sound is not None
    loud = np.flatnonzero(np.abs(sound) > 0.3)
    return [float(loud[row] / RATE) for row in np.flatnonzero(np.diff(loud, prepend=-RATE) > RATE // 2)]


@pytest.mark.parametrize("start_s", [0.0, 0.5, -1.0, 25 * 3600.0, 26.0 * 3600], ids=str)
def test_a_clock_that_jumps_goes_on(tmp_path: Path, start_s: float) -> None:
    one = stream(tmp_path / "1.ts", numbers=range(50), start_s=10.0)
    other = stream(tmp_path / "2.ts", numbers=range(50, 110), start_s=10.0 + start_s)
    path = joined(tmp_path / "both.ts", one, other)
    index = read_index(path)
    assert len(index) == 110 and not index.is_variable_rate and index.fps == 25
    np.testing.assert_allclose(np.diff(index.pts_s), 0.04, atol=0.021)
    assert 0 <= index.pts_s[0] < 0.1
    assert clicks_s(path) == pytest.approx([1.0 + index.pts_s[0], 3.0 + index.pts_s[0]], abs=0.06)
    with open_video(path) as decoder:
        for wanted in ([109, 3, 60, 49, 50, 0], [55], [105, 20]):
            assert [factories.read_bars(frame) for frame in decoder.frames(wanted)] == wanted


def test_sound_and_picture_jump_at_their_own_packets(tmp_path: Path) -> None:
    parts = [stream(tmp_path / f"{n}.ts", numbers=range(20 * n, 20 * n + 20), click_s=0.4) for n in range(5)]
    path = joined(tmp_path / "many.ts", *parts)
    index = read_index(path)
    assert len(index) == 100
    np.testing.assert_allclose(clicks_s(path), 0.4 + 0.8 * np.arange(5), atol=0.1)


@pytest.mark.parametrize("before_s", [90.0, 20.0])
def test_a_clock_that_runs_over_goes_on_exactly(tmp_path: Path, before_s: float) -> None:
    wrap_s = 2**33 / 90_000
    path = stream(tmp_path / "wrap.ts", numbers=range(120), fps=1, start_s=wrap_s - before_s, click_s=100.0)
    index = read_index(path)
    assert len(index) == 120
    np.testing.assert_allclose(np.diff(index.pts_s), 1.0, atol=1e-4)
    assert clicks_s(path) == pytest.approx([100.0 + index.pts_s[0]], abs=0.05)
    with open_video(path) as decoder:
        assert [factories.read_bars(frame) for frame in decoder.frames([100, 2, 91, 89])] == [100, 2, 91, 89]


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_hours_without_a_picture_are_closed_in_any_container(tmp_path: Path, suffix: str) -> None:
    seconds = [number / 25 + (25 * 3600 if number >= 50 else 0) for number in range(100)]
    ticks = [round(second * factories.TICKS) for second in seconds]
    path = factories.bar_video(tmp_path / f"gap.{suffix}", ticks=ticks, bframes=0)
    index = read_index(path)
    assert len(index) == 100 and index.duration_s == pytest.approx(4.0, abs=0.1)
    with open_video(path) as decoder:
        assert [factories.read_bars(frame) for frame in decoder.frames([99, 3, 50, 49])] == [99, 3, 50, 49]
    pause = factories.bar_video(
        tmp_path / f"pause.{suffix}",
        ticks=[round((number / 25 + 60 * (number >= 50)) * factories.TICKS) for number in range(100)],
    )
    assert read_index(pause).pts_s[50] == pytest.approx(62.0, abs=0.01)  # a pause of a minute is one


@pytest.mark.parametrize(("rate", "layout"), [(44_100, "stereo"), (32_000, "mono"), (48_000, "stereo")])
def test_sound_that_changes_is_heard_to_its_end(tmp_path: Path, rate: int, layout: str) -> None:
    one = stream(tmp_path / "1.ts", numbers=range(50))
    other = stream(tmp_path / "2.ts", numbers=range(50, 100), start_s=2.0, sound_rate=rate, layout=layout)
    path = joined(tmp_path / "both.ts", one, other)
    assert probe(path, root=tmp_path).status == "ok"
    assert clicks_s(path) == pytest.approx([1.0, 3.0], abs=0.06)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_time_begins_where_a_player_begins(tmp_path: Path, suffix: str) -> None:
    ticks = [round((0.7 + number / 25) * factories.TICKS) for number in range(50)]
    late = factories.bar_video(tmp_path / f"late.{suffix}", num_frames=50, ticks=ticks)
    assert read_index(late).pts_s[0] == pytest.approx(0.0, abs=0.002)  # nothing comes before the first picture
    samples = np.zeros(2 * RATE, dtype=np.float32)
    samples[RATE : RATE + 160] = 0.8
    both = factories.bar_video(tmp_path / f"both.{suffix}", num_frames=50, ticks=ticks, sound=(samples, RATE))
    begins_s = read_index(both).pts_s[0]
    assert begins_s == pytest.approx(0.7, abs=0.07)  # the sound comes first; an encoder may begin it a block earlier
    assert clicks_s(both) == pytest.approx([begins_s + 0.3], abs=0.02)


def test_avi_shows_a_picture_when_its_place_comes(footage: dict[str, Path], tmp_path: Path) -> None:
    for name in ("mpeg4_avi", "mpeg4_b_avi", "mjpeg_avi"):
        index = read_index(footage[name])
        np.testing.assert_allclose(index.pts_s, np.arange(100) / 25, atol=1e-6)
        assert index.fps == 25 and not index.is_variable_rate
    slots = [0, 3, 5, 6, 7, 8, 10, 14, 15, 20, 21, 22, 30, 31, 40]
    dropped = tmp_path / "dropped.avi"
    ticks = [slot * factories.TICKS // 25 for slot in slots]
    factories.bar_video(dropped, num_frames=len(slots), codec="mpeg4", bframes=0, ticks=ticks)
    index = read_index(dropped)
    assert len(index) == len(slots)
    np.testing.assert_allclose(index.pts_s, np.array(slots) / 25, atol=1e-6)
    assert probe(dropped, root=tmp_path).status == "ok"


def _edited(source: Path, target: Path, *, first: float, seconds: float) -> Path:
    """Rewrite the edit list of an MP4: show some seconds from a time on."""
    data = bytearray(source.read_bytes())
    movie = data.index(b"mvhd") + 4
    scale = int.from_bytes(data[movie + 12 : movie + 16])
    media = data.index(b"mdhd") + 4
    ticks = int.from_bytes(data[media + 12 : media + 16])
    place = data.index(b"elst") + 12
    begins = int.from_bytes(data[place + 4 : place + 8])
    data[place : place + 8] = round(seconds * scale).to_bytes(4) + (begins + round(first * ticks)).to_bytes(4)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize(
    ("first", "seconds", "bframes"), [(0, 2, 0), (1, 1.4, 0), (0, 2, 2), (0.8, 2, 2), (2.6, 1.4, 2)]
)
def test_what_an_edit_list_hides_is_not_missing(tmp_path: Path, first: float, seconds: float, bframes: int) -> None:
    whole = factories.bar_video(tmp_path / "whole.mp4", bframes=bframes, gop=20)
    path = _edited(whole, tmp_path / "cut.mp4", first=first, seconds=seconds)
    with av.open(str(path)) as container:
        expected = [factories.read_bars(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert len(expected) < 100
    assert probe(path, root=tmp_path).status == "ok"
    with open_video(path) as decoder:
        assert [factories.read_bars(frame) for _, frame in decoder.iterate()] == expected
        assert decoder.pts_s[0] == pytest.approx(0.0, abs=1e-6)
        assert factories.read_bars(decoder.frames([len(decoder) - 1])[0]) == expected[-1]


@pytest.mark.parametrize(("codec", "suffix"), [("mpeg2video", "mkv"), ("mpeg2video", "ts"), ("libx264", "mkv")])
def test_leading_pictures_that_do_not_decode_are_not_counted(tmp_path: Path, codec: str, suffix: str) -> None:
    whole, path = tmp_path / "whole.mkv", tmp_path / f"cut.{suffix}"
    with av.open(str(whole), "w") as container:
        video = container.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.codec_context.gop_size, video.codec_context.max_b_frames = 12, 2
        video.options = {"x264-params": "open-gop=1:bframes=2:scenecut=0:b-adapt=0"} if codec == "libx264" else {}
        video.bit_rate = 2_000_000
        for number in range(100):
            frame = av.VideoFrame.from_ndarray(factories.bars(number), format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    with av.open(str(whole)) as given, av.open(str(path), "w") as container:
        copied = container.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(video=0) if packet.size]
        keys = [row for row, packet in enumerate(packets) if packet.is_keyframe]
        for packet in packets[keys[2] :]:
            packet.stream = copied
            container.mux(packet)
    expected = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            with suppress(av.FFmpegError):  # what a decoder refuses is no frame
                expected += [factories.read_bars(frame.to_ndarray(format="rgb24")) for frame in packet.decode()]
    assert 50 < len(expected) < 100
    found = probe(path, root=tmp_path)
    assert (found.status, found.num_frames) == ("ok", len(expected))
    with open_video(path) as decoder:
        assert [factories.read_bars(frame) for _, frame in decoder.iterate()] == expected
        assert factories.read_bars(decoder.frames([0])[0]) == expected[0]


def _cut_off(data: bytes, share: float) -> bytes:
    return data[: round(len(data) * share)]


def _noise(data: bytes, share: float) -> bytes:
    begins = round(len(data) * share)
    return data[:begins] + np.random.default_rng(0).integers(0, 256, len(data) - begins, dtype=np.uint8).tobytes()


@pytest.mark.parametrize("damage", [_cut_off, _noise])
@pytest.mark.parametrize("share", [0.4, 0.75])
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("mkv", "libx264"),
        ("webm", "libvpx"),
        ("mkv", "mpeg4"),
        ("avi", "mpeg4"),
        ("avi", "mjpeg"),
        ("flv", "libx264"),
        ("mp4", "libx264"),
    ],
)
def test_a_file_that_ends_early_is_quarantined(
    tmp_path: Path, suffix: str, codec: str, damage: Callable[[bytes, float], bytes], share: float
) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    whole = factories.bar_video(tmp_path / f"whole.{suffix}", codec=codec, pix_fmt=pix_fmt, gop=10)
    if suffix == "mp4":
        factories._faststart(whole, tmp_path / "first.mp4")
        whole = tmp_path / "first.mp4"
    assert probe(whole, root=tmp_path).status == "ok"
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(damage(whole.read_bytes(), share))
    found = probe(path, root=tmp_path)
    assert found.status == "quarantined"
    assert path.name in found.reason


@pytest.mark.parametrize("seconds", [1.0, 8.0])
def test_sound_may_be_shorter_or_longer_than_the_picture(tmp_path: Path, seconds: float) -> None:
    for suffix in ("mp4", "mkv", "flv"):
        tone = np.zeros(round(seconds * RATE), dtype=np.float32)
        rate = 44_100 if suffix == "flv" else RATE
        path = factories.bar_video(tmp_path / f"{seconds}.{suffix}", sound=(tone, rate))
        assert probe(path, root=tmp_path).reason == ""


def test_the_stream_that_ffmpeg_takes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        videos = []
        for width, is_default in ((320, False), (160, True)):
            video = container.add_stream("libx264", rate=25)
            video.width, video.height, video.pix_fmt = width, width * 3 // 5, "yuv420p"
            video.disposition = av.stream.Disposition.default if is_default else 0
            videos.append(video)
        for number in range(40):
            for place, video in enumerate(videos):
                picture = factories.bars(200 if place == 0 else number, width=video.width, height=video.height)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
                frame.pts = number
                container.mux(video.encode(frame))
        for video in videos:
            container.mux(video.encode(None))
    found = probe(path, root=tmp_path)
    assert (found.width, found.num_frames) == (160, 40)
    with open_video(path) as decoder:
        assert [factories.read_bars(frame) for frame in decoder.frames([0, 39, 7])] == [0, 39, 7]


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_every_display_matrix_is_followed(tmp_path: Path, is_mirrored: bool, rotation_deg: int) -> None:
    stored = np.zeros((64, 96, 3), dtype=np.uint8)
    stored[:32, :48], stored[:32, 48:], stored[32:, :48] = (250, 20, 20), (20, 250, 20), (20, 20, 250)
    angle = np.deg2rad(rotation_deg)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # rows a b, c d
    if is_mirrored:
        matrix[0] *= -1  # x changes its sign before the turn
    path = tmp_path / "turned.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        video.options = {"crf": "5"}
        (a, b), (c, d) = np.round(matrix).astype(int).tolist()
        one = 1 << 16
        video.set_display_matrix([a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30])
        for number in range(5):
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    shown = np.rot90(stored[:, ::-1] if is_mirrored else stored, k=-rotation_deg // 90)
    with open_video(path) as decoder:
        assert (decoder.height, decoder.width) == shown.shape[:2]
        frame = decoder.frames([2])[0]
    assert np.abs(frame.astype(int) - shown).mean() < 12


@pytest.mark.parametrize(
    ("aspect", "rotation_deg", "size"), [("2:1", 0, (320, 96)), ("1:2", 0, (80, 96)), ("4:3", 90, (96, 213))]
)
def test_pixels_that_are_not_square_are_shown_as_they_are_meant(
    tmp_path: Path, aspect: str, rotation_deg: int, size: tuple[int, int]
) -> None:
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.codec_context.sample_aspect_ratio = Fraction(aspect.replace(":", "/"))
        if rotation_deg:
            video.set_display_rotation(-rotation_deg)
        for number in range(20):
            picture = (
                np.rot90(factories.bars(number, width=96, height=160), 1) if rotation_deg else factories.bars(number)
            )
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    found = probe(path, root=tmp_path)
    assert (found.width, found.height) == size
    with open_video(path) as decoder:
        assert decoder.frames([3]).shape == (1, size[1], size[0], 3)
        assert factories.read_bars(decoder.frames([11], height=48)[0]) == 11


def test_each_real_folder_is_walked_once(tmp_path: Path) -> None:
    root = tmp_path / "footage"
    video = factories.bar_video(root / "day" / "a.mp4", num_frames=3)
    (root / "day" / "up").symlink_to(root)
    (root / "again").symlink_to(root / "day")
    outside = factories.bar_video(tmp_path / "elsewhere" / "b.mp4", num_frames=3)
    (root / "linked").symlink_to(outside.parent)
    assert find_footage(root)[1] == [video, root / "linked" / "b.mp4"]


def test_what_cannot_be_used_is_named_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good = factories.bar_video(tmp_path / "good.mp4", num_frames=5)
    locked = tmp_path / "lost+found"
    locked.mkdir()
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (tmp_path / "empty.mkv").touch()
    (tmp_path / "camera.r3d").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "truth.csv").write_text("video\n")
    (tmp_path / "tape.m2ts").write_bytes(stream(tmp_path / "tape.ts", numbers=range(10), click_s=0.1).read_bytes())
    (tmp_path / "tape.ts").unlink()
    latin = Path(os.fsdecode(os.fsencode(tmp_path) + b"/tea\xe9.mp4"))
    latin.write_bytes(good.read_bytes())
    real = Path.iterdir

    def iterdir(folder: Path) -> object:
        if folder.name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    root, paths = find_footage(tmp_path)
    found = {video.path: video for video in (probe(path, root=root) for path in paths)}
    assert {path for path, video in found.items() if video.status == "ok"} == {"good.mp4", "tape.m2ts"}
    reasons = {path: video.reason for path, video in found.items() if video.reason}
    assert set(reasons) == {"lost+found", "dangling.mp4", "empty.mkv", "tea\\xe9.mp4"}
    for path, word in (
        ("lost+found", "listed"),
        ("dangling.mp4", "link"),
        ("empty.mkv", "empty"),
        ("tea\\xe9.mp4", "UTF-8"),
    ):
        assert word in reasons[path]
    assert "camera.r3d" in caplog.text and "truth.csv" not in caplog.text
    assert len({video.video_id for video in found.values()}) == len(found)


FAULTS = {  # frames, first picture and last, seconds
    "clock_jumps_25h.ts": (163, 0.01, 6.49),
    "clock_restarts.ts": (163, 0.01, 6.49),
    "dropped.avi": (90, 0.0, 4.52),
    "h264_b.avi": (113, 0.0, 4.48),
    "mirror_h.mp4": (113, 0.0, 4.48),
    "mpeg2_cut.mkv": (77, 0.0, 3.04),
    "offset07.mp4": (113, 0.064, 4.544),
    "opengop_cut.mp4": (86, 0.0, 3.4),
    "qt_trim_both.mp4": (63, 0.0, 2.48),
    "qt_trim_end.mp4": (80, 0.0, 3.16),
    "sound_changes.ts": (113, 0.01, 4.48),
    "two_video.mkv": (113, 0.016, 4.496),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", FAULTS)
def test_files_that_failed_are_read_as_ffprobe_reads_them(shared_dir: Path, name: str) -> None:
    path = shared_dir / "faults" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = probe(path, root=path.parent)
    num_frames, first_s, last_s = FAULTS[name]
    assert (found.status, found.num_frames, found.width) == ("ok", num_frames, 320)
    with open_video(path) as decoder:
        assert (decoder.pts_s[0], decoder.pts_s[-1]) == pytest.approx((first_s, last_s), abs=0.003)
        assert sum(1 for _ in decoder.iterate(height=18)) == num_frames
    if found.has_audio:
        sound = read_sound(path)
        assert sound is not None and abs(len(sound) / RATE - last_s) < 0.2


@pytest.mark.shared
@pytest.mark.parametrize("name", ["trunc.mkv", "noise.webm"])
def test_files_that_end_early_are_quarantined(shared_dir: Path, name: str) -> None:
    path = shared_dir / "faults" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    assert "truncated" in probe(path, root=path.parent).reason
