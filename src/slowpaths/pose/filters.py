"""Filters for series sampled at whatever times a video has: gap filling, median of three, Savitzky-Golay.

Legend: T frames, D series, G gaps, N rows of a window (or instants asked for), P coefficients, S samples, Q = P x P.
"""

from __future__ import annotations

import numpy as np

WINDOW_S, DEGREE = 0.28, 3
"""Of `savgol`. The downswing lasts .2 s: a window wider than .3 s flattens the very peak that marks impact."""
_MIN_SAMPLES = 5  # of which a cubic can still smooth something


def fill_gaps_in(values_TD: np.ndarray, pts_s: np.ndarray, weights_T: np.ndarray, *, max_gap_s: float) -> np.ndarray:
    """Bridge short gaps by a line through the nearest samples, weighted by how sure they are.

    Two samples on either side carry the line, so one bad neighbour does not set it alone.

    Args:
        values_TD: Values (T, D), a row NaN where unseen.
        pts_s: Times (T,), not decreasing.
        weights_T: Confidence of each row (T,).
        max_gap_s: Longest time a gap may last, seconds; what is longer, and what lies outside, stays NaN.

    Returns:
        A copy (T, D).
    """
    filled_TD = np.array(values_TD, dtype=np.float64)
    seen = np.flatnonzero(np.isfinite(filled_TD).all(axis=1))
    frame_s = frame_time_s(pts_s)
    is_gap = (np.diff(seen) > 1) & (np.diff(pts_s[seen]) - frame_s <= max_gap_s + 1e-6)
    gaps_G = np.flatnonzero(is_gap)
    if not len(gaps_G):
        return filled_TD
    around_G4 = gaps_G[:, None] + np.arange(-1, 3)  # places among the seen: two before, two after
    rows_G4 = seen[around_G4.clip(0, len(seen) - 1)]
    middles_G1 = pts_s[rows_G4[:, 1:3]].mean(axis=1, keepdims=True)
    carries_G4 = np.abs(pts_s[rows_G4] - middles_G1) <= max_gap_s + frame_s
    carries_G4[:, 1:3] = True
    carries_G4 &= (around_G4 >= 0) & (around_G4 < len(seen))
    weights_G4 = np.where(carries_G4, np.maximum(weights_T[rows_G4], 1e-3), 0.0)
    lengths_G = seen[gaps_G + 1] - seen[gaps_G] - 1
    gap_N = np.repeat(np.arange(len(gaps_G)), lengths_G)
    missing_N = np.concatenate([np.arange(seen[gap] + 1, seen[gap + 1]) for gap in gaps_G])
    filled_TD[missing_N] = _lines(pts_s[rows_G4], filled_TD[rows_G4], weights_G4, gap_N, at_s=pts_s[missing_N])
    return filled_TD


def frame_time_s(pts_s: np.ndarray) -> float:
    """Return the usual time from frame to frame, seconds (0 for fewer than two different times)."""
    steps = np.diff(pts_s)
    return float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0


def _lines(
    times_GS: np.ndarray, values_GSD: np.ndarray, weights_GS: np.ndarray, line_N: np.ndarray, *, at_s: np.ndarray
) -> np.ndarray:
    """Return values (N, D) on lines fitted to G groups of S weighted samples; a group of one instant gives a level."""
    total_G = weights_GS.sum(axis=1)
    origin_G = (weights_GS * times_GS).sum(axis=1) / total_G
    level_GD = np.einsum("gs,gsd->gd", weights_GS, values_GSD) / total_G[:, None]
    away_GS = times_GS - origin_G[:, None]
    spread_G = (weights_GS * away_GS**2).sum(axis=1)
    slope_GD = np.einsum("gs,gsd->gd", weights_GS * away_GS, values_GSD - level_GD[:, None])
    slope_GD /= np.where(spread_G > 0, spread_G, np.inf)[:, None]
    return level_GD[line_N] + (at_s - origin_G[line_N])[:, None] * slope_GD[line_N]


