"""Speeds made comparable: steadied, and as levels between the quiet and the busy moments of one person.

Legend: T frames, G points of an even time grid.
"""

from __future__ import annotations

import numpy as np

from slowpaths.mining.impact.instants import STEP_S
from slowpaths.pose.filters import median_of_three

STEADY_SD_S = 0.04
BLIND = 0.3  # flow that can be trusted less than this is not looked at


def steady(values_T: np.ndarray, pts_s: np.ndarray) -> np.ndarray:
    """Return a speed without single wild frames: median of three, then a Gaussian far narrower than a downswing."""
    values_T = np.array(values_T, dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(values_T))
    if len(rows) < 3:
        return values_T
    seen = median_of_three(values_T[rows][:, None])[:, 0]
    times_s = pts_s[rows]
    near = np.exp(-0.5 * ((times_s[:, None] - times_s[None, :]) / STEADY_SD_S) ** 2)
    values_T[rows] = near @ seen / near.sum(axis=1)
    return values_T


def level_of(
    times_s: np.ndarray, pts_s: np.ndarray, values_T: np.ndarray, weights_T: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a speed as a level between this person's quiet (0) and busy (1) moments on the grid, and its weight."""
    values_T = np.asarray(values_T, dtype=np.float64)
    known = np.isfinite(values_T)
    if known.sum() < 3:
        return np.zeros(len(times_s)), np.zeros(len(times_s))
    quiet, busy = np.quantile(values_T[known], [0.2, 0.97])
    quiet = max(float(quiet), 0.05 * float(busy), 1e-6)
    # A stroke is at least three times as fast as standing in guard; less contrast than that gives levels below 1.
    # Differences between slow movements are noise of the pose, so the scale is logarithmic above the quiet level only.
    level = np.log1p(values_T[known] / quiet) - np.log(2.0)
    level /= max(float(np.log1p(busy / quiet)), np.log1p(3.0)) - np.log(2.0)
    on_grid = np.interp(times_s, pts_s[known], level)
    weight = np.interp(times_s, pts_s[known], np.clip(np.nan_to_num(weights_T[known]), 0.0, 1.0))
    after = np.searchsorted(pts_s[known], times_s).clip(1, known.sum() - 1)
    gap_s = np.minimum(np.abs(times_s - pts_s[known][after - 1]), np.abs(times_s - pts_s[known][after]))
    typical_s = float(np.median(np.diff(pts_s))) if len(pts_s) > 1 else STEP_S
    return on_grid, np.where(gap_s <= max(0.12, 1.5 * typical_s), weight, 0.0)
