from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slowpaths.video.timeline import is_variable_rate, strictly_increasing


@pytest.mark.parametrize(
    ("given_s", "expected_s"),
    [
        ([0.0, 0.1, 0.2], [0.0, 0.1, 0.2]),
        ([0.0, 0.1, 0.1, 0.3], [0.0, 0.1, 0.2, 0.3]),  # a zero step lies half-way
        ([0.0, 0.2, 0.1, 0.3], [0.0, 0.1, 0.2, 0.3]),  # neighbours changed places
        ([0.0, 9.0, 0.2, 0.3], [0.0, 0.1, 0.2, 0.3]),  # one wild time does not move the rest
        ([np.nan, np.nan, np.nan], [0.0, 0.1, 0.2]),
        ([np.nan, 0.5, np.nan], [0.4, 0.5, 0.6]),
        ([0.5], [0.5]),
        ([], []),
    ],
)
def test_times_that_do_not_increase(given_s: list[float], expected_s: list[float]) -> None:
    np.testing.assert_allclose(strictly_increasing(np.array(given_s), step_s=0.1), expected_s)


@given(st.lists(st.one_of(st.integers(-50, 50).map(float), st.just(float("nan"))), max_size=30))
def test_times_always_increase_and_most_stay(times: list[float]) -> None:
    given_s = np.array(times, dtype=np.float64)
    made_s = strictly_increasing(given_s, step_s=1.0)
    assert np.all(np.diff(made_s) > 0)
    best = np.zeros(len(times), dtype=int)  # longest increasing subsequence the slow way
    for end in range(len(times)):
        if np.isfinite(given_s[end]):
            best[end] = 1 + max((best[start] for start in range(end) if given_s[start] < given_s[end]), default=0)
    kept = max(np.isclose(made_s, given_s).sum(), np.isclose(made_s, np.sort(given_s)).sum())
    assert kept >= best.max(initial=0)


def test_rounding_to_milliseconds_is_no_variable_rate() -> None:
    assert not is_variable_rate(np.round(np.arange(100) / 29.97, 3), tick_s=1e-3)
    assert is_variable_rate(np.array([0, 0.04, 0.08, 0.16, 0.2]), tick_s=1e-3)
    assert not is_variable_rate(np.array([0.0]), tick_s=1e-3)
