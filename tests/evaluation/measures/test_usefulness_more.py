"""Side flips, the stopping rule, tau-ap of batters and robustness, by hand and at the extremes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.measures.robustness import left_at_worst
from slowpaths.evaluation.measures.stopping import _stopped, stopping_point
from slowpaths.evaluation.sample import Query


def test_a_perfect_system_flips_nothing_and_a_mirrored_one_everything_it_can(perfect, read) -> None:
    assert read(perfect)[0]["side_flips"].value == 0.0
    names = perfect.space.names
    off, leg = names.index("cover_drive"), names.index("on_drive")
    called = np.where(perfect.true_U == off, leg, np.where(perfect.true_U == leg, off, perfect.true_U))
    mirrored = replace(perfect, called_U=called, probs_UG=np.eye(len(names))[called])
    values, matrix = perfect.space.factor("side")
    sides = matrix[:, [values.index("off"), values.index("leg")]].any(axis=1)
    expected = np.isin(perfect.true_U, (off, leg)).sum() / sides[perfect.true_U].sum()
    found = read(mirrored)[0]["side_flips"]
    assert found.value == pytest.approx(expected)
    assert 0 < found.chance < 0.5


def test_screening_stops_early_after_a_good_ranking_and_late_after_none() -> None:
    good = np.r_[np.ones(50), np.zeros(950)].astype(bool)
    assert 50 < stopping_point(good) < 900
    assert stopping_point(np.random.default_rng(0).permutation(good)) > 900


def test_the_stop_finds_what_it_promises() -> None:
    """In ninety-five of a hundred reviews or more, 95 % of the hits are found where it stops."""
    rng, reached = np.random.default_rng(0), []
    for _ in range(40):
        order = np.argsort(-(rng.standard_normal(600) + 2.0 * (np.arange(600) < 60)))
        hits = order < 60
        reached.append(hits[: stopping_point(hits)].sum() >= 0.95 * 60)
    assert np.mean(reached) >= 0.95


def test_clips_of_equal_score_stand_in_no_order() -> None:
    wanted = np.repeat([True, False, True, False], [20, 100, 10, 870])
    scores = np.repeat([2.0, 1.0], [120, 880])
    one = Query(column=0, rows=np.arange(1000), scores=scores, is_wanted=wanted)
    assert _stopped(one) == _stopped(replace(one, scores=scores[::-1], is_wanted=wanted[::-1]))


def test_saving_and_recall_of_a_perfect_system(perfect, read) -> None:
    found = read(perfect)[0]
    assert found["stopped_recall"].value == pytest.approx(1.0, abs=0.01)
    assert 0 < found["stopped_saving"].value < found["wss95"].value


def test_the_order_of_batters_is_kept_by_a_perfect_system(pairing, perfect, read) -> None:
    assert read(perfect)[0]["ranking_agreement_top"].value == 1.0
    assert read(pairing)[0]["ranking_agreement_top"].value < 1.0


def test_what_is_left_at_the_worst_by_hand() -> None:
    assert left_at_worst(np.array([0.5, 0.0]), np.array([[0.6, 0.1], [-0.1, 0.1]]))[0] == pytest.approx(-0.2)
    assert np.isnan(left_at_worst(np.array([0.0]), np.array([[0.1]]))[0])


def test_a_system_that_fails_one_hand_is_told(perfect, read) -> None:
    found = read(perfect)[0]
    assert found["robustness_handedness"].value == pytest.approx(1.0)
    assert "two values of venue" in found["robustness_venue"].reason
    left = np.array([item.handedness == "L" for item in perfect.truths])
    wrong = np.where(left, (perfect.true_U + 5) % 14, perfect.true_U)
    failing = replace(perfect, called_U=wrong, probs_UG=np.eye(14)[wrong])
    assert read(failing)[0]["robustness_handedness"].value < 0
