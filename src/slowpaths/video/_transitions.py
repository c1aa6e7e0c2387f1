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
_WIPE_APART_S = 2.0
_MAX_HAMMING = 4  # of 32 bits
_MIN_MOVING = 0.5  # share of the frames of a logo that change as much as a cut


def shrink(thumbnail_HWC: np.ndarray) -> np.ndarray:
    """Return a grey picture (18, 32), uint8, that slow transitions are found in."""
    return cv2.resize(cv2.cvtColor(thumbnail_HWC, cv2.COLOR_RGB2GRAY), _SIZE, interpolation=cv2.INTER_AREA)


def find_dissolves(small_DHW: np.ndarray, times_s: np.ndarray, *, cuts: Sequence[int]) -> list[tuple[int, int]]:
    """Find runs of frames that blend one picture into another.

    Every frame between a and b must lie close to the straight line from picture a to picture b, ever nearer to b, and
    the contrast must sink on the way: a pan changes every pixel too, but keeps its contrast.

    Args:
        small_DHW: Grey pictures (D, H, W), uint8.
        times_s: Their times (D,), seconds.
        cuts: Positions of hard cuts; a dissolve does not reach over one.

    Returns:
        First and last blended frame of each dissolve.
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


def find_wipes(
    small_DHW: np.ndarray, content_D: np.ndarray, times_s: np.ndarray, *, min_content: float
) -> list[tuple[int, int]]:
    """Find logo wipes: a lively run of 12 to 35 frames that the video shows again frame by frame.

    Only frames that change much are hashed, so that a match of hours costs little more than its wipes.

    Args:
        small_DHW: Grey pictures (D, H, W), uint8.
        content_D: Change from the frame before (D,).
        times_s: Times (D,), seconds.
        min_content: Change from which a frame counts as lively.

    Returns:
        First and last frame of each showing of a logo.
    """
    lively = np.flatnonzero(content_D >= min_content)
    if len(lively) < 2 * _WIPE_FRAMES[0] * _MIN_MOVING:
        return []
    hashes = picture_hashes(small_DHW)
    offsets: dict[int, list[int]] = {}
    for row, first in enumerate(lively):
        others = lively[row + 1 :]
        others = others[times_s[others] - times_s[first] >= _WIPE_APART_S]
        for other in others[np.bitwise_count(hashes[others] ^ hashes[first]) <= _MAX_HAMMING]:
            offsets.setdefault(int(other - first), []).append(int(first))
    found: set[tuple[int, int]] = set()
    for offset, starts in offsets.items():
        for first, last in _runs(np.array(starts)):
            first, last = _grow(hashes, first, last, offset)
            length = last - first + 1
            is_lively = (content_D[first : last + 1] >= min_content).mean() >= _MIN_MOVING
            if _WIPE_FRAMES[0] <= length <= _WIPE_FRAMES[1] and is_lively:
                found.update([(first, last), (first + offset, last + offset)])
    return _disjoint([(-float(last - first), first, last) for first, last in found])


def picture_hashes(small_DHW: np.ndarray) -> np.ndarray:
    """Return 32-bit hashes (D,), uint32: which cells of an 8x4 grid are brighter than the picture's median."""
    cells = np.stack([cv2.resize(picture, (8, 4), interpolation=cv2.INTER_AREA) for picture in small_DHW])
    flat = cells.reshape(len(cells), 32).astype(np.float32)
    bits = flat > np.median(flat, axis=1, keepdims=True)
    return (bits.astype(np.uint32) << np.arange(32, dtype=np.uint32)).sum(axis=1, dtype=np.uint32)


def _runs(starts: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last of each group of positions with no gap over 2."""
    breaks = np.flatnonzero(np.diff(starts) > 3)
    firsts, lasts = np.r_[starts[0], starts[breaks + 1]], np.r_[starts[breaks], starts[-1]]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]


def _grow(hashes: np.ndarray, first: int, last: int, offset: int) -> tuple[int, int]:
    """Widen a run as long as the frames on its diagonal match; a longer one is a repeated scene and no logo."""
    limit = _WIPE_FRAMES[1] + 1
    while first > 0 and last - first < limit and _same(hashes[first - 1], hashes[first - 1 + offset]):
        first -= 1
    while (
        last + offset + 1 < len(hashes) and last - first < limit and _same(hashes[last + 1], hashes[last + 1 + offset])
    ):
        last += 1
    return first, last


def _same(hash_a: np.uint32, hash_b: np.uint32) -> bool:
    return int(np.bitwise_count(hash_a ^ hash_b)) <= _MAX_HAMMING
