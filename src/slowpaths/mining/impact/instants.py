"""Cues that point at the instant of impact: peaks of movement, the camera setting off, the cut, the crack of the bat.

Legend: T frames, G points of an even time grid.

Each cue gives the density of impact relative to the uniform one over the shot. With probability `RHO` a cue speaks of
this impact, else it says nothing: `mixture` turns that into a log ratio that can be added to others.
"""

from __future__ import annotations

import numpy as np

STEP_S = 0.02  # half a frame at 25 fps

# A live director cuts to the wide field 5-14 frames after contact, at 20-30 frames a second: .17-.7 s, taken as the
# middle nine tenths.
CUT_MEAN_S, CUT_SD_S = 0.43, 0.16
# The operator reacts to the ball 80-250 ms after contact.
PAN_FIRST_S, PAN_LAST_S = 0.08, 0.25
# A camera gains speed from nothing: the smoothed logarithm of a speed that grows evenly, by .5 to 4 picture heights per
# second squared, rises fastest .035 to .065 s after the camera sets off (computed in the tests).
SET_OFF_DELAY_S = 0.05
STILL = 0.01  # picture heights per second: a tenth of a pixel a frame at 360 lines, below what corners can show
# Peak wrist speed lies within 40 ms of impact in space; in a picture along the pitch the hands move along the line of
# sight where they meet the ball and look fastest a little before or after.
PEAK_SD_S = 0.10
# Hands that come down by this much (torso units) and this soon after rising were lifting the bat.
ARC_DROP, ARC_S = 0.3, 0.4
ARC_SD_S = 0.06
# Directors cut for balls that are hit into the field, some three in five; the others end later, in many ways.
REPLAY_PACE = 0.5
"""Usual speed of a replay: what takes a while in life takes twice as long there."""
RHO = {"peak": 0.7, "arc": 0.6, "camera": 0.4, "cut": 0.6, "end": 0.25}


def mixture(relative_density: np.ndarray, rho: float) -> np.ndarray:
    """Return the log ratio of a cue that says nothing with probability 1 - rho."""
    return np.log((1 - rho) + rho * relative_density)


def peak_density(
    times_s: np.ndarray,
    hands: np.ndarray,
    hand_weight: np.ndarray,
    flow: np.ndarray,
    flow_weight: np.ndarray,
    *,
    pace: float = 1.0,
) -> np.ndarray:
    """Return the density of impact given the peaks of movement (G,), 1 where there is none.

    Hands and flow are levels (G,) with weights (G,).
    """
    total = hand_weight + flow_weight
    level = np.where(total > 0, (hands * hand_weight + flow * flow_weight) / np.maximum(total, 1e-9), 0.0)
    level = smooth(level, PEAK_SD_S / 2 / pace)
    inner = (level[1:-1] >= level[:-2]) & (level[1:-1] > level[2:])
    peaks = np.flatnonzero(np.r_[False, inner, False])
    # A peak half as high on the logarithmic level is a movement many times slower: weight by a steep power.
    return bumps(times_s, times_s[peaks], np.exp(6.0 * (level[peaks] - 1.0)), PEAK_SD_S / pace)


def arc_density(times_s: np.ndarray, pts_s: np.ndarray, hand_height_T: np.ndarray, *, pace: float = 1.0) -> np.ndarray:
    """Return the density of impact given the path of the hands: a bat meets the ball at the bottom of its arc.

    Heights are above the hips, torso units, NaN where unseen. Bottoms count by how far the hands came down to them, up
    to a torso's length.
    """
    known = np.isfinite(hand_height_T)
    if known.sum() < 3:
        return np.ones(len(times_s))
    height = smooth(np.interp(times_s, pts_s[known], hand_height_T[known]), ARC_SD_S / 2 / pace)
    inner = (height[1:-1] <= height[:-2]) & (height[1:-1] < height[2:])
    bottoms = np.flatnonzero(np.r_[False, inner, False])
    before = round(ARC_S / pace / STEP_S)
    drops = np.array([height[max(bottom - before, 0) : bottom + 1].max() - height[bottom] for bottom in bottoms])
    return bumps(times_s, times_s[bottoms], np.where(drops >= ARC_DROP, np.minimum(drops, 1.0), 0.0), ARC_SD_S / pace)


def camera_density(times_s: np.ndarray, pts_s: np.ndarray, camera_T: np.ndarray, *, pace: float = 1.0) -> np.ndarray:
    """Return the density of impact given that the camera starts to follow the ball a little later.

    Pan and tilt speeds are in picture heights per second, at `pts_s`, NaN where unknown.
    """
    known = np.isfinite(camera_T)
    if known.sum() < 3:
        return np.ones(len(times_s))
    # A camera takes a while to gain speed; it sets off where its speed first rises above its quiet moments.
    quiet = max(float(np.quantile(camera_T[known], 0.2)), STILL)
    level = np.log1p(np.interp(times_s, pts_s[known], camera_T[known]) / quiet)
    gain = np.maximum(np.gradient(smooth(level, 0.06 / pace), STEP_S), 0.0)
    first, last = (round((lag_s + SET_OFF_DELAY_S) / pace / STEP_S) for lag_s in (PAN_FIRST_S, PAN_LAST_S))
    lags = np.arange(first, last + 1)
    padded = np.r_[gain, np.zeros(lags[-1])]
    delayed = np.mean([padded[lag : lag + len(gain)] for lag in lags], axis=0)
    return delayed / delayed.mean() if delayed.mean() > 0 else np.ones(len(times_s))


def cut_ratio(times_s: np.ndarray, *, cut_s: float, end_s: float, is_replay: bool) -> np.ndarray:
    """Return the log ratio of impact (G,) given when the shot ends by a cut, or for whatever reason; NaN where unknown.

    A replay ends as its editor likes.
    """
    if is_replay or not (np.isfinite(cut_s) or np.isfinite(end_s)):
        return np.zeros(len(times_s))
    if np.isfinite(cut_s):
        return mixture(bumps(times_s, np.array([cut_s - CUT_MEAN_S]), np.ones(1), CUT_SD_S), RHO["cut"])
    # Clips are often trimmed where the broadcast would have cut, or a little later.
    bump = bumps(times_s, np.array([end_s - 1.5 * CUT_MEAN_S]), np.ones(1), 3 * CUT_SD_S)
    return mixture(bump, RHO["end"])


def bumps(times_s: np.ndarray, centres_s: np.ndarray, weights: np.ndarray, sd_s: float) -> np.ndarray:
    """Return a weighted mixture of Gaussians on the grid relative to the uniform density over it; 1 without any."""
    if not len(centres_s) or weights.sum() <= 0:
        return np.ones(len(times_s))
    bumps = np.exp(-0.5 * ((times_s[:, None] - centres_s[None, :]) / sd_s) ** 2) / (sd_s * np.sqrt(2 * np.pi))
    duration_s = times_s[-1] - times_s[0] + STEP_S
    return (bumps @ (weights / weights.sum())) * duration_s


def smooth(values: np.ndarray, sd_s: float) -> np.ndarray:
    """Return values on the grid (G,) smoothed by a Gaussian, the ends repeated beyond themselves."""
    radius = round(3 * sd_s / STEP_S)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) * STEP_S / sd_s) ** 2)
    padded = np.pad(values, radius, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
