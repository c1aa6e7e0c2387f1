"""The ball: from the bowler's hand over the bounce to the bat, and where it goes from there.

Legend: T instants. Times are seconds from impact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

GRAVITY = 9.81
RADIUS_M = 0.036
_STEP_S = 0.01
_AFTER_S = 7.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BallPath:
    """Hold the whole way of one ball."""

    release_s: float  # when it leaves the hand (negative)
    bounce_s: float  # when it pitches
    end_s: float  # when it is stopped or crosses the rope
    release_3: np.ndarray  # where it leaves the hand, metres
    bounce_3: np.ndarray  # where it pitches
    impact_3: np.ndarray  # where it meets (or passes) the bat
    after_T3: np.ndarray  # where it is every 10 ms from impact on

    def position(self, times_T: np.ndarray) -> np.ndarray:
        """Return the ball (T, 3) in metres; NaN before release."""
        times_T = np.asarray(times_T, dtype=np.float64)
        points = np.full((*times_T.shape, 3), np.nan)
        legs = (
            (self.release_s, self.bounce_s, self.release_3, self.bounce_3),
            (self.bounce_s, 0.0, self.bounce_3, self.impact_3),
        )
        for start_s, end_s, start, end in legs:
            inside = (times_T >= start_s) & (times_T < end_s)
            share = ((times_T[inside] - start_s) / (end_s - start_s))[:, None]
            points[inside] = start + share * (end - start)
            # Free fall between the two ends: the height of a parabola above its chord.
            length_s = end_s - start_s
            points[inside, 2] += 0.5 * GRAVITY * length_s**2 * (share * (1 - share))[:, 0]
        after = times_T >= 0
        index = times_T[after] / _STEP_S
        grid = np.arange(len(self.after_T3))
        for axis in range(3):
            points[after, axis] = np.interp(index, grid, self.after_T3[:, axis])
        return points


def make_ball(
    *, release_s: float, release_3: np.ndarray, bounce_m: float, impact_3: np.ndarray, azimuth_deg: float,
    elevation_deg: float, speed: float, boundary_m: float, stop_y_m: float | None = None,
) -> BallPath:  # fmt: skip
    """Fly a ball from the hand to the bat and beyond; metres, degrees, and seconds from impact.

    It pitches `bounce_m` before the striker's stumps. After impact it leaves at an azimuth of 0 towards the bowler,
    positive to +x, up to a rope of radius `boundary_m` around the middle of the pitch; one that passed the bat is
    stopped by the keeper at `stop_y_m`.
    """
    bounce_y = float(np.clip(bounce_m, impact_3[1] + 0.7, release_3[1] - 6.0))
    way = (release_3[1] - bounce_y) / (release_3[1] - impact_3[1])
    x = release_3[0] + way * (impact_3[0] - release_3[0])
    # After the bounce the ball is about a seventh slower.
    before, after = release_3[1] - bounce_y, (bounce_y - impact_3[1]) / 0.86
    bounce_s = release_s * (1 - before / (before + after))
    azimuth, elevation = np.deg2rad(azimuth_deg), np.deg2rad(elevation_deg)
    flat = np.cos(elevation)
    velocity = speed * np.array([np.sin(azimuth) * flat, np.cos(azimuth) * flat, np.sin(elevation)])
    path, end_s = _roll(impact_3, velocity, boundary_m=boundary_m, stop_y_m=stop_y_m)
    return BallPath(
        release_s=release_s, bounce_s=float(bounce_s), end_s=end_s,
        release_3=np.asarray(release_3, dtype=np.float64), bounce_3=np.array([x, bounce_y, RADIUS_M]),
        impact_3=np.asarray(impact_3, dtype=np.float64), after_T3=path,
    )  # fmt: skip


def _roll(
    start: np.ndarray, velocity: np.ndarray, *, boundary_m: float, stop_y_m: float | None
) -> tuple[np.ndarray, float]:
    """Integrate flight with drag, bounces (restitution .5) and rolling, until the rope, the keeper or rest."""
    point, velocity = np.array(start, dtype=np.float64), np.array(velocity, dtype=np.float64)
    path, end_s = [point], _AFTER_S
    for step in range(1, int(_AFTER_S / _STEP_S) + 1):
        velocity = velocity * (1 - 0.006 * math.sqrt(velocity.dot(velocity)) * _STEP_S)
        velocity[2] -= GRAVITY * _STEP_S
        point = point + velocity * _STEP_S
        along = velocity[:2]
        if point[2] < RADIUS_M:
            point[2], velocity[2] = RADIUS_M, -0.5 * velocity[2] if velocity[2] < -0.8 else 0.0
            along *= 0.80 if velocity[2] > 0 else 1.0
            along *= 1 - 0.28 * _STEP_S
        path.append(point)
        is_home = stop_y_m is not None and point[1] <= stop_y_m
        is_out = np.hypot(point[0], point[1] - 10.06) > boundary_m
        if is_home or is_out or math.sqrt(along.dot(along)) < 0.4:
            end_s = step * _STEP_S
            break
    return np.array(path), end_s
