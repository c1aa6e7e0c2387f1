from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.measures import review
from slowpaths.evaluation.measures.review import (
    clips_to_recall,
    effort_area,
    effort_curve,
    random_work_saved,
    work_saved,
)
from slowpaths.evaluation.ranking import rank
from slowpaths.evaluation.sample import Sample


def test_work_saved_is_true_negatives_and_allowed_misses() -> None:
    # TN 700, FN 5 of 1000: 705 are not screened
    assert float(work_saved(np.array(1000 - 705), np.array(1000), recall=0.95)) == pytest.approx(0.655)


def test_random_orders_save_what_chance_says() -> None:
    """The last of three hits comes early in some orders: chance is above zero, and it is their mean."""
    random, is_hit = np.random.default_rng(0), np.arange(40) < 3
    saved = [
        work_saved(clips_to_recall(rank(random.permutation(np.arange(40.0)), is_hit)), np.array([40.0]))[0]
        for _ in range(4000)
    ]
    expected = random_work_saved(rank(np.arange(40.0), is_hit))
    assert expected == pytest.approx(1 - 3 * 41 / 4 / 40 - 0.05)
    assert np.mean(saved) == pytest.approx(expected, abs=0.01)
    unreachable = rank(np.r_[np.arange(39.0), -np.inf], np.arange(40) > 36)
    assert random_work_saved(unreachable) == 0.0


def test_screening_stops_when_enough_is_found() -> None:
    # 20 relevant of 100: the first nineteen stand in front, the twentieth last
    relevant = np.r_[np.ones(19), np.zeros(80), 1].astype(bool)
    ranking = rank(-np.arange(100, dtype=float), relevant)
    assert clips_to_recall(ranking, 0.95)[0] == 19
    assert clips_to_recall(ranking, 0.96)[0] == 100
    assert float(work_saved(np.array(19), np.array(100))) == pytest.approx(0.76)


def test_what_was_never_found_cannot_be_screened() -> None:
    ranking = rank(np.array([2.0, 1.0, -np.inf]), np.array([True, False, True]))
    assert clips_to_recall(ranking)[0] == np.inf
    assert work_saved(np.array([np.inf]), np.array([2.0]))[0] == 0.0  # neither -.05 nor anything saved
    assert np.isnan(clips_to_recall(rank(np.array([1.0]), np.array([False])))[0])
    # both clips and then the five minutes of footage: never cheaper than watching everything
    assert review.review_minutes(ranking, 300.0)[0] == pytest.approx(2 * 5 / 60 + 5)


def test_minutes_come_from_the_footage(perfect, read) -> None:
    assert "how long it is" in read(perfect)[0]["review_minutes"].reason
    found, tables = read(Sample(perfect, footage_s=600.0))
    assert found["review_minutes"].chance == 10.0
    assert {row["footage_minutes"] for row in tables["review"]} == {10.0}


def test_strokes_out_of_reach_are_said_and_never_cheap(perfect, read) -> None:
    lost = perfect.true_U == 1
    lost[np.flatnonzero(lost)[::5]] = False  # four fifths of stroke 1 were never found
    missed = replace(perfect, is_found=~lost, called_U=np.where(lost, -1, perfect.called_U))
    found, tables = read(Sample(missed, footage_s=600.0))
    rows = {row["class"]: row for row in tables["review"]}
    stroke = perfect.space.names[1]
    assert rows[stroke]["reaches_95"] == "no" and np.isnan(rows[stroke]["wss95"])
    assert rows[stroke]["minutes"] > rows[stroke]["footage_minutes"] == 10.0
    assert found["review_reachable"].value == pytest.approx(1 - 1 / len(rows))
    assert found["wss95"].value < read(perfect)[0]["wss95"].value
    half = np.arange(len(lost)) % 2 == 0
    nothing_reached = replace(perfect, is_found=half, called_U=np.where(half, perfect.called_U, -1))
    assert "no screening reaches 95 %" in read(nothing_reached)[0]["wss95"].reason


def test_a_replay_is_a_clip_to_watch_but_no_find(perfect, read) -> None:
    replays = np.zeros(len(perfect.true_U), dtype=bool)
    replays[np.flatnonzero(perfect.true_U == 1)[:5]] = True
    _, tables = read(replace(perfect, is_replay=replays))
    before = {row["class"]: row for row in read(perfect)[1]["review"]}[perfect.space.names[1]]
    after = {row["class"]: row for row in tables["review"]}[perfect.space.names[1]]
    assert after["deliveries"] == before["deliveries"] - 5 and after["clips"] == before["clips"]


def test_area_is_one_half_in_random_order_and_near_one_in_the_best() -> None:
    relevant = np.arange(100) < 10
    assert effort_area(rank(np.zeros(100), relevant))[0] == pytest.approx(0.5)
    assert effort_area(rank(-np.arange(100, dtype=float), relevant))[0] == pytest.approx(0.95)
    share, recall = effort_curve(rank(-np.arange(100, dtype=float), relevant))
    assert np.trapezoid(recall, share) == pytest.approx(0.95)
