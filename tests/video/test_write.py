from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from slowpaths.core.errors import SlowpathsError
from slowpaths.video import write
from slowpaths.video.open import open_video
from slowpaths.video.probe import probe
from slowpaths.video.sound import read_sound
from slowpaths.video.write import write_clip
from tests import factories


def _frames(number: int = 20, *, width: int = 160, height: int = 96) -> np.ndarray:
    return np.stack([factories.bars(frame, width=width, height=height) for frame in range(number)])


def test_clip_reads_back_in_every_decoder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "clip.mp4"
    write_clip(path, _frames(), fps=25)
    for backend in ("pyav", "decord"):
        with open_video(path, backend=backend) as decoder:
            assert [factories.read_bars(frame) for frame in decoder.frames(range(20))] == list(range(20))
            np.testing.assert_allclose(decoder.pts_s, np.arange(20) / 25)
    assert list(path.parent.iterdir()) == [path]


def test_clip_is_what_browsers_play(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_clip(path, _frames(width=161, height=97), fps=Fraction(30_000, 1001), gop=8)
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        keys = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
    assert [number for number, is_key in enumerate(keys) if is_key] == [0, 8, 16]
    video = probe(path, root=tmp_path)
    assert (video.width, video.height, video.fps) == (160, 96, Fraction(30_000, 1001))


def test_same_frames_same_bytes(tmp_path: Path) -> None:
    tone = (np.sin(np.arange(12_800) * 0.3) * 0.2, 16_000)
    for name in ("one.mp4", "other.mp4"):
        write_clip(tmp_path / name, iter(_frames()), fps=25, audio=tone)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "other.mp4").read_bytes()


def test_sound_stays_where_it_was(tmp_path: Path) -> None:
    samples = np.zeros(16_000, dtype=np.float32)
    samples[8000:8400] = np.sin(np.arange(400) * 0.8) * 0.5
    write_clip(tmp_path / "clip.mp4", _frames(25), fps=25, audio=(samples, 16_000))
    heard = read_sound(tmp_path / "clip.mp4")
    assert heard is not None
    loud = np.flatnonzero(np.abs(heard) > 0.2)
    assert abs(loud[0] - 8000) < 160 and abs(loud[-1] - 8400) < 160  # 10 ms


def test_a_failed_write_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"old")

    def frames() -> Iterator[np.ndarray]:
        yield from _frames(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clip(path, frames(), fps=25)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = write.atomic_write

    class Full:
        """Pass everything on to a real file, but fail to write as a full disk does."""

        def __init__(self, stream: object) -> None:
            self._stream = stream

        def __getattr__(self, name: str) -> object:
            return getattr(self._stream, name)

        def write(self, _data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def seek(self, _offset: int, _whence: int = 0) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    @contextmanager
    def full(path: Path) -> Iterator[Full]:
        with real(path) as stream:
            yield Full(stream)

    monkeypatch.setattr(write, "atomic_write", full)
    with pytest.raises(SlowpathsError, match="no space left"):
        write_clip(tmp_path / "clip.mp4", _frames(), fps=25)
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in capfd.readouterr().err


def test_no_frame_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no frame"):
        write_clip(tmp_path / "clip.mp4", [], fps=25)
