"""Transitions that take time: dissolves, and the logo animation that wipes in and out of replays.

Legend: D distinct frames, H, W = 18, 32.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

_SIZE = (32, 18)
_DISSOLVE_S = (0.15, 0.8)  # 4 to 20 frames at 25 a second
_MIN_DISSOLVE_FRAMES = 4
_MAX_RESIDUAL = 0.25  # of the distance between the two pictures; a blend leaves coding noise and motion
_MIN_DISTANCE = 15.0  # grey levels between the pictures that are blended
_MAX_DIP = 0.9  # a half-way blend of two unrelated pictures has less contrast than either (Alattar 1993)
_WIPE_FRAMES = (12, 35)  # length of replay logos
WIPE_REACH_S = 0.7  # half of the longest logo: this long before and after its middle the picture is free of it
_WIPE_APART_S = 2.0
_MIN_COVERED = 4  # a third of the shortest logo covers all of the picture
_MAX_HOLE = 3
_SAME_GREY = 4.0  # coding noise and what shines through


def shrink(thumbnail_HWC: np.ndarray) -> np.ndarray:
    """Return a grey picture (18, 32), uint8, that slow transitions are found in."""
    return cv2.resize(cv2.cvtColor(thumbnail_HWC, cv2.COLOR_RGB2GRAY), _SIZE, interpolation=cv2.INTER_AREA)


def find_dissolves(small_DHW: np.ndarray, times_s: np.ndarray, *, cuts: Sequence[int]) -> list[tuple[int, int]]:
    """Find runs of frames that blend one picture into another: first and last blended frame of each.

    Every frame between a and b must lie close to the straight line from picture a to picture b, ever nearer to b, and
    the contrast must sink on the way: a pan changes every pixel too, but keeps its contrast.

    Args:
        small_DHW: Grey pictures (D, H, W), uint8.
        times_s: Their times (D,), seconds.
        cuts: Positions of hard cuts; a dissolve does not reach over one.
    """
    flat = small_DHW.reshape(len(small_DHW), -1).astype(np.float32)
    spread = flat.std(axis=1)
    cuts_before = np.zeros(len(flat) + 1, dtype=np.int64)
    cuts_before[np.asarray(cuts, dtype=np.int64) + 1] = 1
    cuts_before = cuts_before.cumsum()
    found: list[tuple[float, int, int]] = []
    for starts, ends in _spans(times_s):
        usable = cuts_before[ends + 1] == cuts_before[starts + 1]
        starts, ends = starts[usable], ends[usable]
        distances = np.abs(flat[ends] - flat[starts]).mean(axis=1)
        for start, end, distance in zip(starts, ends, distances, strict=True):
            if distance < _MIN_DISTANCE:
                continue
            line = flat[end] - flat[start]
            between = flat[start + 1 : end] - flat[start]
            share = between @ line / float(line @ line)
            if share[0] < 0.02 or share[-1] > 0.98 or np.any(np.diff(share) <= 0):
                continue
            residual = np.abs(between - share[:, None] * line).mean(axis=1) / distance
            straight = (1 - share) * spread[start] + share * spread[end]
            middle = int(np.argmin(np.abs(share - 0.5)))
            if residual.max() < _MAX_RESIDUAL and spread[start + 1 + middle] < _MAX_DIP * straight[middle]:
                found.append((float(residual.max()), int(start) + 1, int(end) - 1))
    return _disjoint(found)


def _spans(times_s: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of frames that are as far apart as a dissolve may last: starts and ends, one length at a time."""
    starts = np.arange(len(times_s))
    nearest = np.maximum(starts + _MIN_DISSOLVE_FRAMES, np.searchsorted(times_s, times_s + _DISSOLVE_S[0]))
    farthest = np.minimum(np.searchsorted(times_s, times_s + _DISSOLVE_S[1], side="right"), len(times_s))
    for length in range(_MIN_DISSOLVE_FRAMES, int((farthest - starts).max(initial=0))):
        ends = starts + length
        inside = (ends >= nearest) & (ends < farthest)
        yield starts[inside], ends[inside]


def _disjoint(found: list[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """Keep the best of every group that overlaps, in order of time."""
    kept: list[tuple[int, int]] = []
    for _, first, last in sorted(found):
        if all(last < other_first or first > other_last for other_first, other_last in kept):
            kept.append((first, last))
    return sorted(kept)


def find_wipes(small_DHW: np.ndarray, times_s: np.ndarray) -> list[tuple[int, int]]:
    """Find logo wipes: short runs of pictures unlike what is before and after, that the video shows again.

    A logo that flies in leaves the picture free at first, so only the frames that it covers come again as they were.

    Returns:
        First and last covered frame of each showing of a logo.
    """
    flat = small_DHW.reshape(len(small_DHW), -1).astype(np.int16)
    before = np.searchsorted(times_s, times_s - WIPE_REACH_S)
    after = np.minimum(np.searchsorted(times_s, times_s + WIPE_REACH_S), len(times_s) - 1)
    is_alone = np.minimum(_distances(flat, flat[before]), _distances(flat, flat[after])) >= _MIN_DISTANCE
    rows = np.flatnonzero(is_alone)
    if len(rows) < 2 * _MIN_COVERED:
        return []
    # Runs of frames that stand alone, and for each of their frames the runs that show it again.
    run_N = np.concatenate([[0], np.cumsum(np.diff(rows) > _MAX_HOLE)])
    again: dict[tuple[int, int], set[int]] = {}
    for one, row in enumerate(rows):
        others = np.flatnonzero(times_s[rows[one + 1 :]] - times_s[row] >= _WIPE_APART_S) + one + 1
        same = others[_distances(flat[row], flat[rows[others]]) <= _SAME_GREY]
        for other in same:
            again.setdefault((int(run_N[one]), int(run_N[other])), set()).add(int(row))
            again.setdefault((int(run_N[other]), int(run_N[one])), set()).add(int(rows[other]))
    found: set[tuple[int, int]] = set()
    for (run, other), frames in again.items():
        first, last = min(frames), max(frames)
        its_first, its_last = min(again[other, run]), max(again[other, run])
        sides = ((before[first], before[its_first]), (after[last], after[its_last]))
        around = min(_distances(flat[here], flat[there]) for here, there in sides)
        # What is the same before or after as well is a scene that is shown twice.
        if _MIN_COVERED <= last - first + 1 <= _WIPE_FRAMES[1] and around >= _MIN_DISTANCE:
            found.add((first, last))
    return _disjoint([(-float(last - first), first, last) for first, last in found])


def _distances(flat_N: np.ndarray, flats_MN: np.ndarray) -> np.ndarray:
    return np.abs(flats_MN - flat_N).mean(axis=-1)
