"""What a measure is, and what one says of a sample: value, interval, baselines, and what they mean.

A module of `measures` declares its measures with `@measure` and its tables with `@report_table`. Report, figures and
documentation read these declarations: nothing else knows which measures there are.

Legend: B replicates, of which the first is the sample itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from inspect import getdoc
from typing import Any, Literal

import numpy as np

from slowpaths.evaluation.intervals import jackknife, wilson

Side = Literal["accuracy", "calibration", "mining", "spotting", "usefulness"]
Table = list[dict[str, float | int | str]]
NOTHING = "there is no delivery it could be measured on"


class NotMeasured(Exception):
    """Say why a sample has no such number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Hold what a measure says of a sample.

    Args:
        values_B: The value and its replicates (B,), NaN where one cannot be measured; None where nothing can.
        unbiased_B: The same without the bias of sampling (B,), where the usual estimator has one that is kept: the
            interval is that of these.
        num: How many deliveries (or videos, votes, strokes) it rests on.
        chance: What guessing gets: every class alike, clips in random order, confidence shuffled.
        constant: What always giving the same answer gets: the most frequent class, or the best answer of all.
        reason: Why there is no value.
        meaning: The meaning, where the sample tells it more exactly than the specification.
    """

    values_B: np.ndarray | None = None
    unbiased_B: np.ndarray | None = None
    num: int = 0
    chance: float | None = None
    constant: float | None = None
    reason: str = NOTHING
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Hold one number of the report, or the reason why there is none.

    Args:
        name: Key in the report.
        side: What kind of question it answers.
        meaning: What it means, in one phrase.
        value: The number; None where it was not measured.
        low: Lower end of its 95 % interval; None where it has none.
        high: Upper end.
        chance: What guessing gets; None where that makes no sense.
        constant: What always giving the same answer gets; None where that makes no sense.
        num: How many deliveries (or videos, votes) it rests on.
        unit: Unit, "" for a share or score.
        reason: Why it was not measured; "" where it was.
    """

    name: str
    side: Side
    meaning: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    constant: float | None = None
    num: int = 0
    unit: str = ""
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the name."""
        return {key: item for key, item in asdict(self).items() if key != "name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSpec:
    """Declare a measure.

    Args:
        name: Key in the report.
        side: What kind of question it answers.
        place: Where it stands in the report: measures are shown in this order.
        meaning: What it means, in one phrase; says so where lower is better.
        measure: Takes a `Sample` (a `MiningSample` where the side is mining) and returns a reading, or None
            where it has nothing to say.
        baseline: What stands beside it as chance; after a semicolon: as constant; "" where no baseline makes sense.
        unit: Unit, "" for a share or score.
        bounds: Smallest and largest value it can take; the interval stays inside.
        is_share: Whether it is a share of `num`: at 0 or 1 it takes Wilson's interval, as no resample leaves the ends.
    """

    name: str
    side: Side
    place: int
    meaning: str
    measure: Callable[[Any], Reading | None]
    baseline: str = ""
    unit: str = ""
    bounds: tuple[float, float] = (0.0, 1.0)
    is_share: bool = False

    def take(self, sample: Any) -> Measure | None:
        """Measure a sample."""
        try:
            reading = self.measure(sample)
        except NotMeasured as error:
            reading = Reading(reason=str(error))
        if reading is None:
            return None
        meaning = reading.meaning or self.meaning
        values_B = np.full(1, np.nan) if reading.values_B is None else reading.values_B
        value = float(values_B[0])
        if not np.isfinite(value):
            return Measure(name=self.name, side=self.side, meaning=meaning, reason=reading.reason)
        interval = jackknife(values_B if reading.unbiased_B is None else reading.unbiased_B)
        if interval and self.is_share and interval.low == interval.high:
            interval = wilson(value * reading.num, reading.num)
        low, high = self.bounds
        return Measure(
            name=self.name,
            side=self.side,
            meaning=meaning,
            value=value,
            low=float(min(max(interval.low, low), value)) if interval else None,
            high=float(max(min(interval.high, high), value)) if interval else None,
            chance=_finite(reading.chance),
            constant=_finite(reading.constant),
            num=reading.num,
            unit=self.unit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """Declare a table of the report.

    Args:
        name: Key in the report and name of its CSV file.
        place: Where it stands.
        build: Takes the same sample as the measures beside it and returns the rows.
        title: Heading in report.md; "" where it is not shown there.
        is_long: Whether it stands in its CSV file only.
    """

    name: str
    place: int
    build: Callable[[Any], Table]
    title: str = ""
    is_long: bool = False

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


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
