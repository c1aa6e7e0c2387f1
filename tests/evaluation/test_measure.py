from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slowpaths.evaluation.intervals import jackknife, leave_out, weighted_mean, wilson
from slowpaths.evaluation.measure import Measure, MeasureSpec, Reading
from slowpaths.evaluation.measures import SPECS, TABLES


def take(reading: Reading, **options: Any) -> Measure:
    spec = MeasureSpec(name="x", side="usefulness", place=0, meaning="m", measure=lambda sample: reading, **options)
    measure = spec.take(None)
    assert measure is not None
    return measure


def test_a_share_at_its_end_takes_the_interval_of_wilson() -> None:
    item = take(Reading(values_B=np.ones(5), num=12), is_share=True)
    assert (item.low, item.high) == (wilson(12, 12).low, 1.0)
    assert take(Reading(values_B=np.ones(3), num=12), is_share=True).low is None  # two matches tell nothing


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_matches_that_do_not_differ_give_no_interval_without_width(value: float) -> None:
    rounded = np.full(5, value) + np.array([0, 1e-16, -1e-16, 0, 0])
    for values_B in (np.full(5, value), rounded):
        assert take(Reading(values_B=values_B, num=12), bounds=(-1.0, 2.0)).high is None
        item = take(Reading(values_B=values_B, num=12), bounds=(-1.0, 2.0), is_share=True)
        assert (item.low, item.high) == pytest.approx((wilson(12 * value, 12).low, wilson(12 * value, 12).high))


def test_shares_near_one_are_covered() -> None:
    """Five matches of eight balls, 97 % right: three studies in ten have no error at all."""
    rng, held = np.random.default_rng(0), 0
    match_N, studies = np.repeat(np.arange(5), 8), 400
    for _ in range(studies):
        values_N = (rng.random(40) < 0.97).astype(float)
        item = take(Reading(values_B=weighted_mean(values_N, leave_out(match_N)), num=40), is_share=True)
        assert item.low < item.high
        held += item.low <= 0.97 <= item.high
    assert held / studies >= 0.9


def test_one_over_a_share_that_reaches_nothing_has_no_upper_end() -> None:
    bounded = take(Reading(values_B=1 / np.array([0.5, 0.48, 0.5, 0.52])), bounds=(1.0, np.inf), is_reciprocal=True)
    share = jackknife(np.array([0.5, 0.48, 0.5, 0.52]))
    assert share is not None and (bounded.low, bounded.high) == pytest.approx((1 / share.high, 1 / share.low))
    open_ended = take(Reading(values_B=1 / np.array([0.5, 1e-7, 0.6, 0.7])), bounds=(1.0, np.inf), is_reciprocal=True)
    assert open_ended.low == 1.0 and open_ended.high is None


def test_baselines_are_named_where_they_stand(pairing, read) -> None:
    found, _ = read(pairing)
    for spec in SPECS:
        item = found.get(spec.name)
        if item is not None and item.value is not None:
            named = [bool(text) for text in (*spec.baseline.split("; "), "")[:2]]
            assert named == [item.chance is not None, item.constant is not None], spec.name


def test_an_interval_stays_inside_what_is_possible_and_holds_the_value() -> None:
    assert take(Reading(values_B=np.array([0.98, 0.9, 0.99, 1.0]))).high == 1.0
    item = take(Reading(values_B=np.full(4, 0.5), unbiased_B=np.array([0.2, 0.21, 0.2, 0.19])))
    assert item.low < 0.2 and item.high == 0.5  # the usual estimator lies above what it estimates


def test_what_has_no_value_is_said_not_to_be_measured() -> None:
    item = take(Reading(values_B=np.array([np.nan]), chance=0.5))
    assert item.value is None and item.reason
    assert take(Reading(reason="why", meaning="more exactly")).meaning == "more exactly"


def test_every_measure_is_declared_once_and_whole() -> None:
    for declared in (SPECS, TABLES):
        assert len({spec.name for spec in declared}) == len(declared) == len({spec.place for spec in declared})
    assert len(SPECS) > 60
    for spec in SPECS:
        assert spec.meaning and spec.bounds[0] < spec.bounds[1]


@pytest.mark.parametrize("name", ["top1", "profile_fidelity", "mining_recall"])
def test_measures_are_found_by_themselves(name: str) -> None:
    assert name in {spec.name for spec in SPECS}


def test_every_measure_says_where_less_is_better() -> None:
    said = {spec.name for spec in SPECS if "lower is better" in spec.meaning}
    told = {"prevalence_error"}  # an error says it by its name
    assert {spec.name for spec in SPECS if spec.best == "lowest" and spec.side != "mining"} == said | told
