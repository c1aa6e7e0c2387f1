"""Open a file, take its packets one by one and decode them.

Legend: S stretches of a stream between jumps of its clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import BrokenVideoError


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
class Corrections:
    """Say what to add to a stream's time stamps, by place in the file."""

    bytes_S: np.ndarray  # first byte of each stretch (S,), ascending
    ticks_S: np.ndarray  # what to add from there on (S,), ticks of the stream

    def shift_at(self, byte: int | None, *, otherwise: int) -> int:
        """Return what to add to a packet at a byte of the file; `otherwise` where its place is not known."""
        if byte is None or byte < 0:
            return otherwise
        return int(self.ticks_S[max(0, int(np.searchsorted(self.bytes_S, byte, side="right")) - 1)])


def demux(container: Any, stream: Any = None, *, corrections: Corrections | None = None) -> Iterator[Any]:
    """Yield packets of a stream, or of all, until the end or the first place where the container is damaged."""
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


def seek(container: Any, stream: Any, *, tick: int | None, byte: int | None) -> None:
    """Go to a key frame by its place in the file, else by its time stamp; stay where neither is given."""
    if byte is not None:
        container.seek(byte, stream=stream, unsupported_byte_offset=True)
    elif tick is not None:
        container.seek(tick, stream=stream)
