"""Camera: the operator follows the ball, and so annotates it for free."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import DEFEND, HORZ, IN_FRONT, LEAVE, LEG, LOFT, OFF, STRAIGHT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import pick, plain_rule, rule
from slowpaths.labelling.rules.thresholds import above, below

_BROADCAST = frozenset({"pitch_endon"})  # nets and phones stand still or shake; a still camera says nothing there
# A ball that comes towards a camera behind the bowler goes down the picture, one that goes behind the batter goes up.
_BEHIND = HORZ | {"flick_glance"}
_OPERATED = ("camera", "live")
_SOURCE = "Gupta and Balan 2022, doi 10.1007/s11042-022-13307-y: flow of the broadcast camera tells five directions"


@rule(
    code="camera.pan",
    votes={"off": OFF | {"loft_straight_off"}, "leg": LEG, "still": STRAIGHT | DEFEND | LEAVE},
    thresholds={
        "pan": above("camera_pan_off", 0.08, rails=(0.03, 0.08), is_folded=True),
        "still": below("camera_pan_off", 0.03, rails=(0.03, 0.08), is_folded=True),
        "no_zoom": below("camera_zoom", 0.05, is_folded=True),
        "operated": above("largest_pan", 0.08),
    },
    requires=("camera_pan_off", "camera_zoom"),
    evidence={"off": ("pan",), "leg": ("pan",), "still": ("still", "no_zoom", "operated")},
    views=_BROADCAST,
    needs=_OPERATED,
    impact_within_s=0.34,  # travel over .68 s
    source=f"{_SOURCE}; design choice for the numbers",
)
def pan(block: FeatureBlock) -> np.ndarray:
    """After impact a camera that follows the balls of a video pans to the side of this one, or rests with it."""
    to_off = block["camera_pan_off"] > 0
    rests = block.met("still") & block.met("no_zoom") & block.met("operated")
    return pick(block.met("pan") & to_off, block.met("pan") & ~to_off, rests)


tilt = plain_rule(
    "camera.tilt",
    "A camera behind the bowler tilts up after a ball in the air or behind the batter, down after one that comes.",
    votes={"up": LOFT | _BEHIND, "down": IN_FRONT},
    thresholds={"up": above("camera_tilt_up", 0.05), "down": below("camera_tilt_up", -0.05)},
    views=_BROADCAST,
    needs=_OPERATED,
    impact_within_s=0.34,  # travel over .68 s
    source=f"{_SOURCE}; perspective, and a ball in the air, make the operator tilt; design choice for the numbers",
)
