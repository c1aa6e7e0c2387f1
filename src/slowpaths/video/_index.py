"""What a container says of its pictures, read from the packets without decoding (the last group of pictures excepted).

Frames are numbered from 0 in the order in which the decoder gives them, which is the order in which they are shown.
Legend: T frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video._times import is_variable_rate, strictly_increasing

# Streams whose packets do not stand for pictures one by one: VP8 stores invisible reference pictures as packets of
# their own, AVI and raw streams store no presentation times. Their frames are counted by decoding them once.
_COUNTED_CODECS = frozenset({"vp8", "libvpx"})
_COUNTED_FORMATS = frozenset({"avi", "h264", "hevc", "m4v", "mpeg", "mpegvideo"})
_INTRA_ONLY = frozenset({"mjpeg", "rawvideo", "png", "prores", "dnxhd", "ffv1", "huffyuv"})
# A first time stamp beyond this is a running clock (MPEG-TS, live captures) and not a presentation time.
_RUNNING_CLOCK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamIndex:
    """Describe the video stream of one file.

    Args:
        pts_s: Presentation time of each frame (T,), seconds, strictly increasing.
        ticks: The container's own time stamp of each frame (T,), int64.
        key_frames: Frames that decoding can start from, ascending.
        is_counted: Whether frames are found by counting from the start because time stamps do not identify them.
        origin_s: Container time that is video time 0, seconds.
        fps: Average frame rate.
        is_variable_rate: Whether frame durations differ.
        duration_s: Time from the first frame to the end of the last, seconds.
        width: As stored, pixels.
        height: As stored, pixels.
        rotation_deg: Clockwise turn that shows the picture upright: 0, 90, 180 or 270.
        codec: Codec name.
        container: Name of the container format.
        bit_depth: Bits per component.
        is_interlaced: Whether pictures are flagged as interlaced.
        has_audio: Whether there is a sound stream.
        num_declared: Frames the header promises; 0 where it does not say.
        num_dropped: Packets that the container's edit list hides.
    """

    pts_s: np.ndarray
    ticks: np.ndarray
    key_frames: np.ndarray
    is_counted: bool
    origin_s: float
    fps: Fraction
    is_variable_rate: bool
    duration_s: float
    width: int
    height: int
    rotation_deg: int
    codec: str
    container: str
    bit_depth: int
    is_interlaced: bool
    has_audio: bool
    num_declared: int
    num_dropped: int

    def __len__(self) -> int:
        return len(self.pts_s)

    @property
    def is_plain(self) -> bool:
        """Return whether frame i of any decoder is sure to be frame i here: even rate, upright, nothing hidden."""
        return not (self.is_variable_rate or self.rotation_deg or self.is_counted or self.num_dropped)


def read_index(path: Path) -> StreamIndex:
    """Return the index of a video file, cached while the file does not change.

    Raises:
        BrokenVideoError: If the file has no picture that decodes.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise BrokenVideoError(file_problem(path, error)) from error
    return _read_index(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _read_index(path: Path, _modified_ns: int, size: int) -> StreamIndex:
    if size == 0:
        raise BrokenVideoError(f"{path.name} is empty: copy or download it again")
    with open_container(path) as container:
        if not container.streams.video:
            raise BrokenVideoError(f"{path.name} has no video stream: give a video, or leave the file out of footage=")
        stream = container.streams.video[0]
        packets = [packet for packet in _demux(container, stream) if packet.size]
        facts = _facts(path, container, stream, packets)
        ticks = np.array(sorted(p.pts for p in packets if not p.is_discard and p.pts is not None), dtype=np.int64)
        keys = {packet.pts for packet in packets if packet.is_keyframe}
        is_counted = (
            stream.codec_context.name in _COUNTED_CODECS
            or (container.format.name in _COUNTED_FORMATS and stream.codec_context.name not in _INTRA_ONLY)
            or any(packet.pts is None for packet in packets)
            or len(np.unique(ticks)) != len(ticks)
        )
        time_base = stream.time_base or Fraction(1, 90_000)
        start = container.start_time
        rate = stream.average_rate or stream.guessed_rate
    frames = None
    if not is_counted:
        first_of_tail = max((index for index, tick in enumerate(ticks) if tick in keys), default=0)
        tail = decode_ticks(path, seek_tick=int(ticks[first_of_tail]) if first_of_tail else None)
        tail = [tick for tick in tail[0] if tick is not None and tick >= ticks[first_of_tail]] if len(ticks) else []
        expected = ticks[first_of_tail:].tolist()
        is_counted = tail != expected[: len(tail)] or not tail
        ticks = ticks[: first_of_tail + len(tail)]
    if is_counted:
        found, key_flags = decode_ticks(path)
        frames = found
        key_frames = np.flatnonzero(key_flags[:1])
        ticks = np.array([-1 if tick is None else tick for tick in found], dtype=np.int64)
    else:
        key_frames = np.array([index for index, tick in enumerate(ticks) if tick in keys], dtype=np.int64)
    if not len(ticks):
        raise BrokenVideoError(f"{path.name} has no frame that decodes: re-encode it or download it again")
    if not len(key_frames) or key_frames[0] != 0:
        key_frames = np.concatenate([[0], key_frames]).astype(np.int64)
    origin_s = start / 1e6 if start is not None and start / 1e6 > _RUNNING_CLOCK_S else 0.0
    step_s = float(1 / rate) if rate else 0.04
    raw_s = np.array([np.nan if tick is None else float(tick * time_base) for tick in (frames or ticks.tolist())])
    pts_s = strictly_increasing(raw_s - origin_s, step_s=step_s)
    is_variable = is_variable_rate(pts_s, tick_s=float(time_base))
    fps = Fraction(rate) if rate and not is_variable else _average_rate(pts_s, fallback=rate)
    return StreamIndex(
        pts_s=pts_s,
        ticks=ticks,
        key_frames=key_frames,
        is_counted=is_counted,
        origin_s=origin_s,
        fps=fps,
        is_variable_rate=is_variable,
        duration_s=float(pts_s[-1] - pts_s[0] + 1 / fps),
        **facts,
    )


def _facts(path: Path, container: Any, stream: Any, packets: Sequence[Any]) -> dict[str, Any]:
    codec, layout = stream.codec_context, stream.codec_context.format
    first = _first_frame(path)
    return {
        "width": codec.width,
        "height": codec.height,
        "rotation_deg": -round(first.rotation / 90) * 90 % 360 if first is not None else 0,
        "codec": {"libdav1d": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9"}.get(codec.name, codec.name),
        "container": container.format.name,
        "bit_depth": max((component.bits for component in layout.components), default=8) if layout else 8,
        "is_interlaced": bool(first is not None and first.interlaced_frame),
        "has_audio": bool(container.streams.audio),
        "num_declared": stream.frames,
        "num_dropped": sum(packet.is_discard for packet in packets),
    }


def open_container(path: Path) -> Any:
    """Open a file with PyAV.

    Raises:
        BrokenVideoError: If it cannot be opened; the message says why.
    """
    import av

    try:
        with path.open("rb") as stream:
            stream.read(1)
        return av.open(str(path))
    except av.FFmpegError as error:
        raise BrokenVideoError(
            f"{path.name} is no readable video (it may be truncated or of another kind): re-encode it or download it "
            f"again [{error.strerror}]"
        ) from error
    except OSError as error:
        raise BrokenVideoError(file_problem(path, error)) from error


def file_problem(path: Path, error: OSError) -> str:
    """Return one sentence for a file that the system will not open, with its cure."""
    if isinstance(error, FileNotFoundError):
        return f"{path.name} does not exist: check the path"
    if isinstance(error, PermissionError):
        return f"{path.name} may not be read: change its permissions (chmod u+r)"
    if isinstance(error, IsADirectoryError):
        return f"{path.name} is a folder without pictures: give a video file, or a folder of .jpg or .png frames"
    return f"{path.name} cannot be read ({error.strerror or error}): copy it to another disk"


def _demux(container: Any, stream: Any) -> Any:
    """Yield packets until the end or the first place where the container is damaged."""
    import av

    try:
        yield from container.demux(stream)
    except av.FFmpegError:
        return


def _first_frame(path: Path) -> Any:
    with open_container(path) as container:
        return next(iter(decode(container, container.streams.video[0])), None)


def decode_ticks(path: Path, *, seek_tick: int | None = None) -> tuple[list[int | None], list[bool]]:
    """Decode without converting pictures; damaged packets are passed over.

    Args:
        path: Video file.
        seek_tick: Time stamp of the key frame to begin at; None for the start.

    Returns:
        Time stamp of each frame in the order of output, and whether each is a key frame.
    """
    ticks: list[int | None] = []
    keys: list[bool] = []
    with open_container(path) as container:
        stream = container.streams.video[0]
        set_threads(stream, num_threads=2, is_draft=True)
        if seek_tick is not None:
            container.seek(seek_tick, stream=stream)
        for frame in decode(container, stream):
            ticks.append(frame.pts)
            keys.append(bool(frame.key_frame))
    return ticks, keys


def decode(container: Any, stream: Any) -> Any:
    """Yield decoded frames to the end; a packet that does not decode is passed over."""
    import av

    is_flushed = False
    for packet in _demux(container, stream):
        is_flushed = packet.size == 0
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue
    if not is_flushed:  # the container broke off: frames that wait in the decoder still come out
        with suppress(av.FFmpegError):
            yield from stream.decode(None)


def set_threads(stream: Any, *, num_threads: int, is_draft: bool = False) -> None:
    """Set decoding threads, and for a draft leave out the deblocking filter (small errors, about a fifth faster)."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = num_threads
    if is_draft:
        stream.codec_context.options = {"skip_loop_filter": "all"}


def _average_rate(pts_s: np.ndarray, *, fallback: Fraction | None) -> Fraction:
    if len(pts_s) < 2:
        return Fraction(fallback or 25)
    return Fraction((len(pts_s) - 1) / float(pts_s[-1] - pts_s[0])).limit_denominator(100_000)
