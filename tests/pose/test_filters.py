from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import savgol_filter

from slowpaths.pose.filters import fill_gaps_in, frame_time_s, median_of_three, savgol


def test_savgol_on_even_times_is_the_usual_filter() -> None:
    values = np.random.default_rng(0).normal(size=(40, 3)).cumsum(axis=0)
    expected = savgol_filter(values, 7, 3, axis=0)
    assert savgol(values, np.arange(40) / 25) == pytest.approx(expected)


def test_savgol_slope_on_even_times_is_the_usual_filter() -> None:
    values = np.random.default_rng(1).normal(size=(40, 2)).cumsum(axis=0)
    expected = savgol_filter(values, 15, 3, deriv=1, delta=1 / 50, axis=0)
    assert savgol(values, np.arange(40) / 50, derivative=1) == pytest.approx(expected)


def test_savgol_keeps_a_cubic_at_uneven_and_repeated_times() -> None:
    pts_s = np.sort(np.concatenate([np.random.default_rng(2).uniform(0, 2, 60), [1.0, 1.0]]))
    values = (5 * pts_s**3 - 4 * pts_s**2 + pts_s)[:, None]
    assert savgol(values, pts_s) == pytest.approx(values, abs=1e-6)
    slopes = savgol(values, pts_s, derivative=1)
    seen = np.isfinite(slopes)
    assert seen.mean() > 0.9
    assert slopes[seen] == pytest.approx((15 * pts_s**2 - 8 * pts_s + 1)[:, None][seen], abs=1e-4)


def test_savgol_lets_unseen_values_be() -> None:
    values = np.arange(30.0)[:, None] ** 2
    values[10] = math.nan
    smooth = savgol(values, np.arange(30) / 25)
    assert np.isnan(smooth[10]).all()
    assert np.delete(smooth, 10, axis=0) == pytest.approx(np.delete(values, 10, axis=0))


def test_savgol_leaves_too_few_samples_as_they_are() -> None:
    values = np.array([[0.0], [5.0], [0.0], [5.0]])
    assert savgol(values, np.arange(4) / 25).tolist() == values.tolist()
    assert savgol(values, np.zeros(4)).tolist() == values.tolist()
    assert savgol(np.zeros((0, 2)), np.zeros(0)).shape == (0, 2)


def test_median_of_three_takes_out_a_spike_and_leaves_the_ends() -> None:
    values = np.array([[9.0], [0.0], [50.0], [1.0], [math.nan], [2.0]])
    assert median_of_three(values).tolist()[:4] == [[9.0], [9.0], [1.0], [1.0]]
    assert math.isnan(median_of_three(values)[4, 0])
    assert median_of_three(values)[5, 0] == 2.0


def test_gap_of_five_frames_is_filled_and_of_six_is_not() -> None:
    pts_s = np.arange(20) / 25
    values = np.column_stack([2 * pts_s, 1 - pts_s])
    for num_missing, is_filled in ((5, True), (6, False)):
        holed = values.copy()
        holed[5 : 5 + num_missing] = math.nan
        filled = fill_gaps_in(holed, pts_s, np.ones(20), max_gap_s=0.2)
        assert np.isfinite(filled).all() == is_filled
        if is_filled:
            assert filled == pytest.approx(values)


def test_gap_filling_follows_the_sure_samples() -> None:
    pts_s = np.arange(5) / 25
    values = np.array([[0.0], [10.0], [math.nan], [0.0], [0.0]])
    unsure = fill_gaps_in(values, pts_s, np.array([1, 0.01, 0, 1, 1]), max_gap_s=0.2)[2, 0]
    sure = fill_gaps_in(values, pts_s, np.array([1, 1, 0, 1, 1]), max_gap_s=0.2)[2, 0]
    assert unsure < 0.1
    assert sure == pytest.approx(2.5)


def test_gaps_at_the_ends_stay() -> None:
    values = np.array([[math.nan], [1.0], [2.0], [math.nan]])
    filled = fill_gaps_in(values, np.arange(4) / 25, np.ones(4), max_gap_s=0.2)
    assert np.isnan(filled[[0, 3]]).all()


def test_frame_time_ignores_repeats() -> None:
    assert frame_time_s(np.array([0, 0, 0.04, 0.08, 0.08, 0.12])) == pytest.approx(0.04)
    assert frame_time_s(np.zeros(3)) == 0.0


def slow_fill(values_TD: np.ndarray, pts_s: np.ndarray, weights_T: np.ndarray, *, max_gap_s: float) -> np.ndarray:
    """Fill one gap after the other by numpy's own weighted line."""
    filled_TD = values_TD.copy()
    seen = [row for row in range(len(pts_s)) if np.isfinite(values_TD[row]).all()]
    frame_s = frame_time_s(pts_s)
    for place in range(len(seen) - 1):
        left, right = seen[place], seen[place + 1]
        if right == left + 1 or pts_s[right] - pts_s[left] - frame_s > max_gap_s + 1e-6:
            continue
        middle_s = 0.5 * (pts_s[left] + pts_s[right])
        near = [row for row in seen[max(place - 1, 0) : place + 3] if abs(pts_s[row] - middle_s) <= max_gap_s + frame_s]
        near = sorted({*near, left, right})
        weights = np.sqrt(np.maximum(weights_T[near], 1e-3))  # polyfit squares its weights
        for column in range(values_TD.shape[1]):
            line = np.polyfit(pts_s[near] - middle_s, values_TD[near, column], 1, w=weights)
            filled_TD[left + 1 : right, column] = np.polyval(line, pts_s[left + 1 : right] - middle_s)
    return filled_TD


def slow_savgol(values_TD: np.ndarray, pts_s: np.ndarray, *, derivative: int) -> np.ndarray:
    """Fit one polynomial to one window of one column after the other."""
    frame_s = frame_time_s(pts_s)
    half_s = math.floor(0.14 / frame_s + 1e-6) * frame_s
    smooth_TD = values_TD.copy() if derivative == 0 else np.full_like(values_TD, math.nan)
    for row, time_s in enumerate(pts_s):
        middle_s = max(min(time_s, pts_s[-1] - half_s), pts_s[0] + half_s)
        window = np.flatnonzero(np.abs(pts_s - middle_s) <= half_s + frame_s / 4)
        for column in np.flatnonzero(np.isfinite(values_TD[row])):
            seen = window[np.isfinite(values_TD[window, column])]
            if len(np.unique(pts_s[seen])) >= 5:
                fit = np.polyfit((pts_s[seen] - time_s) / half_s, values_TD[seen, column], 3)
                smooth_TD[row, column] = fit[-1 - derivative] / half_s**derivative
    return smooth_TD


@pytest.mark.parametrize("seed", range(12))
def test_all_at_once_is_one_after_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pts_s = np.cumsum(rng.choice([0.04, 0.04, 0.04, 0.08, 0.3], size=60))
    values = rng.normal(size=(60, 2)).cumsum(axis=0)
    values[rng.random((60, 2)) < (0.0, 0.1, 0.4, 0.8)[seed % 4]] = math.nan
    weights = rng.random(60)
    filled = fill_gaps_in(values, pts_s, weights, max_gap_s=0.2)
    assert filled == pytest.approx(slow_fill(values, pts_s, weights, max_gap_s=0.2), nan_ok=True)
    for derivative in (0, 1):
        expected = slow_savgol(values, pts_s, derivative=derivative)
        assert savgol(values, pts_s, derivative=derivative) == pytest.approx(expected, nan_ok=True, rel=1e-5, abs=1e-5)
