from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_1samp
from tests.evaluation.coverage import BALLS, WHOLE_MATCH, covers, matches, players

from slowpaths.evaluation.intervals import Interval, jackknife, leave_out, unbiased_absolute, weighted_mean, wilson
from slowpaths.evaluation.measures.profile_error import mean_total_variation, total_variation
from slowpaths.evaluation.measures.profile_fidelity import fidelity, jensen_shannon


@pytest.mark.parametrize(("hits", "num"), [(0, 5), (5, 5), (3, 10), (95, 100)])
def test_wilson_agrees_with_scipy(hits: int, num: int) -> None:
    theirs = binomtest(hits, num).proportion_ci(method="wilson")
    ours = wilson(hits, num)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_each_match_is_left_out_once() -> None:
    weights = leave_out(np.array(list("abbca"), dtype=object))
    assert weights.tolist() == [[1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [1, 0, 0, 1, 1], [1, 1, 1, 0, 1]]
    many = leave_out(np.arange(250).astype(str))
    assert many.shape == (101, 250) and set((1 - many[1:]).sum(axis=1)) == {2, 3}  # left out in groups
    assert leave_out(np.array([], dtype=object)).shape == (1, 0)


def test_of_a_mean_of_equal_matches_it_is_the_interval_of_student() -> None:
    values = np.random.default_rng(0).normal(size=(6, 20))
    clusters = np.repeat(np.arange(6), 20)
    found = jackknife(weighted_mean(values.ravel(), leave_out(clusters)))
    theirs = ttest_1samp(values.mean(axis=1), 0).confidence_interval()
    assert found is not None and (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("num", [0, 1, 2])
def test_fewer_than_three_matches_give_no_interval(num: int) -> None:
    assert jackknife(np.arange(num + 1.0)) is None
    assert jackknife(np.array([1.0, 2.0, 3.0, 4.0, np.nan, np.nan, np.nan, np.nan])) is None
    assert isinstance(jackknife(np.array([1.0, 2.0, 3.0, 4.0, np.nan])), Interval)


def test_noise_is_taken_out_of_distances() -> None:
    rng = np.random.default_rng(0)
    for true in (0.0, 0.05, 0.3):
        pattern = np.tile([true, -true, 0.0, 0.0], 50)
        seen = pattern + rng.normal(0, 0.1, size=(40, 200))
        found = unbiased_absolute(seen, np.full(seen.shape, 0.1))
        plain = np.abs(seen).sum(axis=1)
        assert abs(found.mean() - np.abs(pattern).sum()) < 0.55 * abs(plain.mean() - np.abs(pattern).sum())


# Coverage is .95 where it is exact. 300 studies have a standard error of .013, 2,000 of .005.
@pytest.mark.parametrize("num_matches", [3, 5, 10, 30])
def test_intervals_of_a_share_cover_as_often_as_they_say(num_matches: int) -> None:
    assert 0.91 <= covers(share, 0.7, num_matches=num_matches, studies=300) <= 0.99


@pytest.mark.parametrize("num_matches", [3, 5])
def test_intervals_of_profile_distances_cover_as_often_as_they_say(num_matches: int) -> None:
    profiles, true_AG, counted_AG = players(num_groups=4000)
    error, likeness = (distance(true_AG, counted_AG).mean() for distance in (total_variation, jensen_shannon))
    assert covers(mean_total_variation, error, num_matches=num_matches, studies=80, make=profiles) >= 0.88
    assert covers(hard_fidelity, 1 - likeness, num_matches=num_matches, studies=80, make=profiles) >= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("num_matches", [3, 5, 10, 30])
def test_coverage_in_full(num_matches: int) -> None:
    for balls in (BALLS, WHOLE_MATCH):  # .938 to .949 in 20,000 studies of each
        make = partial(matches, balls=balls)
        assert 0.92 <= covers(share, 0.7, num_matches=num_matches, studies=2000, make=make) <= 0.97
    profiles, true_AG, counted_AG = players(num_groups=20_000)
    error, likeness = (distance(true_AG, counted_AG).mean() for distance in (total_variation, jensen_shannon))
    assert 0.92 <= covers(mean_total_variation, error, num_matches=num_matches, studies=500, make=profiles) <= 0.99
    assert 0.88 <= covers(hard_fidelity, 1 - likeness, num_matches=num_matches, studies=500, make=profiles) <= 0.99


def share(study) -> np.ndarray:
    values, clusters = study
    return weighted_mean(values, leave_out(clusters))


def hard_fidelity(profiles) -> np.ndarray:
    return fidelity(profiles, profiles.hard_NG)
