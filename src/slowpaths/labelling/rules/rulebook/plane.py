"""Plane: whether the bat came down straight or across."""

from __future__ import annotations

from slowpaths.core.strokes import BF, HORZ, LEAVE, VERT
from slowpaths.labelling.rules.rule import END_ON, plain_rule
from slowpaths.labelling.rules.rulebook import cues
from slowpaths.labelling.rules.thresholds import apart

# A flick comes down straight and is turned across; a batter who leaves draws the hands up, or inside the line.
_UP_AND_DOWN = VERT | LEAVE
_ACROSS = HORZ | LEAVE | {"flick_glance"}
_LOW_HANDS = frozenset(
    {"ff_defence", "cover_drive", "straight_drive", "on_drive", "sweep", "reverse_sweep_ramp", "flick_glance"}
)

hand_path = plain_rule(
    "plane.hand_path",
    "Through the ball the hands follow the plane of the bat.",
    votes={"vertical": _UP_AND_DOWN, "horizontal": _ACROSS},
    thresholds={"linear": cues.LINEAR_PATH, "vertical": cues.STRAIGHT_PATH, "horizontal": cues.FLAT_PATH},
    views=END_ON,
    evidence={"vertical": ("vertical", "linear"), "horizontal": ("horizontal", "linear")},
    source="public front-on rule classifiers of cricket strokes split the bat path at 35 and 55 degrees from vertical",
)

bat = plain_rule(
    "plane.bat",
    "Where the bat itself is seen at impact, it hangs down or lies across.",
    votes={"vertical": _UP_AND_DOWN, "horizontal": _ACROSS},
    thresholds=apart("bat_across", {"vertical": 0.3, "horizontal": 0.5}),
    views=END_ON,
    needs=("person",),
    source="coaching texts name straight-bat and cross-bat strokes after it; level is past 45 degrees, upright within "
    "33 (design choice)",
)

flow_axis = plain_rule(
    "plane.flow_axis",
    "Around impact the picture of the upper body moves down in straight-bat and across in cross-bat strokes.",
    votes={"vertical": _UP_AND_DOWN, "horizontal": _ACROSS | BF},  # off the back foot the body goes across too
    thresholds={"vertical": cues.VERTICAL_FLOW, "horizontal": cues.HORIZONTAL_FLOW},
    views=END_ON,
    source="flow orientation separates stroke groups (Gupta and Balan 2022, doi 10.1007/s11042-022-13307-y); "
    "design choice for the numbers",
)

high_elbow = plain_rule(
    "plane.high_elbow",
    "A front elbow above the hands keeps the bat straight.",
    votes={"vertical": VERT, "horizontal": HORZ},
    thresholds=apart("elbow_height", {"vertical": 0.25, "horizontal": 0.0}),
    source="sportplan.net, cover drive: a high front elbow keeps the bat straight; design choice for the numbers",
)

hand_height = plain_rule(
    "plane.hand_height",
    "High hands at impact meet a short ball off the back foot, low hands a full one.",
    votes={"high": BF | LEAVE, "low": _LOW_HANDS},
    thresholds=apart("hand_height", {"high": 0.75, "low": 0.20}),
    source="the height of the ball decides the stroke: short balls are met at the ribs, full ones below the waist "
    "(coaching texts); design choice for the numbers",
)
