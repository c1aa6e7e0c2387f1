"""Write H.264 clips that browsers play.

Legend: T frames, H, W, C = red, green, blue.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from slowpaths.store.tables import atomic_write

_LEAST_TREE = 128  # in smaller pictures the macroblock tree of x264 gives other bytes from one run to the next


def write_clip(
    path: Path, frames_THWC: Iterable[np.ndarray], *, fps: Fraction | float, crf: int = 20, gop: int = 8,
    audio: tuple[np.ndarray, int] | None = None,
) -> None:  # fmt: skip
    """Write an MP4 with H.264 (yuv420p, index at the front, short groups of pictures) and optional AAC sound.

    The same frames give the same bytes. Odd sizes lose their last row or column, since 4:2:0 needs even ones.

    Args:
        path: Final file, written atomically.
        frames_THWC: Frames (T, H, W, 3), uint8; an array, or an iterable that is consumed one by one.
        fps: Frame rate; kept exact where it is a Fraction.
        crf: Quality of x264, 0 (lossless) to 51; 20 is visually clean.
        gop: Frames from key frame to key frame.
        audio: Mono samples (N,) in -1..1 beginning at the first frame, and their rate in Hz.

    Raises:
        ValueError: If there is no frame.
        SlowpathsError: If the disk is full or the folder cannot be written.
    """
    import av

    frames = iter(frames_THWC)
    first = next(frames, None)
    if first is None:
        raise ValueError(f"no frame to write to {path}")
    height, width = first.shape[0] // 2 * 2, first.shape[1] // 2 * 2
    rate = Fraction(fps).limit_denominator(100_000)
    with atomic_write(path) as file:
        sink = _Sink(file)
        try:
            # The muxer reads back what it wrote to move the index to the front.
            with av.open(
                sink, "w", format="mp4", io_open=lambda _url, _flags, _options: _reread(file),
                container_options={"movflags": "+faststart", "fflags": "+bitexact"},
            ) as container:  # fmt: skip
                stream = container.add_stream("libx264", rate=rate)
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.codec_context.time_base = 1 / rate
                stream.codec_context.thread_count = 1
                tree = int(min(width, height) >= _LEAST_TREE)
                options = {"crf": crf, "preset": "veryfast", "g": gop, "bf": 0, "sc_threshold": 0, "mbtree": tree}
                stream.options = {key: str(value) for key, value in options.items()}
                sound = _add_sound(container, audio) if audio is not None else None
                for number, picture in enumerate(chain([first], frames)):
                    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
                    frame.pts, frame.time_base = number, 1 / rate
                    container.mux(stream.encode(frame))
                    if sink.error is not None:
                        break
                container.mux(stream.encode(None))
                if sound is not None and audio is not None:
                    _encode_sound(container, sound, audio)
        except av.FFmpegError as error:
            raise OSError(error.errno or errno.EIO, error.strerror or "the encoder failed") from error
        if sink.error is not None:
            raise sink.error


class _Sink:
    """Pass writes on until one fails and keep that error: PyAV prints what is raised inside its callbacks."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.name = file.name
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        return self._try(lambda: self._file.write(data), otherwise=len(data))

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._try(lambda: self._file.seek(offset, whence), otherwise=max(offset, 0))

    def _try(self, act: Callable[[], int], *, otherwise: int) -> int:
        if self.error is None:
            try:
                return act()
            except OSError as error:
                self.error = error
        return otherwise

    def tell(self) -> int:
        return self._file.tell() if self.error is None else 0

    def seekable(self) -> bool:
        return True


def _reread(file: IO[bytes]) -> IO[bytes]:
    file.flush()
    return Path(file.name).open("rb")


def _add_sound(container: Any, audio: tuple[np.ndarray, int]) -> Any:
    stream = container.add_stream("aac", rate=audio[1], layout="mono")
    stream.bit_rate = 96_000
    return stream


def _encode_sound(container: Any, stream: Any, audio: tuple[np.ndarray, int]) -> None:
    import av

    samples, rate = audio
    block = 1024
    for start in range(0, len(samples), block):
        part = np.ascontiguousarray(samples[start : start + block], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
