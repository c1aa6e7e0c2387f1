"""Where the striker is looked at closely."""

import numpy as np
import pytest

from slowpaths.mining.impact.evidence import Evidence
from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.striker.selection import AFTER_S, BEFORE_S, near_strokes

PTS_S = np.arange(250) / 25


def evidence(*impacts_s: float, expected: float = 1.0) -> Evidence:
    """Return evidence that expects so many impacts at each of some instants."""
    times_s = np.arange(0.0, 10.0, STEP_S)
    rate_G = np.full(len(times_s), 1e-7)
    for impact_s in impacts_s:
        rate_G += expected * (np.abs(times_s - impact_s) < STEP_S / 2)
    nothing_G = np.zeros(len(times_s))
    return Evidence(
        times_s=times_s, movement_G=np.log(rate_G), sound_LG=np.zeros((0, len(times_s))), heard_G=nothing_G,
        repeated_G=nothing_G,
    )  # fmt: skip


def test_every_frame_about_a_stroke_is_near_it():
    for impact_s in (2.0, 5.0, 8.0):
        near_s = PTS_S[near_strokes(evidence(impact_s), PTS_S)]
        assert near_s[0] == pytest.approx(impact_s - BEFORE_S, abs=0.041)
        assert near_s[-1] == pytest.approx(impact_s + AFTER_S, abs=0.041)
        assert len(near_s) == pytest.approx((BEFORE_S + AFTER_S) * 25, abs=2)


def test_several_strokes_are_all_looked_at_even_close_ones():
    near_s = PTS_S[near_strokes(evidence(2.0, 3.0, 7.0), PTS_S)]
    assert {2.0, 3.0, 7.0} <= set(near_s.round(2)) and 5.0 not in near_s.round(2)


def test_nothing_is_looked_at_where_no_stroke_is_likely():
    assert not near_strokes(evidence(4.0, expected=1e-4), PTS_S).any()
    assert near_strokes(evidence(4.0, expected=0.05), PTS_S).any()
