"""What the packets of a file say, read once without decoding; and the stream that ffmpeg would take.

Legend: P packets in the order of the file.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from slowpaths.video.container import demux

NO_TIME = -(2**62)
_MAY_JUMP = 0x200  # AVFMT_TS_DISCONT
_ATTACHED_PICTURE = 0x400  # AV_DISPOSITION_ATTACHED_PIC: a cover, not a film


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packets:
    """Hold what the packets of all streams say."""

    stream_P: np.ndarray  # number of the stream
    dts_P: np.ndarray  # when each is decoded, ticks of its stream; `NO_TIME` where the container does not say
    pts_P: np.ndarray  # when each is shown, ticks of its stream; `NO_TIME` where the container does not say
    byte_P: np.ndarray  # where each lies in the file; -1 where the container does not say
    is_key_P: np.ndarray  # whether decoding can start here
    is_hidden_P: np.ndarray  # whether an edit list hides it
    decoded_s_P: np.ndarray  # when each is decoded, seconds; NaN where the container does not say
    shown_s_P: np.ndarray  # when each is shown, seconds; where the container does not say, when it is decoded
    length_s_P: np.ndarray  # how long each is shown, seconds; 0 where the container does not say
    base: list[Fraction]  # time base of each stream, seconds a tick
    may_jump: bool  # whether a clock that jumps is no gap in such a file


def read_packets(container: Any) -> Packets:
    """Read the packets of all streams once, to the end or to the first place where the container is damaged."""
    columns = [array("q") for _ in range(6)]
    missing = (0, NO_TIME, NO_TIME, 0, -1)
    for packet in demux(container):
        if packet.size:
            values = (packet.stream_index, packet.dts, packet.pts, packet.duration, packet.pos)
            for column, value, instead in zip(columns, values, missing, strict=False):
                column.append(instead if value is None else value)
            columns[5].append(packet.is_keyframe + 2 * packet.is_discard)
    stream_P, dts_P, pts_P, length_P, byte_P, flags_P = (np.array(column, dtype=np.int64) for column in columns)
    base = [stream.time_base or Fraction(1, 90_000) for stream in container.streams]
    tick_s_P = np.array([float(one) for one in base])[stream_P]
    decoded_s_P, shown_s_P = (np.where(ticks_P == NO_TIME, np.nan, ticks_P * tick_s_P) for ticks_P in (dts_P, pts_P))
    return Packets(
        stream_P=stream_P, dts_P=dts_P, pts_P=pts_P, byte_P=byte_P, is_key_P=(flags_P & 1) > 0,
        is_hidden_P=(flags_P & 2) > 0, decoded_s_P=decoded_s_P,
        shown_s_P=np.where(np.isfinite(shown_s_P), shown_s_P, decoded_s_P), length_s_P=length_P * tick_s_P,
        base=base, may_jump=bool(container.format.flags & _MAY_JUMP),
    )  # fmt: skip


def choose_stream(container: Any, kind: str, *, packets: Packets) -> Any | None:
    """Return the "video" or "audio" stream that ffmpeg takes where none is named; None without one.

    The largest picture, or the most channels, of the streams that hold packets; the default one before the others and
    a cover last (`ffmpeg -i`, "Automatic stream selection").
    """

    def score(stream: Any) -> int:
        codec, disposition = stream.codec_context, int(stream.disposition)
        if codec is None or disposition & _ATTACHED_PICTURE:
            return int(codec is not None)
        size = codec.width * codec.height if kind == "video" else codec.channels
        return size + 5_000_000 * (disposition & 1) + 100_000_000 * bool((packets.stream_P == stream.index).any())

    streams = [stream for stream in getattr(container.streams, kind) if score(stream)]
    return max(streams, key=score, default=None)
