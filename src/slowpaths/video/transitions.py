"""Transitions that take time: dissolves, wipes by an edge or a plain colour, the logo that wipes in and out of replays.

Legend: D distinct frames, H, W picture (18, 32 where it is grey), C = red, green, blue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from slowpaths.video.picture_file import PictureFile

_SIZE = (32, 18)
_DISSOLVE_S = (0.15, 0.8)  # 4 to 20 frames at 25 a second
_MIN_DISSOLVE_FRAMES = 4
_MAX_RESIDUAL = 0.25  # of the distance between the two pictures; a blend leaves coding noise and motion
_MIN_DISTANCE = 15.0  # grey levels between the pictures that are blended
_MAX_DIP = 0.9  # a half-way blend of two unrelated pictures has less contrast than either (Alattar 1993)
# Two pictures of one place are alike and their blend keeps more contrast: that is believed where it is a clean one.
_CLEAN_RESIDUAL, _CLEAN_DIP = 0.12, 0.95
_MIN_SPREAD = 8.0  # standard deviation of either picture, grey levels: less is black, and the dissolve a fade
_MAX_STEP = 2.2  # times the mean step from one blended frame to the next; a cut is one large step
_WIPE_FRAMES = (12, 35)  # length of replay logos
_REACH_S = 0.7  # half of the longest logo: this long before and after its middle the picture is free of it
_WIPE_APART_S = 2.0
_MIN_COVERED = 4  # a third of the shortest logo covers all of the picture
_MAX_HOLE = 3
_SAME_GREY = 4.0  # coding noise and what shines through
_LOGO_SHARE = 0.05  # of the picture, that a logo touches at its ends
# A plain wipe: a colour without texture grows over the picture and gives way again.
_PLAIN_LEVELS = 6  # levels of each channel that coding leaves in a plain colour
_PLAIN_CHROMA = 40  # levels between the largest and the smallest channel: grey is a fade's, or a title's ground
_PLAIN_SHARE = 0.7  # of the picture, at its most
_EDGE_LEVELS = 20  # as `_PLAIN_LEVELS`, where the edge is soft
_NOTHING, _MOST = 0.1, 0.7  # shares of the picture between which it grows ...
_GROWING_FRAMES = 2  # ... for this many frames: what is there at once is a cut to a title
_TOUCHED = 0.01  # share of the picture by which a wipe shows
_FALL_FRAMES = 5  # within so many its share falls by that much; frames may be doubled
_SLIVER_FRAMES = 2  # what lies before a wipe at the very beginning is its first sliver
_PLAIN_REACH_S = 1.5  # longest time from nothing to all
# A wipe by an edge: a straight line sweeps over the picture, one scene on this side of it and the next on that.
_EDGE_SPANS = (8, 12, 18, 27)  # frames looked at: a wipe fits into one that is up to half as long again
_EDGE_WIPE_S = 1.2
_MIN_OTHER = 20.0  # grey levels by which a pixel of the two scenes must differ to say which one it shows
_MIN_OTHER_SHARE = 0.4  # of the picture
# Set looking at the one such wipe of 130 real clips, which reads .11 and .87, and at what comes nearest: .14 and .77 (a
# tilt to a night sky), .19 and .79.
_MAX_STRAY = 0.2  # mean distance of pixels from the nearer scene, of that between the scenes: a blend has .5 half-way
_MIN_FIT = 0.85  # share of the variance of when pixels change that a line moving evenly explains
_FREE = 0.15  # of the pixels, that have changed at most at the first of the frames looked at ...
_GROWING = 3  # ... and this many frames lie between that and its opposite
_FALLING_BACK = 0.05  # of the pixels, that motion in the scenes may change back from one frame to the next
_EDGE_REACH = 2  # frames before and after those looked at, within which the wipe begins and ends ...
_EDGE_LOOKS = 12  # ... and how often it is looked at so at most, from where it was found to begin and end
_EDGE_TOUCHED = 0.015  # of the pixels that differ, by which it shows
_AT_ONCE = 2_000  # spans that are compared at once, for memory


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
        usable &= np.minimum(spread[starts], spread[ends]) >= _MIN_SPREAD
        starts, ends = starts[usable], ends[usable]
        distances = np.abs(flat[ends] - flat[starts]).mean(axis=1)
        for start, end, distance in zip(starts, ends, distances, strict=True):
            if distance < _MIN_DISTANCE:
                continue
            line = flat[end] - flat[start]
            between = flat[start + 1 : end] - flat[start]
            share = between @ line / float(line @ line)
            steps = np.diff(share, prepend=0.0, append=1.0)
            if share[0] < 0.02 or share[-1] > 0.98 or steps.min() <= 0 or steps.max() * len(steps) > _MAX_STEP:
                continue
            residual = np.abs(between - share[:, None] * line).mean(axis=1) / distance
            straight = (1 - share) * spread[start] + share * spread[end]
            middle = int(np.argmin(np.abs(share - 0.5)))
            most_dip = _CLEAN_DIP if residual.max() < _CLEAN_RESIDUAL else _MAX_DIP
            if residual.max() < _MAX_RESIDUAL and spread[start + 1 + middle] < most_dip * straight[middle]:
                # A part of a dissolve is a cleaner blend than all of it, of pictures that differ less.
                found.append((-float(distance * (1 - residual.max())), int(start) + 1, int(end) - 1))
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
        First and last frame that each showing of a logo touches.
    """
    flat = small_DHW.reshape(len(small_DHW), -1).astype(np.int16)
    before = np.searchsorted(times_s, times_s - _REACH_S)
    after = np.minimum(np.searchsorted(times_s, times_s + _REACH_S), len(times_s) - 1)
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
            begins = _touched(flat[first::-1], flat[its_first::-1], first - before[first])
            ends = _touched(flat[last:], flat[its_last:], after[last] - last)
            found.add((first - begins, last + ends))
    return _disjoint([(-float(last - first), first, last) for first, last in found])


