"""Foot: which way the batter moved the feet."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import BF, EITHER_FOOT, FF, LOFT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import END_ON, SIDE_ON, pick, rule
from slowpaths.labelling.rules.rulebook.cues import (
    ALONG_GAIN,
    BACK_FOOT_PLANTED,
    BACK_STRIDE,
    FRONT_STRIDE,
    HIPS_NOISE,
    NOSE_NOISE,
)
from slowpaths.labelling.rules.thresholds import above, below

_STRETCH = "Stretch, Buys, Du Toit and Viljoen 1998, J Sports Sci 16(8)"
# A broadcast camera stands 60 to 75 m behind the wicket: there half a metre is less than 1 %, and bending down, which
# makes the body smaller, outweighs it.
_CLOSE = frozenset({"nets_endon"})
_FOOT = {"front": FF | EITHER_FOOT, "back": BF | EITHER_FOOT}
_PIVOT = frozenset({"pull_hook", "flick_glance", "bf_defence"})


@rule(
    code="foot.stride",
    votes=_FOOT,
    thresholds={"front": FRONT_STRIDE, "back": BACK_STRIDE},
    source=f"{_STRETCH}: front-foot strides of about .7 m (1.3 torso lengths) against almost none off the back foot",
)
def stride(block: FeatureBlock) -> np.ndarray:
    """A long step of the front foot down the pitch is a front-foot stroke, a back foot drawn back a back-foot one."""
    return pick(block.met("front"), block.met("back"))


@rule(
    code="foot.size_change",
    votes=_FOOT,
    thresholds={
        "front": above("size_change", 0.03, rails=(-0.03, 0.03)),
        "back": below("size_change", -0.03, rails=(-0.03, 0.03)),
    },
    views=_CLOSE,
    source="perspective: half a metre towards a camera 15 to 20 m away enlarges the body by 3 %",
)
def size_change(block: FeatureBlock) -> np.ndarray:
    """Seen along the net from close by, stepping forward changes the size of the body by a few per cent."""
    return pick(block.met("front"), block.met("back"))


@rule(
    code="foot.com_shift",
    votes=_FOOT,
    thresholds={
        "front": above("com_shift", 0.20, rails=(-0.12, 0.20), end_on_gain=ALONG_GAIN, noise=HIPS_NOISE),
        "back": below("com_shift", -0.12, rails=(-0.12, 0.20), end_on_gain=ALONG_GAIN, noise=HIPS_NOISE),
    },
    source=f"{_STRETCH}: the centre of mass moves with the front foot in drives and front-foot defence",
)
def com_shift(block: FeatureBlock) -> np.ndarray:
    """The hips travel towards the ball in front-foot strokes and away from it in back-foot ones."""
    return pick(block.met("front"), block.met("back"))


@rule(
    code="foot.knee_pair",
    votes=_FOOT,
    thresholds={
        "front_bent": below("knee_front_deg", 150.0),
        "back_straight": above("knee_back_deg", 155.0),
        "front_straight": above("knee_front_deg", 160.0),
        "back_bent": below("knee_back_deg", 155.0),
    },
    views=SIDE_ON,
    evidence={"front": ("front_bent", "back_straight"), "back": ("front_straight", "back_bent")},
    source="coaching texts: the front knee bends over the stride, the braced back leg carries back-foot strokes",
)
def knee_pair(block: FeatureBlock) -> np.ndarray:
    """The bent knee shows which leg carries the weight; seen along the pitch, in which it bends, it looks straight."""
    return pick(
        block.met("front_bent") & block.met("back_straight"), block.met("front_straight") & block.met("back_bent")
    )


@rule(
    code="foot.head_over_front",
    votes=_FOOT,
    thresholds={
        "front": above("head_over_front", -0.15, rails=(-0.70, -0.15)),
        "back": below("head_over_front", -0.70, rails=(-0.70, -0.15)),
    },
    views=SIDE_ON,
    source="coaching texts: head over the front foot in drives; design choice for the numbers",
)
def head_over_front(block: FeatureBlock) -> np.ndarray:
    """In front-foot strokes the head comes over the front foot; off the back foot it stays behind it."""
    return pick(block.met("front"), block.met("back"))


@rule(
    code="foot.head_level",
    votes={"lower": FF - LOFT, "higher": BF, "level": EITHER_FOOT | LOFT},
    thresholds={
        "lower": above("head_drop", NOSE_NOISE),
        "higher": below("head_drop", -NOSE_NOISE),
        "level": below("head_drop", NOSE_NOISE, is_folded=True),
    },
    source="coaching texts: the head goes down over a bent front leg, and off the back foot the batter stands tall; "
    "the number is what noise reaches",
)
def head_level(block: FeatureBlock) -> np.ndarray:
    """A long stride lowers the head, standing up on the back foot raises it, a short step leaves it where it was."""
    return pick(block.met("lower"), block.met("higher"), block.met("level"))


@rule(
    code="foot.pivot_lift",
    votes={"pivot": _PIVOT},
    thresholds={"lift": above("front_foot_lift", 0.25), "planted": BACK_FOOT_PLANTED},
    impact_within_s=0.15,  # largest value over .3 s
    source="coaching texts on the pull: the batter swivels on the planted back foot; the lift is three times the noise "
    "of an ankle that is looked at twice, as the largest of several looks",
)
def pivot_lift(block: FeatureBlock) -> np.ndarray:
    """Around a planted back foot the front foot leaves the ground."""
    return pick(block.met("lift") & block.met("planted"))


@rule(
    code="foot.pivot_open",
    votes={"pivot": _PIVOT},
    thresholds={"opened": above("front_foot_swing", 0.30), "planted": BACK_FOOT_PLANTED},
    views=END_ON,
    impact_within_s=0.15,  # largest value over .3 s
    source="coaching texts on the pull: the front foot clears to leg; design choice for the numbers",
)
def pivot_open(block: FeatureBlock) -> np.ndarray:
    """Around a planted back foot the front foot swings away to leg."""
    return pick(block.met("opened") & block.met("planted"))
