"""What a container says of its pictures, read from the packets; only both ends of the video are decoded.

Frames are numbered from 0 in the order in which the decoder gives them, which is the order in which they are shown.
Legend: T frames, P packets in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths.core.errors import BrokenVideoError
from slowpaths.video.container import Corrections, decode, file_problem, open_container
from slowpaths.video.numbering import number_frames
from slowpaths.video.packets import NO_TIME, choose_stream, read_packets
from slowpaths.video.timeline import close_jumps, corrections_of, is_variable_rate, strictly_increasing

# Their duration is estimated from what is there, and promises nothing.
_ESTIMATED_FORMATS = frozenset({"mpegts", "mpeg", "h264", "hevc", "m4v", "mpegvideo", "gif", "ogg"})
_AVI_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamIndex:
    """Describe the video stream of one file."""

    pts_s: np.ndarray  # presentation time of each frame (T,), seconds, strictly increasing; 0 is where a player begins
    ticks: np.ndarray  # time stamp of each frame (T,), int64, in ticks of the stream, jumps of the clock closed
    key_frames: np.ndarray  # frames that decoding can start from, ascending
    key_bytes: np.ndarray | None  # where they lie in the file, where seeking by time would go wrong (clock jumps)
    corrections: Corrections | None  # what closes the jumps of the picture's clock; None where there is none
    sound_corrections: Corrections | None  # the same for the sound
    stream: int  # number of the video stream
    sound_stream: int | None  # number of the sound stream; None without sound
    is_told_by_time: bool  # whether time stamps identify frames; otherwise they are counted from the start
    origin_s: float  # container time that is video time 0, seconds
    fps: Fraction  # average frame rate
    is_variable_rate: bool  # whether frame durations differ
    duration_s: float  # time from the first frame to the end of the last, seconds
    missing_s: float  # how much earlier the frames end than header or packets promise, seconds; 0 where complete
    width: int  # width as shown: upright, in square pixels
    height: int  # height as shown
    rotation_deg: int  # clockwise turn that shows the picture upright: 0, 90, 180 or 270
    is_mirrored: bool  # whether left and right change places before the turn
    codec: str  # codec name
    container: str  # name of the container format
    bit_depth: int  # bits per component
    is_interlaced: bool  # whether pictures are flagged as interlaced
    # Whether frame i of any decoder is sure to be frame i here: one video stream, even rate, shown as it is stored,
    # nothing hidden.
    is_plain: bool

    def __len__(self) -> int:
        return len(self.pts_s)


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
        packets = read_packets(container)
        stream, sound = (choose_stream(container, kind, packets=packets) for kind in ("video", "audio"))
        if stream is None:
            raise BrokenVideoError(f"{path.name} has no video stream: give a video, or leave the file out of footage=")
        own, heard = stream.index, None if sound is None else sound.index
        shift_P = close_jumps(packets, picture=own, sound=heard)
        corrections = corrections_of(packets, shift_P, stream=own)
        frames = number_frames(path, container, stream, packets, corrections=corrections)
        if not len(frames.ticks):
            raise BrokenVideoError(f"{path.name} has no frame that decodes: re-encode it or download it again")
        rates = [Fraction(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate]
        base, step_s = packets.base[own], float(1 / rates[0]) if rates else 0.04
        raw_s = np.where(frames.ticks == NO_TIME, np.nan, frames.ticks * base.numerator / base.denominator)
        raw_s = strictly_increasing(raw_s, step_s=step_s)
        origin_s = min((container.start_time or 0) / 1e6, float(raw_s[0]))
        is_variable = is_variable_rate(raw_s - origin_s, tick_s=float(base))
        fps = _rate(raw_s, rates=rates, is_variable=is_variable)
        end_s = float(raw_s[-1] + 1 / fps)
        ends_P = np.nan_to_num(packets.shown_s_P + packets.length_s_P)
        own_P = packets.stream_P == own
        promised_s = (ends_P + shift_P)[own_P & ~packets.is_hidden_P].max(initial=0.0)
        short_s = _declared_s(path, container, stream, base=base) - max(ends_P.max(), end_s)
        facts = _facts(container, stream)
        is_plain = (
            not (is_variable or facts["rotation_deg"] or facts["is_mirrored"] or corrections is not None)
            and (facts["width"], facts["height"]) == (stream.codec_context.width, stream.codec_context.height)
            and frames.is_told_by_time
            and len(container.streams.video) == 1
            and len(frames.ticks) == own_P.sum()  # nothing hidden, and nothing left out by the decoder
            and stream.frames in (0, len(frames.ticks))
        )
    return StreamIndex(
        pts_s=raw_s - origin_s, ticks=frames.ticks, key_frames=frames.keys, key_bytes=frames.key_bytes,
        corrections=corrections, sound_corrections=corrections_of(packets, shift_P, stream=heard), stream=own,
        sound_stream=heard, is_told_by_time=frames.is_told_by_time, origin_s=origin_s, fps=fps,
        is_variable_rate=is_variable, missing_s=max(short_s, promised_s - end_s, 0.0), is_plain=is_plain,
        duration_s=float(raw_s[-1] - origin_s - (raw_s[0] - origin_s) + 1 / fps), **facts,
    )  # fmt: skip


def _facts(container: Any, stream: Any) -> dict[str, Any]:
    codec, layout = stream.codec_context, stream.codec_context.format
    with open_container(Path(container.name)) as again:
        first = next(decode(again, again.streams[stream.index]), None)
    rotation_deg, is_mirrored = _orientation(first)
    width, height = max(1, round(codec.width * Fraction(stream.sample_aspect_ratio or 1))), codec.height
    return {
        "width": height if rotation_deg % 180 else width,
        "height": width if rotation_deg % 180 else height,
        "rotation_deg": rotation_deg,
        "is_mirrored": is_mirrored,
        "codec": {"libdav1d": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9"}.get(codec.name, codec.name),
        "container": container.format.name,
        "bit_depth": max((component.bits for component in layout.components), default=8) if layout else 8,
        "is_interlaced": bool(first is not None and first.interlaced_frame),
    }


def _orientation(frame: Any) -> tuple[int, bool]:
    """Return the clockwise turn that shows a frame upright, and whether it is mirrored before."""
    matrix = frame.side_data.get("DISPLAYMATRIX") if frame is not None else None
    if matrix is None:
        return 0, False
    # x' = a x + c y, y' = b x + d y in 16.16 fixed point; y grows downwards
    (a, b), (c, d) = np.frombuffer(bytes(matrix), dtype="<i4").reshape(3, 3)[:2, :2].astype(float).tolist()
    is_mirrored = a * d - b * c < 0
    turn_deg = np.degrees(np.arctan2(-b, -a) if is_mirrored else np.arctan2(b, a))
    return int(round(turn_deg / 90) * 90 % 360), is_mirrored


def _declared_s(path: Path, container: Any, stream: Any, *, base: Fraction) -> float:
    """Return when the header says that the film ends, on the clock of the container; 0 where it does not say."""
    if container.format.name == "avi":
        return _avi_declared_s(path, path.stat().st_size)
    if container.format.name in _ESTIMATED_FORMATS:
        return 0.0
    if stream.duration:
        return float((max(stream.start_time or 0, 0) + stream.duration) * base)
    return (container.duration or 0) / 1e6


def _avi_declared_s(path: Path, size: int) -> float:
    """Return the length that the header of an AVI file says; 0 where its chunks are all there.

    The header also counts pictures that were left out, so it says something only of a file that was cut off.
    """
    with path.open("rb") as file:
        head = file.read(_AVI_HEAD_BYTES)
        place = 12
        while place + 8 <= size:
            file.seek(place)
            name, length = file.read(4), int.from_bytes(file.read(4), "little")
            if not name.isalnum() or not length:
                break
            place += 12 if name == b"RIFF" else 8 + length + length % 2
    at = head.find(b"strh\x38\0\0\0vids")
    if size <= place <= size + 1 or at < 0:
        return 0.0
    scale, rate, _, frames = np.frombuffer(head, dtype="<u4", count=4, offset=at + 28).tolist()
    return frames * scale / max(rate, 1)


def _rate(pts_s: np.ndarray, *, rates: Sequence[Fraction], is_variable: bool) -> Fraction:
    """Return the rate that the container names where the frames keep it, else their average."""
    if len(pts_s) < 2:
        return rates[0] if rates else Fraction(25)
    average = (len(pts_s) - 1) / float(pts_s[-1] - pts_s[0])
    kept = [rate for rate in rates if not is_variable and abs(float(rate) / average - 1) < 0.01]
    return kept[0] if kept else Fraction(average).limit_denominator(100_000)