def _touched(one_TN: np.ndarray, other_TN: np.ndarray, reach: int) -> int:
    """Return for how many frames after the first two showings of a logo share more than the scenes beside it do."""
    num = min(len(one_TN), len(other_TN), reach + 1)
    shared = (np.abs(one_TN[:num] - other_TN[:num]) <= _SAME_GREY).mean(axis=1)
    free = np.flatnonzero(shared <= shared[-1] + _LOGO_SHARE)
    return max(int(free[0]) - 1, 0)


def _distances(flat_N: np.ndarray, flats_MN: np.ndarray) -> np.ndarray:
    return np.abs(flats_MN - flat_N).mean(axis=-1)


def find_edge_wipes(small_DHW: np.ndarray, times_s: np.ndarray) -> list[tuple[int, int]]:
    """Find wipes by an edge: first and last frame of each that shows two scenes.

    Each pixel is about as in the scene before or as in the scene after, changes once, and when it does grows evenly
    across the picture: a blend is neither, a pan is neither, and who walks past changes pixels twice.

    Args:
        small_DHW: Grey pictures (D, H, W), uint8.
        times_s: Their times (D,), seconds.
    """
    num, height, width = small_DHW.shape
    flat = small_DHW.reshape(num, -1).astype(np.float32)
    rows, columns = np.mgrid[0:height, 0:width]
    place_N3 = np.stack([np.ones(height * width), columns.ravel() / width, rows.ravel() / height], axis=1)
    found: list[tuple[float, int, int]] = []
    for length in _EDGE_SPANS:
        starts = np.arange(max(num - length, 0))
        starts = starts[times_s[starts + length] - times_s[starts] <= _EDGE_WIPE_S]
        for some in np.array_split(starts, len(starts) // _AT_ONCE + 1):
            is_other, strays, changed = _between(flat[some], flat[some + length], flat[some + length // 2])
            is_likely = (is_other.mean(axis=1) >= _MIN_OTHER_SHARE) & (strays <= _MAX_STRAY)
            for start in some[is_likely & (changed > _FREE) & (changed < 1 - _FREE)].tolist():
                if (fit := _swept(flat[start : start + length + 1], place_N3)) >= _MIN_FIT:
                    found.append((-fit, *_reach(flat, start, start + length)))
    return _disjoint(found)


def _reach(flat_DN: np.ndarray, begins: int, ends: int) -> tuple[int, int]:
    """Return the first and the last frame that a wipe touches which lies about these two."""
    for _ in range(_EDGE_LOOKS):
        first, last = max(begins - _EDGE_REACH, 0), min(ends + _EDGE_REACH, len(flat_DN) - 1)
        is_other, _, changed_T = _between(flat_DN[first], flat_DN[last], flat_DN[first : last + 1])
        if not is_other.any():
            break
        begins = first + int(np.flatnonzero(changed_T > _EDGE_TOUCHED)[0])
        ends = first + int(np.flatnonzero(changed_T < 1 - _EDGE_TOUCHED)[-1])
    return begins, ends


def _between(before: np.ndarray, after: np.ndarray, shown_TN: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for pictures between two scenes which pixels tell these apart (T, N), and two numbers of each (T,).

    They are how far all pixels stray from the nearer scene, as a share of the distance between the scenes where these
    can be told apart, and the share of those that can that show the scene after.
    """
    apart = np.abs(after - before)
    is_other = np.broadcast_to(apart > _MIN_OTHER, shown_TN.shape)
    to_before, to_after = np.abs(shown_TN - before), np.abs(shown_TN - after)
    num_other = np.maximum(is_other.sum(axis=-1), 1)
    strays = np.minimum(to_before, to_after).mean(axis=-1) / ((apart * is_other).sum(axis=-1) / num_other + 1e-6)
    changed = np.sum((to_after < to_before) & is_other, axis=-1) / num_other
    return is_other, strays, changed


def _swept(flat_TN: np.ndarray, place_N3: np.ndarray) -> float:
    """Return how far an edge that moves evenly explains when pixels change from the first to the last picture.

    0 where they do not change once and for all.
    """
    is_other, strays_T, changed_T = _between(flat_TN[0], flat_TN[-1], flat_TN[1:-1])
    is_growing = (changed_T > _FREE) & (changed_T < 1 - _FREE)
    is_whole = changed_T[0] <= _FREE and changed_T[-1] >= 1 - _FREE
    falls_back = np.diff(changed_T).min() < -_FALLING_BACK
    if strays_T.max() > _MAX_STRAY or not is_whole or falls_back or is_growing.sum() < _GROWING:
        return 0.0
    shown_TN = flat_TN[1:-1][:, is_other[0]]
    is_before = np.abs(shown_TN - flat_TN[0, is_other[0]]) <= np.abs(shown_TN - flat_TN[-1, is_other[0]])
    when_N, place_N3 = is_before.sum(axis=0).astype(np.float64), place_N3[is_other[0]]
    line_3 = np.linalg.lstsq(place_N3, when_N, rcond=None)[0]
    return float(1 - np.var(when_N - place_N3 @ line_3) / max(np.var(when_N), 1e-9))


def find_plain_wipes(thumbnails: PictureFile, times_s: np.ndarray) -> list[tuple[int, int]]:
    """Find wipes of a plain colour: first and last frame that the colour touches.

    The colour covers the picture, and on its way there and back it grows from nothing over some frames. A lawn that a
    camera pans to is as plain but was in the picture before.
    """
    parts = [_plainness(pictures[:, ::4, ::4].reshape(len(pictures), -1, 3)) for pictures in thumbnails.runs()]
    colour_DC, share = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    rows = np.flatnonzero((share >= _PLAIN_SHARE) & (np.ptp(colour_DC, axis=1) >= _PLAIN_CHROMA))
    found: list[tuple[int, int]] = []
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if not len(run):
            continue
        colour_C = colour_DC[run[share[run].argmax()]]
        first = int(np.searchsorted(times_s, times_s[run[0]] - _PLAIN_REACH_S))
        last = int(np.searchsorted(times_s, times_s[run[-1]] + _PLAIN_REACH_S, side="right")) - 1
        near = np.abs(thumbnails[first : last + 1].astype(np.int16) - colour_C) <= _EDGE_LEVELS
        covered = near.all(axis=3).mean(axis=(1, 2))
        before, grows = _growth(covered[: run[0] - first + 1][::-1])
        after, shrinks = _growth(covered[run[-1] - first :])
        # A video may begin or end within a wipe: then one side tells.
        begins, ends = int(run[0]) - before, int(run[-1]) + after
        if (grows or begins == 0) and (shrinks or ends == len(times_s) - 1) and (grows or shrinks):
            found.append((begins if begins > _SLIVER_FRAMES else 0, ends))
    return found


def _plainness(pixels_DPC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle colour of each frame (D, C) and the share of pixels P that are about that (D,)."""
    colour_DC = np.median(pixels_DPC, axis=1).astype(np.int16)
    is_near = np.abs(pixels_DPC.astype(np.int16) - colour_DC[:, None]) <= _PLAIN_LEVELS
    return colour_DC, is_near.all(axis=2).mean(axis=1)


def _growth(covered: np.ndarray) -> tuple[int, bool]:
    """Follow a colour from where it covers all to where it is gone, by its share of each frame.

    Returns:
        The number of frames after the first that it still touches, and whether it gave way gradually.
    """
    # A second colour of the same wipe may hide the first for a moment.
    rises = np.flatnonzero(covered - np.minimum.accumulate(covered) > _NOTHING)
    end = int(covered[: rises[0] if len(rises) else None].argmin())
    is_gradual = int(((covered[: end + 1] > _NOTHING) & (covered[: end + 1] < _MOST)).sum()) >= _GROWING_FRAMES
    is_gone = bool(covered[end] < _NOTHING)
    # Something of that colour may be in the scene: the wipe is gone where its share stops falling.
    coming = [covered[row : min(row + _FALL_FRAMES, end) + 1].min() for row in range(end + 1)]
    touched = int(np.flatnonzero(covered[: end + 1] <= np.array(coming) + _TOUCHED)[0]) - 1 if is_gone else end
    return max(touched, 0), is_gone and is_gradual
