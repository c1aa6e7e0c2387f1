"""One timeline for picture and sound: jumps of the clock are closed, times made to increase, and judged for evenness.

Legend: T frames, P packets in the order of the file, N those of the picture and its sound.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from slowpaths.video.container import Corrections
from slowpaths.video.packets import Packets

_GAP_S = 10.0  # longest pause where a clock may jump (ffmpeg's dts_delta_threshold)
_LONGEST_GAP_S = 3600.0  # and anywhere: nobody films nothing for an hour
_BACK_S = 0.1  # a clock that goes back by more has started again (ffmpeg takes the same step)
_WRAP_S = 2**33 / 90_000  # the clock of MPEG streams has 33 bits
_OVERLAP_S = 0.1  # sound may overlap this much for the picture to go on without a gap


def close_jumps(packets: Packets, *, picture: int, sound: int | None) -> np.ndarray:
    """Return what to add to each packet's time (P,), seconds, so that the clock never jumps; all 0 where it does not.

    A clock jumps where a stream goes back by more than .1 s, or far forward past everything seen. Both streams jump
    together, each at its own packet. The picture goes on without a gap unless sound would overlap; a clock that ran
    over (33 bits at 90 kHz) goes on exactly.

    Args:
        packets: Packets of the file.
        picture: The video stream.
        sound: The sound stream that shares its clock; None without sound.
    """
    gap_s = _GAP_S if packets.may_jump else _LONGEST_GAP_S
    shift_P, length_P = np.zeros(len(packets.stream_P)), packets.length_s_P.copy()
    usable_P, jumps = np.zeros(len(shift_P), dtype=bool), False
    for stream in (picture, sound):
        own_P = (packets.stream_P == stream) & np.isfinite(packets.decoded_s_P)
        usable_P |= own_P
        step_N = np.diff(packets.decoded_s_P[own_P])
        jumps |= bool((step_N < -_BACK_S).any() or (step_N > gap_s).any())
        if (step_N > 0).any():  # a packet without a length, or as long as the gap after it, lasts as long as most
            length_P[own_P & ((length_P <= 0) | (length_P > gap_s))] = np.median(step_N[step_N > 0])
    if not jumps:
        return shift_P
    stream_N, length_N, shown_N = packets.stream_P[usable_P], length_P[usable_P], packets.shown_s_P[usable_P]
    stretch_N, jumps_s = _stretches(stream_N, packets.decoded_s_P[usable_P], length_N, gap_s=gap_s)
    ends: dict[int, float] = {}
    shifts: list[float] = []
    for stretch, jump_s in enumerate(jumps_s):
        inside = {s: (stretch_N == stretch) & (stream_N == s) for s in set(stream_N[stretch_N == stretch].tolist())}
        firsts = {s: float(shown_N[rows].min()) for s, rows in inside.items()}
        wraps = round(jump_s / _WRAP_S)
        if not shifts:
            shift_s = 0.0
        elif wraps and abs(jump_s - wraps * _WRAP_S) < gap_s:
            shift_s = shifts[-1] - wraps * _WRAP_S
        else:
            common = {s: ends[s] - first_s for s, first_s in firsts.items() if s in ends}
            shift_s = max(common.values(), default=max(ends.values()) - min(firsts.values()))
            if picture in common and shift_s - common[picture] < _OVERLAP_S:
                shift_s = common[picture]
        shifts.append(shift_s)
        for s, rows in inside.items():
            ends[s] = max(ends.get(s, -np.inf), float((shown_N + length_N)[rows].max()) + shift_s)
    shift_P[usable_P] = np.array(shifts)[stretch_N]
    return shift_P


def corrections_of(packets: Packets, shift_P: np.ndarray, *, stream: int | None) -> Corrections | None:
    """Return what closes the jumps of one stream, by place in the file; None where its clock never jumps."""
    rows = np.flatnonzero((packets.stream_P == stream) & (packets.byte_P >= 0))
    if stream is None or not shift_P[rows].any():
        return None
    ticks_N = np.round(shift_P[rows] / float(packets.base[stream])).astype(np.int64)
    begins = np.flatnonzero(np.diff(ticks_N, prepend=0))
    return Corrections(bytes_S=np.append(0, packets.byte_P[rows][begins]), ticks_S=np.append(0, ticks_N[begins]))


def _stretches(
    stream_N: np.ndarray, decoded_N: np.ndarray, duration_N: np.ndarray, *, gap_s: float
) -> tuple[np.ndarray, list[float]]:
    """Return the stretch that each packet lies in (N,), and by how much the clock jumps where each begins, seconds."""
    stretch_N = np.zeros(len(stream_N), dtype=np.int64)
    begins, jumps_s = [float(decoded_N[0])], [0.0]
    now: dict[int, int] = {}  # stretch of each stream
    ends: dict[int, float] = {}
    for row, (stream, time_s, length_s) in enumerate(zip(stream_N.tolist(), decoded_N, duration_N, strict=True)):
        newest = len(begins) - 1
        own, end_s = now.get(stream, newest), ends.get(stream, float(time_s))
        latest_s = max([end_s, *(ends[other] for other in ends if now[other] == own)])
        if own < newest and abs(time_s - begins[newest]) < abs(time_s - end_s):
            own = newest
        elif time_s < end_s - length_s - _BACK_S or time_s > latest_s + gap_s:
            begins.append(float(time_s))
            jumps_s.append(float(time_s - end_s))
            own = newest + 1
        stretch_N[row], now[stream], ends[stream] = own, own, float(time_s + length_s)
    return stretch_N, jumps_s


def strictly_increasing(times_s: np.ndarray, *, step_s: float) -> np.ndarray:
    """Return times that increase from frame to frame, keeping as many as they were as can be kept.

    Times that only changed places with a neighbour change back (decoders give frames in the order of showing, some AVI
    files stamp them in another). Of what is left the longest increasing subsequence stays; the others (repeated, wild,
    missing) are placed evenly between their kept neighbours, or at the frame rate before the first and after the last.

    Args:
        times_s: Times in frame order (T,), seconds; NaN where the container gives none.
        step_s: Frame duration that fills in at the ends, seconds.

    Example:
        >>> strictly_increasing(np.array([0.0, 1.0, 1.0, 3.0]), step_s=1.0).tolist()
        [0.0, 1.0, 2.0, 3.0]
    """
    times_s = np.asarray(times_s, dtype=np.float64)
    if len(times_s) and np.all(np.isfinite(times_s)) and np.all(np.diff(times_s) > 0):
        return times_s
    ordered_s = np.sort(times_s)
    if np.all(np.abs(ordered_s - times_s) <= 2 * step_s):  # False where one is NaN
        times_s = ordered_s
    kept = _longest_increasing(times_s)
    frames = np.arange(len(times_s))
    if not len(kept):
        return frames * step_s
    filled_s = np.interp(frames, kept, times_s[kept])
    filled_s[: kept[0]] = times_s[kept[0]] - step_s * np.arange(kept[0], 0, -1)
    filled_s[kept[-1] + 1 :] = times_s[kept[-1]] + step_s * np.arange(1, len(times_s) - kept[-1])
    return filled_s


def _longest_increasing(values: np.ndarray) -> np.ndarray:
    """Return the positions of a longest strictly increasing subsequence (patience sorting), NaN left out."""
    ends: list[float] = []
    positions: list[int] = []
    previous = np.full(len(values), -1)
    for index in np.flatnonzero(np.isfinite(values)).tolist():
        place = bisect_left(ends, values[index])
        if place < len(ends) and ends[place] == values[index]:
            continue  # of equal values the first stays
        ends[place : place + 1] = [float(values[index])]
        positions[place : place + 1] = [index]
        previous[index] = positions[place - 1] if place else -1
    chain: list[int] = []
    index = positions[-1] if positions else -1
    while index >= 0:
        chain.append(index)
        index = int(previous[index])
    return np.array(chain[::-1], dtype=np.int64)


def is_variable_rate(pts_s: np.ndarray, *, tick_s: float) -> bool:
    """Return whether frame durations differ by more than rounding to the container's clock explains.

    Args:
        pts_s: Presentation times (T,), seconds.
        tick_s: One tick of the container's clock, seconds.
    """
    steps_s = np.diff(pts_s)
    if len(steps_s) < 2:
        return False
    typical_s = np.median(steps_s)
    return bool(np.max(np.abs(steps_s - typical_s)) > max(1.5 * tick_s, 0.02 * typical_s))
