"""Finish: where the hands end up."""

from __future__ import annotations

from slowpaths.core.strokes import DEFEND, KNEE, LEAVE
from slowpaths.labelling.rules.rule import END_ON, plain_rule
from slowpaths.labelling.rules.thresholds import above, apart

_HIGH = frozenset(
    {"cover_drive", "straight_drive", "on_drive", "pull_hook", "loft_straight_off", "loft_leg_slog"}
)  # fmt: skip
_LOW = DEFEND | LEAVE | KNEE | {"flick_glance"}


finish_height = plain_rule(
    "finish.height",
    "Full swings finish above the shoulders, checked ones and those from the ground below.",
    votes={"high": _HIGH, "low": _LOW},
    thresholds=apart("finish_height", {"high": 0.5, "low": -0.3}),
    impact_within_s=0.2,  # largest value over .4 s
    source="coaching texts: drives finish with high hands, checked strokes below the shoulders; "
    "design choice for the numbers",
)

bat = plain_rule(
    "finish.bat",
    "A bat that is swung through points up after impact, one that only meets the ball still hangs down.",
    votes={"up": _HIGH | LEAVE | KNEE | {"cut"}, "down": DEFEND | {"bf_punch", "flick_glance", "cut"}},
    thresholds=apart("bat_up_after", {"up": 0.0, "down": -0.7}),
    needs=("person",),
    source="coaching texts: a defensive stroke and a punch are checked at the ball; design choice for the numbers",
)

wrap = plain_rule(
    "finish.wrap",
    "Strokes to leg wrap the hands around the front shoulder.",
    votes={"wrap": frozenset({"pull_hook", "loft_leg_slog", "on_drive", "flick_glance"})},
    thresholds={"wrap": above("finish_wrap", 0.3), "above_shoulders": above("finish_height", 0.0)},
    views=END_ON,
    evidence={"wrap": ("wrap", "above_shoulders")},
    impact_within_s=0.14,  # largest value over .28 s
    source="coaching texts on the pull: the bat ends over the front shoulder; design choice for the numbers",
)
