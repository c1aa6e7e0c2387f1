"""Filters for series sampled at whatever times a video has: gap filling, median of three, Savitzky-Golay.

Legend: T frames, D series.
"""

from __future__ import annotations

import itertools

import numpy as np

MAX_WINDOW_S = 0.3
"""The downswing lasts .2 s: a wider window flattens the very peak that marks impact."""
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
    for left, right in itertools.pairwise(seen):
        missing = np.arange(left + 1, right)
        if not len(missing) or pts_s[right] - pts_s[left] - frame_s > max_gap_s + 1e-6:
            continue
        position = int(np.searchsorted(seen, left))
        carriers = seen[max(0, position - 1) : position + 3]
        carriers = carriers[np.abs(pts_s[carriers] - 0.5 * (pts_s[left] + pts_s[right])) <= max_gap_s + frame_s]
        carriers = np.union1d(carriers, [left, right])
        filled_TD[missing] = _line(
            pts_s[carriers], filled_TD[carriers], np.maximum(weights_T[carriers], 1e-3), at_s=pts_s[missing]
        )
    return filled_TD


def frame_time_s(pts_s: np.ndarray) -> float:
    """Return the usual time from frame to frame, seconds (0 for fewer than two different times)."""
    steps = np.diff(pts_s)
    return float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0


def _line(times_s: np.ndarray, values_ND: np.ndarray, weights_N: np.ndarray, *, at_s: np.ndarray) -> np.ndarray:
    origin_s = np.average(times_s, weights=weights_N)
    level_D = np.average(values_ND, axis=0, weights=weights_N)
    away_N = times_s - origin_s
    spread = (weights_N * away_N**2).sum()
    if spread <= 0:
        return np.repeat(level_D[None], len(at_s), axis=0)
    slope_D = (weights_N * away_N) @ (values_ND - level_D) / spread
    return level_D + (at_s - origin_s)[:, None] * slope_D


def median_of_three(values_TD: np.ndarray) -> np.ndarray:
    """Replace every value by the median of itself and its two neighbours where all three are seen."""
    values_TD = np.asarray(values_TD, dtype=np.float64)
    medians_TD = values_TD.copy()
    if len(values_TD) > 2:
        inner = np.median(np.stack([values_TD[:-2], values_TD[1:-1], values_TD[2:]]), axis=0)
        medians_TD[1:-1] = np.where(np.isfinite(inner), inner, values_TD[1:-1])
    return medians_TD


def savgol(
    values_TD: np.ndarray, pts_s: np.ndarray, *, window_s: float = 0.28, order: int = 3, derivative: int = 0
) -> np.ndarray:
    """Smooth by a local polynomial in real time (Savitzky and Golay 1964), so uneven frame times need no resampling.

    On even times it equals the usual filter; near the ends the window stays whole and slides inwards.

    Args:
        values_TD: Values (T, D), NaN where unseen.
        pts_s: Times (T,), not decreasing; equal times count as one.
        window_s: Width of the window, seconds, at most .3.
        order: Degree of the polynomial.
        derivative: 0 for the value, 1 for its rate per second.

    Returns:
        Smoothed copy (T, D), NaN where the input is. A value with fewer than five seen samples in its window stays as
        it is (its derivative is NaN).

    Raises:
        ValueError: If the window is wider than the downswing allows.
    """
    if window_s > MAX_WINDOW_S:
        raise ValueError(f"a smoothing window of {window_s} s hides the downswing: take at most {MAX_WINDOW_S} s")
    values_TD, pts_s = np.asarray(values_TD, dtype=np.float64), np.asarray(pts_s, dtype=np.float64)
    smooth_TD = values_TD.copy() if derivative == 0 else np.full_like(values_TD, np.nan)
    frame_s = frame_time_s(pts_s)
    half_s = np.floor(window_s / 2 / frame_s + 1e-6) * frame_s if frame_s else 0.0  # whole frames, as the usual filter
    if half_s == 0:
        return smooth_TD
    for index, time_s in enumerate(pts_s):
        middle_s = max(min(time_s, pts_s[-1] - half_s), pts_s[0] + half_s)
        window = np.flatnonzero(np.abs(pts_s - middle_s) <= half_s + frame_s / 4)
        fitted_D = _polynomial((pts_s[window] - time_s) / half_s, values_TD[window], order=order, derivative=derivative)
        is_fitted = np.isfinite(fitted_D) & np.isfinite(values_TD[index])
        smooth_TD[index, is_fitted] = fitted_D[is_fitted] / half_s**derivative
    return smooth_TD


def _polynomial(offsets_N: np.ndarray, values_ND: np.ndarray, *, order: int, derivative: int) -> np.ndarray:
    """Fit every column over its seen rows and return the coefficient that is its value or slope at offset 0."""
    seen_ND = np.isfinite(values_ND).astype(np.float64)
    first_N = np.diff(offsets_N, prepend=-np.inf) > 1e-9
    basis_NP = offsets_N[:, None] ** np.arange(order + 1)
    normal_DPP = np.einsum("nd,np,nq->dpq", seen_ND, basis_NP, basis_NP)
    right_DP = np.einsum("nd,np->dp", np.nan_to_num(values_ND) * seen_ND, basis_NP)
    fitted_D = np.full(values_ND.shape[1], np.nan)
    enough = np.flatnonzero(seen_ND[first_N].sum(axis=0) >= max(_MIN_SAMPLES, order + 1))
    if len(enough):
        fitted_D[enough] = np.linalg.solve(normal_DPP[enough], right_DP[enough][..., None])[:, derivative, 0]
    return fitted_D
