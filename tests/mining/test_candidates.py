"""What a shot says of whether a ball is played in it, before anybody is looked at."""

import numpy as np
import pytest

from slowpaths.mining.candidates import SHORTEST_S, _brevity
from slowpaths.mining.impact.event_model import STROKE_PRIOR


def chance(duration_s: float) -> float:
    """Probability of a stroke by the prior and the length of the shot."""
    return float(1 / (1 + (1 - STROKE_PRIOR) / STROKE_PRIOR * np.exp(-_brevity(duration_s))))


def test_shots_as_long_as_a_ball_takes_say_nothing():
    for duration_s in (SHORTEST_S, 8.0, 300.0):
        assert _brevity(duration_s) == pytest.approx(0.0)


def test_shorter_shots_hold_a_ball_as_rarely_as_they_are_short():
    assert chance(1.5) == pytest.approx(STROKE_PRIOR / 2)
    assert chance(0.75) == pytest.approx(STROKE_PRIOR / 4)
    assert chance(0.0) < 0.01
    assert np.isfinite(_brevity(0.0))
