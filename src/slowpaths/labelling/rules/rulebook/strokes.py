"""Strokes: combinations of cues that leave one stroke, or two.

A cue that is unmeasured is not met, so a rule needs only the features that its own sentence names.
"""

from __future__ import annotations

import numpy as np

from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.quality import LIVE_MOVEMENT
from slowpaths.labelling.rules.rule import END_ON, pick, plain_rule, rule
from slowpaths.labelling.rules.rulebook import cues
from slowpaths.labelling.rules.thresholds import above, below

_ACROSS = {"linear": cues.LINEAR_PATH, "flat": cues.FLAT_PATH, "flow": cues.HORIZONTAL_FLOW}
_STRAIGHT = {"linear": cues.LINEAR_PATH, "straight": cues.STRAIGHT_PATH, "flow": cues.VERTICAL_FLOW}


def _is_across(block: FeatureBlock) -> np.ndarray:
    return block.met("linear") & block.met("flat") | block.met("flow")


def _is_straight(block: FeatureBlock) -> np.ndarray:
    return block.met("linear") & block.met("straight") | block.met("flow")


@rule(
    code="strokes.cut",
    votes={"cut": frozenset({"cut"})},
    thresholds=_ACROSS
    | {
        "back": cues.BACK_STRIDE,
        "reach": above("hand_reach", 0.60),
        "above_waist": above("hand_height", 0.2),
        "below_shoulder": below("hand_height", 0.9),
        "fast": cues.FAST_HANDS,
    },
    requires=("stride_back", "hand_reach", "hand_height", "peak_hand_speed"),
    evidence={"cut": ("back", "reach", "above_waist", "fast")},
    views=END_ON,
    needs=LIVE_MOVEMENT,
    source="coaching texts on the square cut: back foot back and across, arms fully extended, bat from high to low; "
    "design choice for the numbers",
)
def cut(block: FeatureBlock) -> np.ndarray:
    """Off the back foot, a flat fast bat with the hands far out to off is a cut."""
    is_height = block.met("above_waist") & block.met("below_shoulder")
    return pick(_is_across(block) & block.met("back") & block.met("reach") & is_height & block.met("fast"))


@rule(
    code="strokes.pull",
    votes={"pull": frozenset({"pull_hook"})},
    thresholds=_ACROSS
    | {
        "to_leg": below("hand_sweep", -0.35),
        "above_waist": above("hand_height", 0.35),
        "chest_open": above("chest_opening", 0.2),
    },
    requires=("hand_sweep", "hand_height", "chest_opening"),
    evidence={"pull": ("to_leg", "above_waist", "chest_open")},
    views=END_ON,
    source="yehhaicricket.com and sportplan.net, pull: ball at the waist or higher, arms out in front, pivot; "
    "design choice for the numbers",
)
def pull(block: FeatureBlock) -> np.ndarray:
    """A flat bat taken to leg at waist height or above with the chest square is a pull."""
    return pick(_is_across(block) & block.met("to_leg") & block.met("above_waist") & block.met("chest_open"))


@rule(
    code="strokes.flick_roll",
    votes={"flick": frozenset({"flick_glance", "on_drive"})},
    thresholds=_STRAIGHT | {"roll": above("wrist_roll", 0.5), "finish_leg": below("finish_side", -0.25)},
    requires=("wrist_roll", "finish_side"),
    evidence={"flick": ("roll", "finish_leg")},
    views=END_ON,
    source="coaching texts on the flick: a straight bat whose wrists roll over after the ball; "
    "design choice for the numbers",
)
def flick_roll(block: FeatureBlock) -> np.ndarray:
    """A straight bat, wrists rolled over after impact and a finish to leg make a flick."""
    return pick(_is_straight(block) & block.met("roll") & block.met("finish_leg"))


glance = plain_rule(
    "strokes.glance",
    "A short checked swing that deflects a little to leg is a glance.",
    votes={"glance": frozenset({"flick_glance"})},
    thresholds={
        "checked": below("post_impact_speed", 0.35),
        "to_leg": below("hand_sweep", -0.10),
        "not_far": above("hand_sweep", -0.35),
        "short": below("arc_length", 1.8),
    },
    views=END_ON,
    needs=LIVE_MOVEMENT,
    source="coaching texts on the leg glance: the ball's own pace is turned to leg; design choice for the numbers",
)


@rule(
    code="strokes.bf_punch",
    votes={"punch": frozenset({"bf_punch"})},
    thresholds=_STRAIGHT
    | {
        "back": cues.BACK_STRIDE,
        "moving": above("post_impact_speed", 0.25),
        "checked": below("post_impact_speed", 0.55),
    },
    requires=("stride_back", "post_impact_speed"),
    evidence={"punch": ("back", "moving", "checked")},
    needs=LIVE_MOVEMENT,
    source="coaching texts on the back-foot punch: straight bat and a checked follow-through; "
    "design choice for the numbers",
)
def bf_punch(block: FeatureBlock) -> np.ndarray:
    """Off the back foot, a straight bat that goes on a little after impact is a punch."""
    return pick(_is_straight(block) & block.met("back") & block.met("moving") & block.met("checked"))
