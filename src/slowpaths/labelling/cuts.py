"""Cuts: the places where a rule divides a feature, with the guard rails calibration may move them between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from slowpaths.core.features import BY_NAME, Feature

# Numbers made from other features of the same delivery or its video, named as if they had been measured.
DERIVED: dict[str, Feature] = {
    "onset_rank": Feature("onset_rank", "", "rank of onset_z among the audible hits of the same video, 0..1"),
    "onset_share": Feature("onset_share", "", "onset_z over the median of the audible hits of the same video"),
    "largest_pan": Feature("largest_pan", "frame widths", "largest camera_pan_off of a delivery of the same video"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Describe one comparison of a rule.

    Args:
        feature: Feature compared.
        side: Whether the cut is met above or below the threshold.
        default: Threshold where nothing better is known, in the unit of the feature.
        rails: Interval a calibrated threshold is clipped to; None keeps the default in every footage.
        end_on_gain: Factor on default and rails in end-on views, where motion along the pitch looks shorter.
        is_folded: Whether the absolute value is compared.
        noise: How far from zero noise alone reaches, unit of the feature; no threshold of a signed cut lies nearer.
    """

    feature: str
    side: Literal["above", "below"]
    default: float
    rails: tuple[float, float] | None = None
    end_on_gain: float = 1.0
    is_folded: bool = False
    noise: float = 0.0

    def __post_init__(self) -> None:
        assert self.feature in BY_NAME or self.feature in DERIVED, f"unknown feature {self.feature}"
        assert self.rails is None or self.rails[0] <= self.default <= self.rails[1], f"default outside rails: {self}"
        assert not (self.noise and self.is_folded), f"no side of zero to keep to: {self}"


def above(feature: str, default: float, **options: Any) -> Cut:
    """Return a cut met by values of at least the threshold (arguments as in `Cut`)."""
    return Cut(feature=feature, side="above", default=default, **options)


def below(feature: str, default: float, **options: Any) -> Cut:
    """Return a cut met by values of at most the threshold (arguments as in `Cut`)."""
    return Cut(feature=feature, side="below", default=default, **options)


def feature_of(name: str) -> Feature:
    """Return the definition of a measured or derived feature."""
    return BY_NAME[name] if name in BY_NAME else DERIVED[name]
