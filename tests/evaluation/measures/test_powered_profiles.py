"""Profiles from a few labels and many predictions: where predictions help, where they must not harm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.intervals import unit_weights
from slowpaths.evaluation.measures.powered_profiles import ONE_IN, power, powered_shares
from slowpaths.evaluation.stroke_profiles import StrokeProfiles


def profiles(true_N: np.ndarray, soft_NG: np.ndarray, group_N: np.ndarray, graded_N: np.ndarray) -> StrokeProfiles:
    num = soft_NG.shape[1]
    return StrokeProfiles(
        whose="each batter's", names=tuple(map(str, range(group_N.max() + 1))), sizes=tuple(np.bincount(group_N)),
        group_N=group_N, true_NG=np.eye(num)[true_N], hard_NG=np.eye(num)[soft_NG.argmax(axis=1)], soft_NG=soft_NG,
        is_graded=graded_N, weights_BN=unit_weights(len(true_N)), num_true=num,
    )  # fmt: skip


def test_an_estimate_worked_by_hand() -> None:
    true_N = np.array([0, 0, 1, 1, 0, 1, 0, 1, 0, 0])
    soft_NG = np.eye(2)[[0, 1, 1, 1, 0, 0, 0, 1, 0, 1]]
    given = profiles(true_N, soft_NG, np.zeros(10, dtype=int), np.ones(10, dtype=bool))
    # balls 0 and 5 are labelled: strokes 0 and 1; the predictions call both 0, so their power is nothing
    assert powered_shares(given, 0, is_powered=True)[0, 0].tolist() == [0.5, 0.5]
    # balls 2 and 7: both 1, both called 1; nothing varies
    assert powered_shares(given, 2, is_powered=True)[0, 0].tolist() == [0.0, 1.0]
    # balls 3 and 8: strokes 1 and 0, called so: power 1, and the predictions say half of all are 0
    assert powered_shares(given, 3, is_powered=True)[0, 0].tolist() == [0.5, 0.5]
    # balls 4 and 9: stroke 0, called 0 and 1; nothing varies in truth, so the power is nothing
    assert powered_shares(given, 4, is_powered=True)[0, 0].tolist() == [1.0, 0.0]
    assert powered_shares(given, 4, is_powered=False)[0, 0].tolist() == [1.0, 0.0]


def test_the_power_is_that_of_least_variance_within_batters() -> None:
    rng = np.random.default_rng(0)
    group_N = np.repeat([0, 1], 200)
    soft_N = rng.random(400) + 5 * group_N  # what differs between batters says nothing of balls
    true_N = 0.6 * (soft_N - 5 * group_N) + rng.normal(0, 0.1, 400)
    found = power(true_N[:, None], soft_N[:, None], group_N)
    assert found[0] == pytest.approx(0.6, abs=0.05)


def test_predictions_that_are_right_beat_the_labels_alone_and_noise_hardly_harms(perfect, read) -> None:
    found = read(perfect)[0]["profile_fidelity_powered"]
    assert found.value is not None and found.chance is not None
    assert found.value > found.chance + 0.04 and found.low is not None
    noise = np.random.default_rng(0).dirichlet(np.ones(14), len(perfect.true_U))
    useless = read(replace(perfect, probs_UG=noise, called_U=noise.argmax(axis=1)))[0]["profile_fidelity_powered"]
    assert useless.chance == pytest.approx(found.chance)  # the labels are the same
    assert useless.value == pytest.approx(useless.chance, abs=0.02)
    assert found.value - found.chance > 3 * (useless.value - useless.chance)


def test_one_ball_in_five_is_labelled_each_in_turn_and_where_nothing_is_found_nothing_is(nothing, read) -> None:
    given = profiles(np.zeros(10, dtype=int), np.eye(2)[[0] * 10], np.repeat([0, 1], 5), np.ones(10, dtype=bool))
    assert all(powered_shares(given, turn, is_powered=False).tolist() == [[[1, 0], [1, 0]]] for turn in range(ONE_IN))
    lost = read(nothing)[0]["profile_fidelity_powered"]
    assert lost.value is None and "no delivery was found" in lost.reason
