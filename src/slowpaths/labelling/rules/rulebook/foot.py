"""Foot: which way the batter moved the feet."""

from __future__ import annotations

from slowpaths.core.strokes import BF, EITHER_FOOT, FF, LOFT
from slowpaths.labelling.rules.rule import END_ON, SIDE_ON, plain_rule
from slowpaths.labelling.rules.rulebook import cues
from slowpaths.labelling.rules.thresholds import above, apart, below

_STRETCH = "Stretch, Buys, Du Toit and Viljoen 1998, J Sports Sci 16(8)"
# A broadcast camera stands 60 to 75 m behind the wicket: there half a metre is less than 1 %, and bending down, which
# makes the body smaller, outweighs it.
_CLOSE = frozenset({"nets_endon"})
_FOOT = {"front": FF | EITHER_FOOT, "back": BF | EITHER_FOOT}
_PIVOT = frozenset({"pull_hook", "flick_glance", "bf_defence"})


stride = plain_rule(
    "foot.stride",
    "A long step of the front foot down the pitch is a front-foot stroke, a back foot drawn back a back-foot one.",
    votes=_FOOT,
    thresholds={"front": cues.FRONT_STRIDE, "back": cues.BACK_STRIDE},
    source=f"{_STRETCH}: front-foot strides of about .7 m (1.3 torso lengths) against almost none off the back foot",
)

size_change = plain_rule(
    "foot.size_change",
    "Seen along the net from close by, stepping forward changes the size of the body by a few per cent.",
    votes=_FOOT,
    thresholds=apart("size_change", {"front": 0.03, "back": -0.03}),
    views=_CLOSE,
    source="perspective: half a metre towards a camera 15 to 20 m away enlarges the body by 3 %",
)

com_shift = plain_rule(
    "foot.com_shift",
    "The hips travel towards the ball in front-foot strokes and away from it in back-foot ones.",
    votes=_FOOT,
    thresholds=apart("com_shift", {"front": 0.20, "back": -0.12}, end_on_gain=cues.ALONG_GAIN, noise=cues.HIPS_NOISE),
    source=f"{_STRETCH}: the centre of mass moves with the front foot in drives and front-foot defence",
)

knee_pair = plain_rule(
    "foot.knee_pair",
    "The bent knee shows which leg carries the weight; seen along the pitch, in which it bends, it looks straight.",
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

head_over_front = plain_rule(
    "foot.head_over_front",
    "In front-foot strokes the head comes over the front foot; off the back foot it stays behind it.",
    votes=_FOOT,
    thresholds=apart("head_over_front", {"front": -0.15, "back": -0.70}),
    views=SIDE_ON,
    source="coaching texts: head over the front foot in drives; design choice for the numbers",
)

head_level = plain_rule(
    "foot.head_level",
    "A long stride lowers the head, standing up on the back foot raises it, a short step leaves it where it was.",
    votes={"lower": FF - LOFT, "higher": BF, "level": EITHER_FOOT | LOFT},
    thresholds={
        "lower": above("head_drop", cues.NOSE_NOISE),
        "higher": below("head_drop", -cues.NOSE_NOISE),
        "level": below("head_drop", cues.NOSE_NOISE, is_folded=True),
    },
    source="coaching texts: the head goes down over a bent front leg, and off the back foot the batter stands tall; "
    "the number is what noise reaches",
)

pivot_lift = plain_rule(
    "foot.pivot_lift",
    "Around a planted back foot the front foot leaves the ground.",
    votes={"pivot": _PIVOT},
    thresholds={"lift": above("front_foot_lift", 0.25), "planted": cues.BACK_FOOT_PLANTED},
    impact_within_s=0.15,  # largest value over .3 s
    source="coaching texts on the pull: the batter swivels on the planted back foot; the lift is three times the noise "
    "of an ankle that is looked at twice, as the largest of several looks",
)

pivot_open = plain_rule(
    "foot.pivot_open",
    "Around a planted back foot the front foot swings away to leg.",
    votes={"pivot": _PIVOT},
    thresholds={"opened": above("front_foot_swing", 0.30), "planted": cues.BACK_FOOT_PLANTED},
    views=END_ON,
    impact_within_s=0.15,  # largest value over .3 s
    source="coaching texts on the pull: the front foot clears to leg; design choice for the numbers",
)
