"""Thresholds that follow the footage, without labels.

Where the usable deliveries of a view show two humps in a feature, the antimode between them (see
`labelling.rules.antimode`) becomes the threshold, clipped to its guard rails, and values within a quarter of a standard
deviation of it are left undecided. Elsewhere the default stands.

Legend: N deliveries, V views.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from slowpaths.core.views import ASPECT, VIEWS
from slowpaths.labelling.rules.antimode import Antimode, find_antimode
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.quality import INSTANT_S, NEEDS, USABLE, Quality
from slowpaths.labelling.rules.rule import Rule
from slowpaths.labelling.rules.thresholds import Threshold

DEAD_ZONE = 0.25  # half width of the undecided zone, in standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Hold the number a threshold compares with in one view, and where it comes from."""

    value: float
    origin: str


Key = tuple[str, bool, str]  # feature, whether its absolute value is meant, view


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Hold the antimodes of a set of deliveries; without any, every threshold keeps its default."""

    antimodes: Mapping[Key, Antimode]

    def level(self, threshold: Threshold, *, view: str) -> Level:
        """Return what a threshold compares with in a view."""
        found = self._level(threshold, view=view)
        if abs(found.value) >= threshold.noise:
            return found
        value = threshold.noise if threshold.side == "above" else -threshold.noise
        return Level(value=value, origin=f"{found.origin}, held by noise")

    def _level(self, threshold: Threshold, *, view: str) -> Level:
        gain = threshold.end_on_gain if ASPECT[view] == "E" else 1.0
        antimode = self.antimodes.get((threshold.feature, threshold.is_folded, view))
        if threshold.rails is None:
            return Level(value=threshold.default * gain, origin="fixed")
        if antimode is None or antimode.status != "antimode":
            why = f"{antimode.status}, n={antimode.count}" if antimode else "not calibrated"
            return Level(value=threshold.default * gain, origin=f"default: {why}")
        low, high = sorted((threshold.rails[0] * gain, threshold.rails[1] * gain))
        clipped = min(max(antimode.value, low), high)
        margin = DEAD_ZONE * antimode.sigma * (1 if threshold.side == "above" else -1)
        railed = "" if clipped == antimode.value else ", held by the guard rail"
        return Level(value=clipped + margin, origin=f"antimode at {antimode.value:.3g}{railed}, n={antimode.count}")

    def levels(self, threshold: Threshold) -> list[Level]:
        """Return what a threshold compares with in every view (V,)."""
        return [self.level(threshold, view=view) for view in VIEWS]

    def met(self, threshold: Threshold, block: FeatureBlock) -> np.ndarray:
        """Return where a threshold is met (N,), bool; never where the feature is NaN."""
        values = np.abs(block[threshold.feature]) if threshold.is_folded else block[threshold.feature]
        limits = np.array([level.value for level in self.levels(threshold)])[block.view_codes]
        return values >= limits if threshold.side == "above" else values <= limits

    def to_dict(self) -> list[dict[str, Any]]:
        """Return one plain row a feature and view that had any measured delivery, in a fixed order."""
        return [
            {"feature": feature, "is_folded": is_folded, "view": view} | _none_for_nan(asdict(antimode))
            for (feature, is_folded, view), antimode in sorted(self.antimodes.items())
            if antimode.count
        ]


def calibrate(block: FeatureBlock, *, rules: Iterable[Rule]) -> Calibration:
    """Find the antimodes of every feature with guard rails, view by view, without labels."""
    wanted = {
        (threshold.feature, threshold.is_folded): None
        for rule in rules
        for threshold in rule.thresholds.values()
        if threshold.rails is not None
    }
    is_usable = Quality.of(block).weight((), needs=NEEDS, impact_within_s=INSTANT_S) >= USABLE
    antimodes: dict[Key, Antimode] = {}
    for code, view in enumerate(VIEWS):
        rows = np.flatnonzero(is_usable & (block.view_codes == code))
        if ASPECT[view] == "-" or not len(rows):
            continue
        for feature, is_folded in wanted:
            values = block[feature][rows]
            antimodes[feature, is_folded, view] = find_antimode(np.abs(values) if is_folded else values)
    return Calibration(antimodes=antimodes)


def _none_for_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}
