"""Which prediction belongs to which true delivery: first the video, then one-to-one in time.

Legend: P predictions, T true deliveries.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np

from slowpaths.core.errors import UsageError

FPS = 25.0  # frame tolerances count frames at this rate, whatever the footage has
TOLERANCE_S = 0.5  # two deliveries never follow within a second: half of it cannot confuse neighbours
_UNMATCHED = 1e6


def check_tolerance(tolerance_s: float) -> None:
    """Refuse what is no length of time."""
    if not 0 <= tolerance_s < math.inf:
        raise UsageError(f"tolerance_s={tolerance_s:g} is no length of time: give seconds from 0 on, such as 0.5")


def match_videos(ours: Iterable[str], theirs: Iterable[str]) -> dict[str, str]:
    """Relate our video names to those of the truth: by relative path, then by unique file name, then by unique stem.

    Names without a partner are left out, and no partner is given away twice.

    Example:
        >>> match_videos(["day1/a.mp4", "b.mkv"], ["a.mp4", "b.mp4", "c.mp4"])
        {'day1/a.mp4': 'a.mp4', 'b.mkv': 'b.mp4'}
    """
    left, right = sorted(set(ours)), sorted(set(theirs))
    pairs: dict[str, str] = {}
    rules: tuple[Callable[[str], str], ...] = (str, lambda x: PurePosixPath(x).name, lambda x: PurePosixPath(x).stem)
    for key in rules:
        taken = set(pairs.values())
        free_left = _unique([name for name in left if name not in pairs], key)
        free_right = _unique([name for name in right if name not in taken], key)
        pairs |= {name: free_right[value] for value, name in free_left.items() if value in free_right}
    return pairs


def match_moments(
    predicted_P2: np.ndarray, true_T2: np.ndarray, *, tolerance_s: float = TOLERANCE_S
) -> list[tuple[int, int]]:
    """Return one-to-one pairs (prediction, truth) of one video: as many as can be, then the smallest sum of distances.

    Args:
        predicted_P2: First and last instant of each prediction (P, 2), seconds; the same twice for an impact.
        true_T2: The same for truth (T, 2); infinite ends mean "somewhere in this video".
        tolerance_s: Largest gap between the two intervals that still makes a pair, seconds.

    Example:
        >>> match_moments(np.array([[1.0, 1.0], [1.3, 1.3]]), np.array([[1.2, 1.2]]))
        [(1, 0)]
    """
    if not len(predicted_P2) or not len(true_T2):
        return []
    gap_PT = gaps(predicted_P2, true_T2)
    # A truth without any time fits everything: prefer a prediction that nothing else explains.
    last_resort_T = np.where(np.isinf(true_T2[:, 0]), 10.0, 0.0)
    cost_PT = np.where(gap_PT <= tolerance_s + 1e-9, gap_PT + last_resort_T, _UNMATCHED)
    from scipy.optimize import linear_sum_assignment  # loaded late: every command line reads this module

    rows, columns = linear_sum_assignment(cost_PT)
    kept = cost_PT[rows, columns] < _UNMATCHED
    return list(zip(rows[kept].tolist(), columns[kept].tolist(), strict=True))


def gaps(predicted_P2: np.ndarray, true_T2: np.ndarray) -> np.ndarray:
    """Return the time between every two intervals (P, T), seconds; 0 where they touch."""
    before = predicted_P2[:, None, 0] - true_T2[None, :, 1]
    after = true_T2[None, :, 0] - predicted_P2[:, None, 1]
    return np.maximum(0.0, np.maximum(before, after))


def _unique(names: Sequence[str], key: Callable[[str], str]) -> dict[str, str]:
    """Return key -> name where only one name has the key."""
    counts = Counter(key(name) for name in names)
    return {key(name): name for name in names if counts[key(name)] == 1}
