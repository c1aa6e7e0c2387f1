from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mining.stick import IMPACT_S, SIZE, as_track, stick_track
from tests.stick_figures import batter
from tests.stick_scene import Camera

from slowpaths.core.skeleton import INDEX
from slowpaths.mining.striker.handedness import PRIOR_P, SWITCH_P, handedness, logit, pool, stance_cues, take_turns

VIEWS = {
    "pitch_endon": Camera(place=(0.3, 55.0, 7.5), aim=(0.0, 0.0, 0.8), focal_px=5000.0, size=SIZE),
    "pitch_side": Camera(place=(-38.0, 1.5, 3.4), aim=(0.0, 1.0, 0.8), focal_px=5000.0, size=SIZE),
}


def filmed_batter(stroke: str, *, view: str, is_right_handed: bool, seed: int = 0):
    times_s = np.arange(-40, 21) / 25
    joints, _ = batter(stroke, times_s, is_right_handed=is_right_handed, rng=np.random.default_rng(seed))
    ears = 0.5 * (joints[:, INDEX["left_ear"]] + joints[:, INDEX["right_ear"]])
    joints[:, INDEX["nose"]] = ears + np.array([0.0, 0.1, 0.0])  # eyes on the bowler
    xy, _ = VIEWS[view].project(joints)
    return as_track(np.concatenate([xy, np.ones((*xy.shape[:2], 1))], axis=2), IMPACT_S + times_s)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("stroke", ["cover_drive", "pull_hook", "reverse_sweep_ramp", "leave", "bf_defence"])
def test_a_batter_in_three_dimensions_is_told_from_his_mirror_image(stroke, view):
    right = filmed_batter(stroke, view=view, is_right_handed=True)
    left = filmed_batter(stroke, view=view, is_right_handed=False)
    assert handedness(right, impact_s=IMPACT_S, view=view, picture_size=SIZE) > 0.8
    assert handedness(left, impact_s=IMPACT_S, view=view, picture_size=SIZE) < 0.5


def test_a_mirrored_batter_has_the_opposite_cues():
    right = stance_cues(stick_track(), impact_s=IMPACT_S, view="pitch_endon")
    left = stance_cues(stick_track(is_left_handed=True), impact_s=IMPACT_S, view="pitch_endon")
    assert set(right) == {"top_hand", "front_foot", "facing", "backlift"}
    for name in ("top_hand", "front_foot", "facing"):
        assert right[name] > 0.05
    assert {name: -value for name, value in right.items()} == pytest.approx(left)


def test_without_a_cue_the_prior_stands():
    track = stick_track()
    track.keypoints_TJC[..., :2] = np.nan
    assert handedness(track, impact_s=IMPACT_S, view="pitch_endon") == pytest.approx(PRIOR_P)


def test_what_is_shown_after_impact_does_not_count():
    track = stick_track(span_s=(0.04, 1.0))
    assert handedness(track, impact_s=IMPACT_S, view="pitch_endon") == pytest.approx(PRIOR_P)


def test_an_innings_outvotes_its_odd_ball():
    pooled = pool([0.9, 0.9, 0.9, 0.9, 0.4], ["smith"] * 5)
    assert len(set(pooled)) == 1
    assert pooled[0] > 0.9


def test_nothing_is_shared_between_strangers():
    assert pool([0.9, 0.2, 0.6], ["a", "b", None]) == pytest.approx([0.9, 0.2, 0.6])


def test_nobody_to_pool():
    assert pool([], []) == []


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=20))
def test_pooling_neither_depends_on_order_nor_invents_evidence(probabilities):
    forwards = pool(probabilities, ["a"] * len(probabilities))[0]
    backwards = pool(probabilities[::-1], ["a"] * len(probabilities))[0]
    assert forwards == pytest.approx(backwards)
    if all(p >= PRIOR_P for p in probabilities):
        assert forwards >= PRIOR_P - 1e-9
    if all(p <= PRIOR_P for p in probabilities):
        assert forwards <= PRIOR_P + 1e-9


def test_one_ball_alone_keeps_what_is_known_of_it():
    for p in (0.02, 0.5, 0.78, 0.97):
        assert take_turns([p], ["a"]) == pytest.approx([p])
    assert take_turns([], []) == []


def test_the_other_batter_may_face_in_between():
    right, left = 0.999, 0.001
    sure = take_turns([right, left, right, left], list("abcd"))
    assert [p > 0.5 for p in sure] == [True, False, True, False]


def test_a_ball_that_shows_nothing_is_judged_by_those_around_it():
    lefts = take_turns([0.02, 0.78, 0.02], list("abc"))
    assert lefts[1] < 0.3
    far = take_turns([0.02, *[0.78] * 12], list("abcdefghijklm"))
    assert far[1] < far[4] < far[8] < far[12] == pytest.approx(0.78, abs=0.01)


def test_replays_count_for_their_ball_wherever_they_come():
    chances = take_turns([0.9, 0.3, 0.9], ["a", "b", "a"])
    assert chances[0] == chances[2] == pytest.approx(take_turns([0.9, 0.3], ["a", "b"])[0])


def test_chances_are_those_of_all_orders_of_batters():
    """Against the sum over all sequences of hands, with every ball counted in full."""
    known, weight = [0.9, 0.4, 0.6], 1.0 / (1.0 + 0.1 * (1 / SWITCH_P - 1))
    for asked in range(3):
        total = np.zeros(2)
        for hands in itertools.product((0, 1), repeat=3):
            chance = 1.0
            for ball, hand in enumerate(hands):
                usual = PRIOR_P if hand else 1 - PRIOR_P
                chance *= usual if ball == 0 else SWITCH_P * usual + (1 - SWITCH_P) * (hand == hands[ball - 1])
                odds = (logit(known[ball]) - logit(PRIOR_P)) * (1.0 if ball == asked else weight)
                chance *= np.exp(odds) if hand else 1.0
            total[hands[asked]] += chance
        assert take_turns(known, [0, 1, 2])[asked] == pytest.approx(total[1] / total.sum())
