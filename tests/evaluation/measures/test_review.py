from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.measures import review_minutes as review
from slowpaths.evaluation.measures.review_area import effort_area, effort_curve
from slowpaths.evaluation.measures.work_saved import clips_to_recall, work_saved
from slowpaths.evaluation.ranking import rank


def test_work_saved_is_true_negatives_and_allowed_misses() -> None:
    # TN 700, FN 5 of 1000: 705 are not screened
    assert float(work_saved(np.array(1000 - 705), np.array(1000), recall=0.95)) == pytest.approx(0.655)


def test_screening_stops_when_enough_is_found() -> None:
    # 20 relevant of 100: the first nineteen stand in front, the twentieth last
    relevant = np.r_[np.ones(19), np.zeros(80), 1].astype(bool)
    ranking = rank(-np.arange(100, dtype=float), relevant)
    assert clips_to_recall(ranking, 0.95)[0] == 19
    assert clips_to_recall(ranking, 0.96)[0] == 100
    assert float(work_saved(np.array(19), np.array(100))) == pytest.approx(0.76)


def test_what_mining_missed_cannot_be_screened() -> None:
    ranking = rank(np.array([2.0, 1.0, -np.inf]), np.array([True, False, True]))
    assert clips_to_recall(ranking)[0] == 2
    assert float(work_saved(np.array(2), np.array(2))) == pytest.approx(-0.05)
    assert np.isnan(clips_to_recall(rank(np.array([1.0]), np.array([False])))[0])


def test_minutes() -> None:
    assert float(review.review_minutes(12)) == pytest.approx(1.0)
    assert float(review.linear_minutes(12)) == pytest.approx(7.0)


def test_area_is_one_half_in_random_order_and_near_one_in_the_best() -> None:
    relevant = np.arange(100) < 10
    assert effort_area(rank(np.zeros(100), relevant))[0] == pytest.approx(0.5)
    assert effort_area(rank(-np.arange(100, dtype=float), relevant))[0] == pytest.approx(0.95)
    share, recall = effort_curve(rank(-np.arange(100, dtype=float), relevant))
    assert np.trapezoid(recall, share) == pytest.approx(0.95)
