"""The order of the wrists, frame by frame: 1 as at guard, -1 the other way, 0 too close to tell, NaN unseen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slowpaths.core.skeleton import INDEX
from slowpaths.mining.features.frame_of_reference import Motion
from slowpaths.mining.features.hand_features import hand_features
from slowpaths.mining.impact.moments import Moments

GUARD_S, IMPACT_S = 0.4, 1.2
MOMENTS = Moments(guard_s=GUARD_S, backlift_s=0.9, impact_s=IMPACT_S)
NUM = 36  # 25 frames a second: guard is frame 10, impact frame 30


def grip_switch_s(order_T, *, pts_s=None) -> float:
    order_T = np.asarray(order_T, dtype=np.float64)
    joints_TJ2 = np.zeros((len(order_T), 17, 2))
    joints_TJ2[:, INDEX["right_wrist"], 0] = -0.3 * order_T  # off is -x
    motion = Motion(
        pts_s=np.arange(len(order_T)) / 25 if pts_s is None else pts_s,
        joints_TJ2=joints_TJ2,
        confidence_TJ=np.ones((len(order_T), 17)),
        hands_T2=joints_TJ2[:, INDEX["left_wrist"]],
        sizes_T=np.ones(len(order_T)),
        off_x=-1.0,
        forward_2=np.array([0.0, -1.0]),
        is_side_on=False,
    )
    return hand_features(motion, MOMENTS, is_live=True)["grip_switch_s"]


def test_hands_that_changed_places():
    assert grip_switch_s([1] * 20 + [-1] * 16) == pytest.approx(10 / 25)
    assert grip_switch_s([1] * 36) == 0.0


def test_hands_that_are_last_told_apart_at_guard():
    # before guard one way, in its very frame the other way, too close from then on
    assert grip_switch_s([1] * 10 + [-1] + [0] * 25) == pytest.approx(IMPACT_S - GUARD_S)


def test_hands_that_changed_places_within_one_instant():
    pts_s = np.arange(NUM) / 25
    pts_s[20] = pts_s[19]  # a picture that is shown at the time of the one before
    assert grip_switch_s([1] * 20 + [-1] + [0] * 15, pts_s=pts_s) == pytest.approx(11 / 25)


@settings(deadline=None)
@given(st.lists(st.sampled_from([1.0, -1.0, 0.0, np.nan]), min_size=NUM, max_size=NUM))
def test_whatever_the_order_a_switch_lies_between_guard_and_impact(order_T):
    switch_s = grip_switch_s(order_T)
    assert np.isnan(switch_s) or 0.0 <= switch_s <= IMPACT_S - GUARD_S + 1e-9
