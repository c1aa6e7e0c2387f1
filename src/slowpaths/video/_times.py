"""Presentation times: made to increase, and judged for evenness.

Legend: T frames.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np


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