def median_of_three(values_TD: np.ndarray) -> np.ndarray:
    """Replace every value by the median of itself and its two neighbours where all three are seen."""
    values_TD = np.asarray(values_TD, dtype=np.float64)
    medians_TD = values_TD.copy()
    if len(values_TD) > 2:
        inner = np.median(np.stack([values_TD[:-2], values_TD[1:-1], values_TD[2:]]), axis=0)
        medians_TD[1:-1] = np.where(np.isfinite(inner), inner, values_TD[1:-1])
    return medians_TD


def savgol(values_TD: np.ndarray, pts_s: np.ndarray, *, derivative: int = 0) -> np.ndarray:
    """Smooth by a local cubic in real time (Savitzky and Golay 1964), so uneven frame times need no resampling.

    On even times it equals the usual filter; near the ends the window stays whole and slides inwards.

    Args:
        values_TD: Values (T, D), NaN where unseen.
        pts_s: Times (T,), not decreasing; equal times count as one.
        derivative: 0 for the value, 1 for its rate per second.

    Returns:
        Smoothed copy (T, D), NaN where the input is. A value with fewer than five seen samples in its window stays as
        it is (its derivative is NaN).
    """
    values_TD, pts_s = np.asarray(values_TD, dtype=np.float64), np.asarray(pts_s, dtype=np.float64)
    smooth_TD = values_TD.copy() if derivative == 0 else np.full_like(values_TD, np.nan)
    frame_s = frame_time_s(pts_s)
    half_s = np.floor(WINDOW_S / 2 / frame_s + 1e-6) * frame_s if frame_s else 0.0  # whole frames, as the usual filter
    if half_s == 0:
        return smooth_TD
    middles_T = np.maximum(np.minimum(pts_s, pts_s[-1] - half_s), pts_s[0] + half_s)
    reach_s = half_s + frame_s / 4
    first_T = np.searchsorted(pts_s, middles_T - reach_s, side="left")
    last_T = np.searchsorted(pts_s, middles_T + reach_s, side="right")
    rows_TN = first_T[:, None] + np.arange((last_T - first_T).max())
    is_inside_TN = rows_TN < last_T[:, None]
    rows_TN = rows_TN.clip(0, len(pts_s) - 1)
    offsets_TN = np.where(is_inside_TN, (pts_s[rows_TN] - pts_s[:, None]) / half_s, 0.0)
    seen_TND = np.isfinite(values_TD)[rows_TN] & is_inside_TN[..., None]
    fitted_TD = _polynomials(offsets_TN, values_TD[rows_TN], seen_TND, derivative=derivative)
    is_fitted = np.isfinite(fitted_TD) & np.isfinite(values_TD)
    smooth_TD[is_fitted] = fitted_TD[is_fitted] / half_s**derivative
    return smooth_TD


def _polynomials(
    offsets_TN: np.ndarray, values_TND: np.ndarray, seen_TND: np.ndarray, *, derivative: int
) -> np.ndarray:
    """Fit every column of every window over its seen rows: the coefficient for value or slope at offset 0 (T, D)."""
    num_windows, num_rows, num_columns = values_TND.shape
    is_new_TN = np.diff(offsets_TN, prepend=-np.inf, axis=1) > 1e-9
    num_seen_TD = (seen_TND & is_new_TN[..., None]).sum(axis=1)
    basis_TNP = offsets_TN[..., None] ** np.arange(DEGREE + 1)
    products_TNQ = (basis_TNP[..., :, None] * basis_TNP[..., None, :]).reshape(num_windows, num_rows, -1)
    weights_TDN = seen_TND.astype(np.float64).transpose(0, 2, 1)
    normal_TDPP = (weights_TDN @ products_TNQ).reshape(num_windows, num_columns, DEGREE + 1, DEGREE + 1)
    right_TDP = np.where(seen_TND, values_TND, 0.0).transpose(0, 2, 1) @ basis_TNP
    fitted_TD = np.full((num_windows, num_columns), np.nan)
    enough = num_seen_TD >= _MIN_SAMPLES
    if enough.any():
        fitted_TD[enough] = np.linalg.solve(normal_TDPP[enough], right_TDP[enough][..., None])[:, derivative, 0]
    return fitted_TD
