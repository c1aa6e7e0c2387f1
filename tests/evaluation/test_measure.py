from __future__ import annotations

from slowpaths.evaluation.intervals import Estimate, Interval, wilson
from slowpaths.evaluation.measure import measured


def test_a_share_at_its_end_takes_the_interval_of_wilson() -> None:
    item = measured("x", "accuracy", "", estimate=Estimate(1.0, Interval(1.0, 1.0)), num=12, is_share=True)
    assert (item.low, item.high) == (wilson(12, 12).low, 1.0)


def test_an_interval_stays_inside_what_is_possible() -> None:
    estimate = Estimate(0.98, Interval(0.9, 1.04))
    assert measured("x", "usefulness", "", estimate=estimate, bounds=(0.0, 1.0)).high == 1.0


def test_what_has_no_value_is_said_not_to_be_measured() -> None:
    item = measured("x", "usefulness", "", estimate=float("nan"), chance=0.5)
    assert item.value is None and item.reason
