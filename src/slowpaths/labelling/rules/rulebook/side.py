"""Side: where the hands, the body and the eyes go after the ball."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import IN_FRONT, KNEE, LEAVE, LEG, LOFT, OFF, STRAIGHT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import CLOSE, END_ON, pick, rule
from slowpaths.labelling.rules.thresholds import above, below

_DESIGN = "design choice for the numbers"


@rule(
    code="side.hand_sweep",
    votes={"off": OFF, "leg": LEG, "straight": STRAIGHT | LEAVE},
    thresholds={
        "across": above("hand_sweep", 0.35, rails=(0.12, 0.35), is_folded=True),
        "straight": below("hand_sweep", 0.12, rails=(0.12, 0.35), is_folded=True),
    },
    views=END_ON,
    evidence={"off": ("across",), "leg": ("across",)},
    source=f"coaching texts: the hands go through the line of the ball towards the target; {_DESIGN}",
)
def hand_sweep(block: FeatureBlock) -> np.ndarray:
    """The hands travel through impact to the side the ball is sent to."""
    towards_off = block["hand_sweep"] > 0
    return pick(block.met("across") & towards_off, block.met("across") & ~towards_off, block.met("straight"))


@rule(
    code="side.finish_side",
    votes={"off": OFF, "leg": LEG},
    thresholds={"off": above("finish_side", 0.5), "leg": below("finish_side", -0.5)},
    views=END_ON,
    source=f"coaching texts: the follow-through ends on the side of the target; {_DESIGN}",
)
def finish_side(block: FeatureBlock) -> np.ndarray:
    """The follow-through ends on the side the ball was sent to."""
    return pick(block.met("off"), block.met("leg"))


@rule(
    code="side.chest_open",
    votes={"leg": LEG | LOFT | KNEE, "off": OFF | STRAIGHT | LEAVE},
    thresholds={
        "leg": above("chest_opening", 0.25, rails=(0.05, 0.25)),
        "off": below("chest_opening", 0.05, rails=(0.05, 0.25)),
    },
    views=END_ON,
    source=f"yehhaicricket.com, pull: the shoulders come square on to the bowler; {_DESIGN}",
)
def chest_open(block: FeatureBlock) -> np.ndarray:
    """The chest turns square for strokes to leg, from the ground and into the air, and stays side-on for the others."""
    return pick(block.met("leg"), block.met("off"))


@rule(
    code="side.front_foot_line",
    votes={"off": OFF, "leg": LEG},
    thresholds={"off": above("front_foot_line", 0.25), "leg": below("front_foot_line", -0.15)},
    views=END_ON,
    source="Stuelcken, Portus and Mason 2005, doi 10.1080/14763140508522849: the front ankle lands beside the line of "
    f"off-side drives; {_DESIGN}",
)
def front_foot_line(block: FeatureBlock) -> np.ndarray:
    """The front foot steps to the side the ball is played on."""
    return pick(block.met("off"), block.met("leg"))


@rule(
    code="side.gaze_after",
    votes={"off": OFF | LEAVE, "leg": LEG - {"on_drive"}, "straight": IN_FRONT | STRAIGHT},
    thresholds={
        "off": above("gaze_side", 0.3),
        "leg": below("gaze_side", -0.3),
        "straight": below("gaze_side", 0.3, is_folded=True),
    },
    views=END_ON | CLOSE,
    impact_within_s=0.15,  # mean over .3 s
    source=f"batters watch the ball they have hit; {_DESIGN}",
)
def gaze_after(block: FeatureBlock) -> np.ndarray:
    """After impact the batter looks where the ball went; within 45 degrees of the pitch no head turns."""
    is_side = block.met("off") | block.met("leg")
    return pick(block.met("off"), block.met("leg"), block.met("straight") & ~is_side)
