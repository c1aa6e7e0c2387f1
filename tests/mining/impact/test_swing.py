from __future__ import annotations

import numpy as np
import pytest
from tests.stick_scene import Camera

from slowpaths.core.body import middle
from slowpaths.core.strokes import STROKES
from slowpaths.mining.impact.swing import impact_of_swing
from slowpaths.pose.kinematics import body_scale, hands
from slowpaths.world.action.stroke_motion import StrokeMotion, draw_jitter

BROADCAST = Camera(place=(0.3, 55.0, 7.5), aim=(0.0, 1.0, 0.8), focal_px=5000.0, size=(1280, 720))


def path(knots: dict[float, tuple[float, float]], *, span_s=(-0.6, 0.5), fps: float = 25.0):
    """Lead the hands through knots (seconds from impact -> place), straight in between."""
    times_s = np.arange(round(span_s[0] * fps), round(span_s[1] * fps) + 1) / fps
    places = np.array(list(knots.values()))
    return np.stack([np.interp(times_s, list(knots), places[:, axis]) for axis in (0, 1)], axis=1), times_s


def test_a_vertical_swing_hits_at_the_bottom_although_it_looks_fastest_on_the_way_up():
    hands_T2, times_s = path({-0.6: (0, 0.9), -0.3: (0, 0.9), 0.0: (-0.1, 0.0), 0.2: (-0.1, 1.4), 0.5: (0, 1.4)})
    assert impact_of_swing(hands_T2, times_s) == pytest.approx(0.0, abs=0.041)


def test_and_although_it_looks_fastest_on_the_way_down():
    hands_T2, times_s = path({-0.6: (0, 1.2), -0.2: (0, 1.2), 0.0: (-0.1, 0.0), 0.4: (-0.1, 0.3), 0.5: (0, 0.3)})
    assert impact_of_swing(hands_T2, times_s) == pytest.approx(0.0, abs=0.041)


def test_a_horizontal_swing_hits_where_it_is_fastest():
    hands_T2, times_s = path({-0.6: (-0.6, 0.5), -0.1: (-0.5, 0.5), 0.1: (0.6, 0.5), 0.5: (0.7, 0.5)})
    assert impact_of_swing(hands_T2, times_s) == pytest.approx(0.0, abs=0.041)


def test_a_fast_backlift_is_not_a_follow_through():
    lift = {-0.6: (0, -0.2), -0.52: (0, -0.2), -0.36: (0, 0.9), -0.3: (0, 0.9)}
    hands_T2, times_s = path({**lift, 0.0: (0, 0.1), 0.5: (0, 0.1)})
    assert impact_of_swing(hands_T2, times_s) == pytest.approx(0.0, abs=0.081)


def test_hands_that_are_never_seen():
    hands_T2, times_s = path({-0.6: (0, 0), 0.5: (0, 0)})
    assert times_s[0] <= impact_of_swing(np.full_like(hands_T2, np.nan), times_s) <= times_s[-1]
    assert impact_of_swing(hands_T2[:1], times_s[:1]) == times_s[0]


def test_the_strokes_of_the_world_are_hit_when_they_say():
    rng = np.random.default_rng(1)
    times_s = np.arange(-14, 9) / 25
    errors = []
    for stroke in STROKES:
        if stroke == "leave":
            continue
        for _ in range(3):
            joints, _ = StrokeMotion(name=stroke, jitter=draw_jitter(rng)).move(times_s)
            xy, per_m = BROADCAST.project(joints.keypoints_TJ3 * np.array([-1.0, 1.0, 1.0]))
            xy = xy + rng.normal(size=xy.shape) * 0.03 * 0.52 * per_m.mean()
            keypoints_TJC = np.concatenate([xy, np.ones((*xy.shape[:2], 1))], axis=2)
            about_hips_T2 = (hands(keypoints_TJC)[:, :2] - middle(keypoints_TJC, "hip")) / body_scale(keypoints_TJC)
            errors.append(impact_of_swing(about_hips_T2 * np.array([1.0, -1.0]), times_s))
    assert np.mean(np.abs(errors) <= 0.1) > 0.9
