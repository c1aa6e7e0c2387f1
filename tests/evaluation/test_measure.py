from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from slowpaths.evaluation.intervals import wilson
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
