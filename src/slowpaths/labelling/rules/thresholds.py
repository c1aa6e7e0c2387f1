"""Thresholds: where a rule divides a feature, with the guard rails that calibration may move them between."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from slowpaths.core.errors import UsageError
from slowpaths.core.features import BY_NAME, Feature

# Numbers made from other features of the same delivery or its video, named as if they had been measured.
DERIVED: dict[str, Feature] = {
    "onset_rank": Feature("onset_rank", "", "rank of onset_z among the audible hits of the same video, 0..1"),
    "onset_share": Feature("onset_share", "", "onset_z over the median of the audible hits of the same video"),
    "largest_pan": Feature("largest_pan", "frame widths", "largest camera_pan_off of a delivery of the same video"),
}
_KNOWN = BY_NAME | DERIVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Describe one comparison of a rule."""

    feature: str  # feature compared
    side: Literal["above", "below"]  # whether it is met above or below its value
    default: float  # value where nothing better is known, in the unit of the feature
    # interval a calibrated value is clipped to; None keeps the default in every footage
    rails: tuple[float, float] | None = None
    end_on_gain: float = 1.0  # factor on default and rails in end-on views, where motion along the pitch looks shorter
    is_folded: bool = False  # whether the absolute value is compared
    noise: float = 0.0  # how far from zero noise alone reaches, unit of the feature; no signed threshold lies nearer

    def __post_init__(self) -> None:
        feature_of(self.feature)
        if not all(map(math.isfinite, (self.default, self.end_on_gain, self.noise, *(self.rails or ())))):
            raise UsageError(f"threshold on {self.feature}: a number is not finite: give another")
        if self.rails is not None and not self.rails[0] <= self.default <= self.rails[1]:
            raise UsageError(f"threshold on {self.feature}: the default {self.default} lies outside rails={self.rails}")
        if self.noise and self.is_folded:
            raise UsageError(f"threshold on {self.feature}: noise= needs a side of zero, which is_folded= takes away")


def above(feature: str, default: float, **options: Any) -> Threshold:
    """Return a threshold met by values of at least `default` (arguments as in `Threshold`)."""
    return Threshold(feature=feature, side="above", default=default, **options)


def below(feature: str, default: float, **options: Any) -> Threshold:
    """Return a threshold met by values of at most `default` (arguments as in `Threshold`)."""
    return Threshold(feature=feature, side="below", default=default, **options)


def apart(feature: str, values: Mapping[str, float], **options: Any) -> dict[str, Threshold]:
    """Return two named thresholds with a gap between them, the guard rail of both: above the larger, below the smaller.

    Example:
        >>> sorted((name, item.side) for name, item in apart("size_change", {"front": 0.03, "back": -0.03}).items())
        [('back', 'below'), ('front', 'above')]
    """
    low, high = rails = (min(values.values()), max(values.values()))
    sides = {low: below, high: above}
    return {name: sides[value](feature, value, rails=rails, **options) for name, value in values.items()}


def feature_of(name: str) -> Feature:
    """Return the definition of a measured or derived feature.

    Raises:
        UsageError: If there is none; it names the nearest.
    """
    if name not in _KNOWN:
        near = difflib.get_close_matches(name, _KNOWN, n=3, cutoff=0.4)
        hint = f"the nearest are: {', '.join(near)}" if near else "docs/tables.md lists them"
        raise UsageError(f"unknown feature '{name}'; {hint}")
    return _KNOWN[name]
