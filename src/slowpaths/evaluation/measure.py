"""What a measure is, and what one says of a sample: value, interval, baselines, and what they mean.

A module of `measures` declares its measures with `@measure` and its tables with `@report_table`. Report, figures and
documentation read these declarations: nothing else knows which measures there are.

Legend: B replicates, of which the first is the sample itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from inspect import getdoc
from typing import Any, Literal

import numpy as np

from slowpaths.evaluation.intervals import Interval, divide, jackknife, wilson

Side = Literal["accuracy", "calibration", "mining", "spotting", "usefulness"]
Table = list[dict[str, float | int | str]]
_NO_WIDTH = 1e-9  # replicates that differ by less differ by rounding only
NOTHING = "there is no delivery it could be measured on"


class NotMeasured(Exception):
    """Say why a sample has no such number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Hold what a measure says of a sample."""

    # the value and its replicates (B,), NaN where one cannot be measured; None where nothing can
    values_B: np.ndarray | None = None
    # the same without the bias of sampling (B,), where the usual estimator has one that is kept: the interval is that
    # of these
    unbiased_B: np.ndarray | None = None
    num: int = 0  # how many deliveries (or videos, votes, strokes) it rests on
    chance: float | None = None  # what guessing gets: every class alike, clips in random order, confidence shuffled
    # what always giving the same answer gets: the most frequent class, or the best answer of all
    constant: float | None = None
    reason: str = NOTHING  # why there is no value
    meaning: str = ""  # the meaning, where the sample tells it more exactly than the specification


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Hold one number of the report, or the reason why there is none."""

    name: str  # key in the report
    side: Side  # what kind of question it answers
    meaning: str  # what it means, in one phrase
    value: float | None = None  # the number; None where it was not measured
    low: float | None = None  # lower end of its 95 % interval; None where it has none
    high: float | None = None  # upper end; None where it has none, or where nothing bounds it from above
    chance: float | None = None  # what guessing gets; None where that makes no sense
    constant: float | None = None  # what always giving the same answer gets; None where that makes no sense
    num: int = 0  # how many deliveries (or videos, votes) it rests on
    unit: str = ""  # unit, "" for a share or score
    reason: str = ""  # why it was not measured; "" where it was

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the name."""
        return {key: item for key, item in asdict(self).items() if key != "name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSpec:
    """Declare a measure."""

    name: str  # key in the report
    side: Side  # what kind of question it answers
    place: int  # where it stands in the report: measures are shown in this order
    meaning: str  # what it means, in one phrase; says so where lower is better
    # takes a `Sample` (a `MiningSample` where the side is mining) and returns a reading, or None where it has nothing
    # to say
    measure: Callable[[Any], Reading | None]
    # what stands beside it as chance; after a semicolon: as constant; "" where no baseline makes sense
    baseline: str = ""
    unit: str = ""  # unit, "" for a share or score
    bounds: tuple[float, float] = (0.0, 1.0)  # smallest and largest value it can take; the interval stays inside
    best: Literal["highest", "lowest", "zero"] = "highest"  # the best value there can be
    # whether it is a share of `num`: where matches do not differ (all right, all wrong) it takes Wilson's interval;
    # other measures have none there, for matches that do not differ tell nothing of the next
    is_share: bool = False
    # whether it is one over a share that may be nothing: the interval is that of the share, and has no upper end where
    # that reaches 0
    is_reciprocal: bool = False

    def take(self, sample: Any) -> Measure | None:
        """Measure a sample."""
        try:
            reading = self.measure(sample)
        except NotMeasured as error:
            reading = Reading(reason=str(error))
        if reading is None:
            return None
        taken = Measure(name=self.name, side=self.side, meaning=reading.meaning or self.meaning)
        if reading.values_B is None or not np.isfinite(reading.values_B[0]):
            return replace(taken, reason=reading.reason)
        value, (low, high) = float(reading.values_B[0]), self._interval(reading, reading.values_B)
        low = None if low is None else min(max(low, self.bounds[0]), value)
        high = None if high is None else max(min(high, self.bounds[1]), value)
        chance, constant = (
            float(baseline) if baseline is not None and np.isfinite(baseline) else None
            for baseline in (reading.chance, reading.constant)
        )
        return replace(
            taken, value=value, low=low, high=high, chance=chance, constant=constant, num=reading.num, unit=self.unit
        )

    def _interval(self, reading: Reading, values_B: np.ndarray) -> tuple[float | None, float | None]:
        values_B = values_B if reading.unbiased_B is None else reading.unbiased_B
        interval = jackknife(divide(1, values_B) if self.is_reciprocal else values_B)
        if interval and interval.high - interval.low < _NO_WIDTH:
            interval = wilson(float(values_B[0]) * reading.num, reading.num) if self.is_share else None
        if interval and self.is_reciprocal:
            interval = Interval(low=1 / interval.high, high=1 / interval.low if interval.low > 0 else None)
        return (interval.low, interval.high) if interval else (None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """Declare a table of the report."""

    name: str  # key in the report and name of its CSV file
    place: int  # where it stands
    build: Callable[[Any], Table]  # takes the same sample as the measures beside it and returns the rows
    title: str = ""  # heading in report.md; "" where it is not shown there
    is_long: bool = False  # whether it stands in its CSV file only

    def rows(self, sample: Any) -> Table:
        """Build the table; empty where there is nothing to show."""
        try:
            return self.build(sample)
        except NotMeasured:
            return []


def measure(
    place: int, side: Side, *, name: str = "", meaning: str = "", **options: Any
) -> Callable[[Callable[[Any], Reading | None]], MeasureSpec]:
    """Declare a measure by a function: its name (without underscore) is the key, its docstring the meaning."""

    def declare(function: Callable[[Any], Reading | None]) -> MeasureSpec:
        text = meaning or (getdoc(function) or "").rstrip(".")
        key = name or function.__name__.lstrip("_")
        text = text[:1].lower() + text[1:]
        return MeasureSpec(name=key, side=side, place=place, meaning=text, measure=function, **options)

    return declare


def report_table(place: int, *, name: str = "", **options: Any) -> Callable[[Callable[[Any], Table]], ReportTable]:
    """Declare a table by a function: its name (without underscore) is the key unless another is given."""
    return lambda build: ReportTable(name=name or build.__name__.lstrip("_"), place=place, build=build, **options)
