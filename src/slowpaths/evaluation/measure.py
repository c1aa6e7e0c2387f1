"""One number of the report: value, interval, chance, and what it means."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from slowpaths.evaluation.intervals import Estimate, wilson

Side = Literal["accuracy", "calibration", "mining", "spotting", "usefulness"]
Table = list[dict[str, float | int | str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Hold one number, or the reason why there is none.

    Args:
        name: Key in the report.
        side: What kind of question it answers.
        meaning: What it means, in one phrase.
        value: The number; None where it was not measured.
        low: Lower end of its 95 % interval; None where it has none.
        high: Upper end.
        chance: What guessing gets: every class alike, clips in random order, confidence shuffled; None where that
            makes no sense.
        constant: What always naming the most frequent class gets; None where that makes no sense.
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


def measured(
    name: str,
    side: Side,
    meaning: str,
    *,
    estimate: Estimate | float,
    chance: float | None = None,
    constant: float | None = None,
    num: int = 0,
    unit: str = "",
    is_share: bool = False,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Measure:
    """Return a measure that has a value; one whose value is NaN is said not to be measured.

    Args:
        name: Key in the report.
        side: What kind of question it answers.
        meaning: What it means, in one phrase.
        estimate: The value, with its interval where it has one.
        chance: What guessing gets.
        constant: What always naming the most frequent class gets.
        num: How many deliveries it rests on.
        unit: Unit.
        is_share: Whether it is a share of `num`; such a value at 0 or 1 takes Wilson's interval, as no resample can
            leave these ends.
        bounds: Smallest and largest value it can take; the interval stays inside.
    """
    if not isinstance(estimate, Estimate):
        estimate = Estimate(float(estimate), None)
    value, interval = estimate.value, estimate.interval
    if not np.isfinite(value):
        return missing(name, side, meaning, reason="there is no delivery it could be measured on")
    if is_share and num and (interval is None or interval.low == interval.high):
        interval = wilson(value * num, num)
    if is_share:
        bounds = (0.0, 1.0)
    return Measure(
        name=name,
        side=side,
        meaning=meaning,
        value=float(value),
        low=max(interval.low, bounds[0]) if interval else None,
        high=min(interval.high, bounds[1]) if interval else None,
        chance=_finite(chance),
        constant=_finite(constant),
        num=int(num),
        unit=unit,
    )


def missing(name: str, side: Side, meaning: str, *, reason: str) -> Measure:
    """Return a measure that could not be taken, with the reason."""
    return Measure(name=name, side=side, meaning=meaning, reason=reason)


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
