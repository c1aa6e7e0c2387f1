"""Open a file, read its packets, decode its pictures; choose streams as ffmpeg does."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video.timeline import Corrections

NO_TIME = -(2**62)
_ATTACHED_PICTURE = 0x400  # AV_DISPOSITION_ATTACHED_PIC: a cover, not a film


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
    if path.is_symlink() and not path.exists():
        return f"{path.name} is a link to a file that does not exist: mend or delete the link"
    if isinstance(error, FileNotFoundError):
        return f"{path.name} does not exist: check the path"
    if isinstance(error, PermissionError):
        return f"{path.name} may not be read: change its permissions (chmod u+r)"
    if isinstance(error, IsADirectoryError):
        return f"{path.name} is a folder without pictures: give a video file, or a folder of .jpg or .png frames"
    return f"{path.name} cannot be read ({error.strerror or error}): copy it to another disk"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packets:
    """Hold what the packets (P,) of a file say, in the order of the file; times in ticks of each stream.

    Args:
        stream_P: Number of the stream.
        dts_P: When each is decoded; `NO_TIME` where the container does not say.
        pts_P: When each is shown; `NO_TIME` where the container does not say.
        duration_P: How long each is shown; 0 where the container does not say.
        byte_P: Where each lies in the file; -1 where the container does not say.
        is_key_P: Whether decoding can start here.
        is_hidden_P: Whether an edit list hides it.
    """

    stream_P: np.ndarray
    dts_P: np.ndarray
    pts_P: np.ndarray
    duration_P: np.ndarray
    byte_P: np.ndarray
    is_key_P: np.ndarray
    is_hidden_P: np.ndarray


def read_packets(container: Any) -> Packets:
    """Read the packets of all streams once, to the end or to the first place where the container is damaged."""
    columns = [array("q") for _ in range(6)]
    for packet in demux(container):
        if packet.size:
            values = (packet.stream_index, packet.dts, packet.pts, packet.duration, packet.pos)
            missing = (0, NO_TIME, NO_TIME, 0, -1)
            for column, value, instead in zip(columns, values, missing, strict=False):
                column.append(instead if value is None else value)
            columns[5].append(packet.is_keyframe + 2 * packet.is_discard)
    stream_P, dts_P, pts_P, duration_P, byte_P, flags_P = (np.array(column, dtype=np.int64) for column in columns)
    return Packets(
        stream_P=stream_P,
        dts_P=dts_P,
        pts_P=pts_P,
        duration_P=duration_P,
        byte_P=byte_P,
        is_key_P=(flags_P & 1) > 0,
        is_hidden_P=(flags_P & 2) > 0,
    )


def choose_stream(container: Any, kind: str, *, packets: Packets) -> Any | None:
    """Return the stream that ffmpeg takes where none is named; None without one.

    The largest picture, or the most channels, of the streams that hold packets; the default one before the others and
    a cover last (`ffmpeg -i`, "Automatic stream selection").

    Args:
        container: Open container.
        kind: "video" or "audio".
        packets: Packets of the file.
    """
    best, best_score = None, 0
    for stream in getattr(container.streams, kind):
        codec = stream.codec_context
        if codec is None:
            continue
        size = codec.width * codec.height if kind == "video" else codec.channels
        has_packets = bool((packets.stream_P == stream.index).any())
        score = size + 5_000_000 * (int(stream.disposition) & 1) + 100_000_000 * has_packets
        if int(stream.disposition) & _ATTACHED_PICTURE:
            score = 1
        if score > best_score:
            best, best_score = stream, score
    return best


def demux(container: Any, stream: Any = None, *, corrections: Corrections | None = None) -> Iterator[Any]:
    """Yield packets until the end or the first place where the container is damaged.

    Args:
        container: Open container.
        stream: Stream to read; None for all.
        corrections: What to add to the stream's time stamps.
    """
    import av

    shift = 0
    try:
        for packet in container.demux() if stream is None else container.demux(stream):
            if corrections is not None and packet.size:
                shift = corrections.shift_at(packet.pos, otherwise=shift)
                packet.pts = None if packet.pts is None else packet.pts + shift
                packet.dts = None if packet.dts is None else packet.dts + shift
            yield packet
    except av.FFmpegError:
        return


def decode(container: Any, stream: Any, *, corrections: Corrections | None = None) -> Iterator[Any]:
    """Yield decoded frames to the end; a packet that does not decode is passed over."""
    import av

    is_flushed = False
    for packet in demux(container, stream, corrections=corrections):
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
