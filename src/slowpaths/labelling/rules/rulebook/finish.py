"""Finish: where the hands end up."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import DEFEND, KNEE, LEAVE
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import END_ON, pick, rule
from slowpaths.labelling.rules.thresholds import above, below

_HIGH = frozenset(
    {"cover_drive", "straight_drive", "on_drive", "pull_hook", "loft_straight_off", "loft_leg_slog"}
)  # fmt: skip
_LOW = DEFEND | LEAVE | KNEE | {"flick_glance"}


@rule(
    code="finish.height",
    votes={"high": _HIGH, "low": _LOW},
    thresholds={
        "high": above("finish_height", 0.5, rails=(-0.3, 0.5)),
        "low": below("finish_height", -0.3, rails=(-0.3, 0.5)),
    },
    impact_within_s=0.2,  # largest value over .4 s
    source="coaching texts: drives finish with high hands, checked strokes below the shoulders; "
    "design choice for the numbers",
)
def finish_height(block: FeatureBlock) -> np.ndarray:
    """Full swings finish above the shoulders, checked ones and those from the ground below."""
    return pick(block.met("high"), block.met("low"))


@rule(
    code="finish.wrap",
    votes={"wrap": frozenset({"pull_hook", "loft_leg_slog", "on_drive", "flick_glance"})},
    thresholds={"wrap": above("finish_wrap", 0.3), "above_shoulders": above("finish_height", 0.0)},
    views=END_ON,
    evidence={"wrap": ("wrap", "above_shoulders")},
    impact_within_s=0.14,  # largest value over .28 s
    source="coaching texts on the pull: the bat ends over the front shoulder; design choice for the numbers",
)
def wrap(block: FeatureBlock) -> np.ndarray:
    """Strokes to leg wrap the hands around the front shoulder."""
    return pick(block.met("wrap") & block.met("above_shoulders"))
