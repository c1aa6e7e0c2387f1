"""Plane: whether the bat came down straight or across."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import BF, HORZ, LEAVE, VERT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import END_ON, pick, rule
from slowpaths.labelling.rules.rulebook.cues import (
    FLAT_PATH,
    HORIZONTAL_FLOW,
    LINEAR_PATH,
    STRAIGHT_PATH,
    VERTICAL_FLOW,
)
from slowpaths.labelling.rules.thresholds import above, below

# A flick comes down straight and is turned across; a batter who leaves draws the hands up, or inside the line.
_UP_AND_DOWN = VERT | LEAVE
_ACROSS = HORZ | LEAVE | {"flick_glance"}
_LOW_HANDS = frozenset(
    {"ff_defence", "cover_drive", "straight_drive", "on_drive", "sweep", "reverse_sweep_ramp", "flick_glance"}
)


@rule(
    code="plane.hand_path",
    votes={"vertical": _UP_AND_DOWN, "horizontal": _ACROSS},
    thresholds={"linear": LINEAR_PATH, "vertical": STRAIGHT_PATH, "horizontal": FLAT_PATH},
    views=END_ON,
    evidence={"vertical": ("vertical", "linear"), "horizontal": ("horizontal", "linear")},
    source="public front-on rule classifiers of cricket strokes split the bat path at 35 and 55 degrees from vertical",
)
def hand_path(block: FeatureBlock) -> np.ndarray:
    """Through the ball the hands follow the plane of the bat."""
    return pick(block.met("vertical") & block.met("linear"), block.met("horizontal") & block.met("linear"))


@rule(
    code="plane.flow_axis",
    votes={"vertical": _UP_AND_DOWN, "horizontal": _ACROSS | BF},  # off the back foot the body goes across too
    thresholds={"vertical": VERTICAL_FLOW, "horizontal": HORIZONTAL_FLOW},
    views=END_ON,
    source="flow orientation separates stroke groups (Gupta and Balan 2022, doi 10.1007/s11042-022-13307-y); "
    "design choice for the numbers",
)
def flow_axis(block: FeatureBlock) -> np.ndarray:
    """Around impact the picture of the upper body moves down in straight-bat and across in cross-bat strokes."""
    return pick(block.met("vertical"), block.met("horizontal"))


@rule(
    code="plane.high_elbow",
    votes={"vertical": VERT, "horizontal": HORZ},
    thresholds={
        "vertical": above("elbow_height", 0.25, rails=(0.0, 0.25)),
        "horizontal": below("elbow_height", 0.0, rails=(0.0, 0.25)),
    },
    source="sportplan.net, cover drive: a high front elbow keeps the bat straight; design choice for the numbers",
)
def high_elbow(block: FeatureBlock) -> np.ndarray:
    """A front elbow above the hands keeps the bat straight."""
    return pick(block.met("vertical"), block.met("horizontal"))


@rule(
    code="plane.hand_height",
    votes={"high": BF | LEAVE, "low": _LOW_HANDS},
    thresholds={
        "high": above("hand_height", 0.75, rails=(0.20, 0.75)),
        "low": below("hand_height", 0.20, rails=(0.20, 0.75)),
    },
    source="the height of the ball decides the stroke: short balls are met at the ribs, full ones below the waist "
    "(coaching texts); design choice for the numbers",
)
def hand_height(block: FeatureBlock) -> np.ndarray:
    """High hands at impact meet a short ball off the back foot, low hands a full one."""
    return pick(block.met("high"), block.met("low"))
