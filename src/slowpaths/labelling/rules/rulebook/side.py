"""Side: where the hands, the body and the eyes go after the ball."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import IN_FRONT, KNEE, LEAVE, LEG, LOFT, OFF, STRAIGHT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import CLOSE, END_ON, pick, plain_rule, rule
from slowpaths.labelling.rules.thresholds import above, apart, below

_DESIGN = "design choice for the numbers"


@rule(
    code="side.hand_sweep",
    votes={"off": OFF, "leg": LEG, "straight": STRAIGHT | LEAVE},
    thresholds=apart("hand_sweep", {"across": 0.35, "straight": 0.12}, is_folded=True),
    views=END_ON,
    evidence={"off": ("across",), "leg": ("across",)},
    source=f"coaching texts: the hands go through the line of the ball towards the target; {_DESIGN}",
)
def hand_sweep(block: FeatureBlock) -> np.ndarray:
    """The hands travel through impact to the side the ball is sent to."""
    towards_off = block["hand_sweep"] > 0
    return pick(block.met("across") & towards_off, block.met("across") & ~towards_off, block.met("straight"))


finish_side = plain_rule(
    "side.finish_side",
    "The follow-through ends on the side the ball was sent to.",
    votes={"off": OFF, "leg": LEG},
    thresholds={"off": above("finish_side", 0.5), "leg": below("finish_side", -0.5)},
    views=END_ON,
    source=f"coaching texts: the follow-through ends on the side of the target; {_DESIGN}",
)

bat_after = plain_rule(
    "side.bat_after",
    "After impact the bat swings through to the side the ball is sent to; a cut may come round to leg.",
    votes={"off": OFF, "leg": LEG | {"cut"}},
    thresholds={"off": above("bat_off_after", 0.5), "leg": below("bat_off_after", -0.5)},
    views=END_ON,
    needs=("person",),
    source=f"coaching texts: the bat follows through along the line of the ball; {_DESIGN}: 30 degrees from upright",
)

chest_open = plain_rule(
    "side.chest_open",
    "The chest turns square for strokes to leg, from the ground and into the air, and stays side-on for the others.",
    votes={"leg": LEG | LOFT | KNEE, "off": OFF | STRAIGHT | LEAVE},
    thresholds=apart("chest_opening", {"leg": 0.25, "off": 0.05}),
    views=END_ON,
    source=f"yehhaicricket.com, pull: the shoulders come square on to the bowler; {_DESIGN}",
)

front_foot_line = plain_rule(
    "side.front_foot_line",
    "The front foot steps to the side the ball is played on.",
    votes={"off": OFF, "leg": LEG},
    thresholds={"off": above("front_foot_line", 0.25), "leg": below("front_foot_line", -0.15)},
    views=END_ON,
    source="Stuelcken, Portus and Mason 2005, doi 10.1080/14763140508522849: the front ankle lands beside the line of "
    f"off-side drives; {_DESIGN}",
)


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
