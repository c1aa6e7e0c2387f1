"""Which frames a video has: told by time stamps where they can be, else counted by decoding them once.

Legend: T frames, N packets of the video stream in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.threads import available_threads
from slowpaths.video.container import Corrections, decode, open_container, seek, set_threads
from slowpaths.video.packets import NO_TIME, Packets

# Streams whose packets do not stand for pictures one by one: VP8 stores invisible reference pictures as packets of
# their own, AVI and raw streams store no presentation times. Their frames are counted by decoding them once.
_COUNTED_CODECS = frozenset({"vp8", "libvpx"})
_COUNTED_FORMATS = frozenset({"avi", "h264", "hevc", "m4v", "mpeg", "mpegvideo"})
_INTRA_ONLY = frozenset({"mjpeg", "rawvideo", "png", "prores", "dnxhd", "ffv1", "huffyuv"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbered:
    """Hold the frames that a decoder gives."""

    ticks: np.ndarray  # time stamp of each (T,); `NO_TIME` where there is none
    keys: np.ndarray  # frames that decoding can start from, ascending
    key_bytes: np.ndarray | None  # where they lie in the file, where seeking by time would go wrong; else None
    is_told_by_time: bool  # whether time stamps identify frames


def number_frames(
    path: Path, container: Any, stream: Any, packets: Packets, *, corrections: Corrections | None
) -> Numbered:
    """Number the frames that the decoder gives of a file, which is open; ends that do not decode are left out."""
    own = packets.stream_P == stream.index
    byte_N, pts_N = packets.byte_P[own], packets.pts_P[own].copy()
    if corrections is not None:
        places = np.searchsorted(corrections.bytes_S, np.maximum.accumulate(byte_N), side="right") - 1
        pts_N += np.where(pts_N == NO_TIME, 0, corrections.ticks_S[np.maximum(places, 0)])
    key_of = dict(zip(pts_N[packets.is_key_P[own]].tolist(), byte_N[packets.is_key_P[own]].tolist(), strict=True))
    ticks = np.sort(pts_N[~packets.is_hidden_P[own] & (pts_N != NO_TIME)])
    codec, form = stream.codec_context.name, container.format.name
    is_told = not (
        codec in _COUNTED_CODECS
        or (form in _COUNTED_FORMATS and codec not in _INTRA_ONLY)
        or (pts_N == NO_TIME).any()
        or len(np.unique(ticks)) != len(ticks)
        or (corrections is not None and not packets.may_jump)
    )
    reader = _Reader(path, stream=stream.index, corrections=corrections)
    if is_told:
        ticks = _without_undecodable_start(ticks, reader, keys=set(key_of))
        ticks, is_told = _without_undecodable_end(ticks, reader, key_of=key_of)
    if is_told:
        keys = [number for number, tick in enumerate(ticks.tolist()) if tick in key_of]
    else:
        found = [(frame.pts, bool(frame.key_frame)) for frame in reader.frames()]
        ticks = np.array([NO_TIME if tick is None else tick for tick, _ in found], dtype=np.int64)
        if form == "avi":  # it stores no presentation times: a frame is shown when its place in the file comes
            ticks[: own.sum()] = np.sort(packets.dts_P[own])[: len(ticks)]
        keys = [0] if found and found[0][1] else []
    if not keys or keys[0] != 0:
        keys = [0, *keys]
    key_bytes = None
    if is_told and corrections is not None:
        key_bytes = np.array([key_of.get(int(ticks[key]), 0) for key in keys], dtype=np.int64)
    return Numbered(ticks=ticks, keys=np.array(keys, dtype=np.int64), key_bytes=key_bytes, is_told_by_time=is_told)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Decode without converting pictures."""

    path: Path
    stream: int
    corrections: Corrections | None

    def frames(self, *, tick: int | None = None, byte: int | None = None) -> Iterator[Any]:
        """Yield frames from a key frame on, or from the start; damaged packets are passed over."""
        with open_container(self.path) as container:
            stream = container.streams[self.stream]
            set_threads(stream, num_threads=min(2, available_threads()), is_draft=True)
            seek(container, stream, tick=tick, byte=byte)
            yield from decode(container, stream, corrections=self.corrections)


def _without_undecodable_start(ticks: np.ndarray, reader: _Reader, *, keys: set[int]) -> np.ndarray:
    """Leave out pictures before the first key frame that the decoder does not give, as where a film is cut open."""
    if not len(ticks) or int(ticks[0]) in keys or not keys:
        return ticks
    given: list[int] = []
    for frame in reader.frames():
        if frame.pts is not None:
            given.append(frame.pts)
            if frame.pts > min(keys):
                break
    return ticks[np.isin(ticks, given) | (ticks > max(given))] if given else ticks[:0]


def _without_undecodable_end(ticks: np.ndarray, reader: _Reader, *, key_of: dict[int, int]) -> tuple[np.ndarray, bool]:
    """Leave out pictures after the last that the decoder gives; also return whether time stamps tell frames."""
    if not len(ticks):
        return ticks, False
    last = max((number for number, tick in enumerate(ticks.tolist()) if tick in key_of), default=0)
    first_tick = int(ticks[last])
    byte = key_of.get(first_tick) if reader.corrections is not None and last else None
    given = [frame.pts for frame in reader.frames(tick=first_tick if last else None, byte=byte)]
    given = [tick for tick in given if tick is not None and tick >= first_tick]
    return ticks[: last + len(given)], bool(given) and given == ticks[last : last + len(given)].tolist()
