"""The instants of a stroke that numbers are measured at: guard, top of the backlift, impact.

Legend: T frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.mining.features.frame_of_reference import Motion, mean_of_seen
from slowpaths.pose.filters import frame_time_s
from slowpaths.pose.kinematics import speed

# Front-foot strides begin .58-.64 s and downswings .36-.38 s before impact (Stretch, Buys, Du Toit and Viljoen, J
# Sports Sci 16(8), 1998): guard lies before the first, the top of the backlift around the second. The windows leave
# room for slower and faster players and for an impact that is off by .08 s.
GUARD_S = (-1.2, -0.60)
LATEST_GUARD_S = -0.40
BACKLIFT_S = (-0.56, -0.14)
_STILL_S = 0.2
MIN_VALID = 0.6
"""Share of the frames of a window that must be seen; below it nothing is measured there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Hold the instants of one stroke, seconds of presentation time; NaN where not found."""

    guard_s: float  # middle of the stillest fifth of a second before the stride
    backlift_s: float  # hands at their highest before the downswing
    impact_s: float  # bat on ball


def find_moments(motion: Motion, *, impact_s: float) -> Moments:
    """Find guard and the top of the backlift before an impact."""
    return Moments(guard_s=_guard(motion, impact_s), backlift_s=_backlift(motion, impact_s), impact_s=impact_s)


def _guard(motion: Motion, impact_s: float) -> float:
    """Take the stillest window; where the footage begins too late for one, its first moments, if early enough."""
    feet_and_hips = np.stack([motion.joint("left_ankle"), motion.joint("right_ankle"), motion.middle("hip")], axis=1)
    movement_T = mean_of_seen(np.stack([speed(feet_and_hips[:, point], motion.pts_s) for point in range(3)], axis=1))
    middles_s = motion.pts_s[in_window(motion, impact_s + GUARD_S[0] + _STILL_S / 2, impact_s + GUARD_S[1])]
    stillness = [_mean_if_seen(motion, movement_T, time_s) for time_s in middles_s]
    if len(stillness) and np.isfinite(stillness).any():
        return float(middles_s[int(np.nanargmin(stillness))])
    seen = np.flatnonzero(np.isfinite(movement_T) & (motion.pts_s >= impact_s + GUARD_S[0]))
    first_s = motion.pts_s[seen[0]] if len(seen) else np.inf
    return float(first_s) if first_s <= impact_s + LATEST_GUARD_S else float("nan")


def _mean_if_seen(motion: Motion, values_T: np.ndarray, middle_s: float) -> float:
    rows = in_window(motion, middle_s - _STILL_S / 2, middle_s + _STILL_S / 2)
    seen = np.isfinite(values_T[rows])
    return float(values_T[rows][seen].mean()) if seen.any() and seen.mean() >= MIN_VALID else float("nan")


def _backlift(motion: Motion, impact_s: float) -> float:
    height_T = motion.swing_T2[:, 1]
    rows = seen_window(motion, height_T, impact_s + BACKLIFT_S[0], impact_s + BACKLIFT_S[1])
    return float(motion.pts_s[rows[int(np.nanargmax(height_T[rows]))]]) if len(rows) else float("nan")


def in_window(motion: Motion, start_s: float, end_s: float) -> np.ndarray:
    """Return the rows with start <= time <= end."""
    return np.flatnonzero((motion.pts_s >= start_s - 1e-6) & (motion.pts_s <= end_s + 1e-6))


def seen_window(motion: Motion, values_T: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    """Return the rows of a window; none where fewer than 60 % of the frames it should have are there and seen."""
    rows, frame_s = in_window(motion, start_s, end_s), frame_time_s(motion.pts_s)
    expected = max((end_s - start_s) / frame_s, 1.0) if frame_s > 0 else np.inf
    num_seen = np.isfinite(values_T[rows]).sum()
    return rows if num_seen >= 1 and num_seen >= MIN_VALID * expected else rows[:0]
