"""Energy: how hard the batter swung."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import ATTACK, DEFEND, LEAVE
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.gates import MOVEMENT_GATES
from slowpaths.labelling.rules.rule import SIDE_ON, pick, rule
from slowpaths.labelling.rules.rulebook.cues import FAST_HANDS, SHORT_SWING, SLOW_HANDS
from slowpaths.labelling.rules.thresholds import above, below

_STRETCH = "Stretch, Buys, Du Toit and Viljoen 1998, J Sports Sci 16(8)"
_BAT_SPEEDS = f"{_STRETCH}: bat at 3.5 +- 3.4 m/s just before impact in forward defence, 11.8 +- 4.6 m/s in the drive"
_PEAK_WITHIN_S = 0.2  # largest value within .2 s
_SOFT_HANDS = (
    "coaching texts: soft hands stop the bat at the ball in defence; design choice for the numbers, a quarter and half "
    "of the speed, which read .32 and .60 once the track is smoothed over .28 s"
)
_LIVE = (*MOVEMENT_GATES, "live")  # a slowed replay changes every speed and every path cut off by a fixed time


@rule(
    code="energy.fast_hands",
    votes={"attack": ATTACK},
    thresholds={"attack": FAST_HANDS},
    gates=_LIVE,
    impact_within_s=_PEAK_WITHIN_S,
    source=_BAT_SPEEDS,
)
def fast_hands(block: FeatureBlock) -> np.ndarray:
    """Attacking strokes move the hands about twice as fast as defensive ones."""
    return pick(block.met("attack"))


@rule(
    code="energy.slow_hands",
    votes={"defend": DEFEND | LEAVE},
    thresholds={"defend": SLOW_HANDS},
    views=SIDE_ON,
    gates=_LIVE,
    impact_within_s=_PEAK_WITHIN_S,
    source=_BAT_SPEEDS,
)
def slow_hands(block: FeatureBlock) -> np.ndarray:
    """Slow hands defend or leave; seen along the pitch, where a straight bat moves, all hands look slow."""
    return pick(block.met("defend"))


@rule(
    code="energy.follow_through",
    votes={"attack": ATTACK},
    thresholds={"attack": above("post_impact_speed", 0.60, rails=(0.32, 0.60))},
    gates=_LIVE,
    source=_SOFT_HANDS,
)
def follow_through(block: FeatureBlock) -> np.ndarray:
    """A struck ball is followed through."""
    return pick(block.met("attack"))


@rule(
    code="energy.soft_hands",
    votes={"defend": DEFEND},
    thresholds={"defend": below("post_impact_speed", 0.32, rails=(0.32, 0.60))},
    views=SIDE_ON,
    gates=_LIVE,
    source=_SOFT_HANDS,
)
def soft_hands(block: FeatureBlock) -> np.ndarray:
    """A blocked ball stops the hands; seen along the pitch they also seem to when they come towards the camera."""
    return pick(block.met("defend"))


@rule(
    code="energy.arc_length",
    votes={"defend": DEFEND | LEAVE, "attack": ATTACK},
    thresholds={"defend": SHORT_SWING, "attack": above("arc_length", 2.2, rails=(1.2, 2.2))},
    gates=_LIVE,
    source="coaching texts: full swing against a short, checked one; design choice for the numbers",
)
def arc_length(block: FeatureBlock) -> np.ndarray:
    """Attacking strokes draw a long arc from the top of the backlift to the follow-through."""
    return pick(block.met("defend"), block.met("attack"))


@rule(
    code="energy.backlift",
    votes={"attack": ATTACK, "defend": DEFEND | {"flick_glance"}},
    thresholds={
        "attack": above("backlift_height", 0.10, rails=(-0.35, 0.10)),
        "defend": below("backlift_height", -0.35, rails=(-0.35, 0.10)),
    },
    source=f"{_STRETCH}: backlift of .65 m in forward defence against .74 m in the drive, so a weak cue",
)
def backlift(block: FeatureBlock) -> np.ndarray:
    """A batter who means to hit hard lifts the bat higher."""
    return pick(block.met("attack"), block.met("defend"))


@rule(
    code="energy.runs_after",
    votes={"attack": ATTACK},
    thresholds={"attack": above("runs_after", 1.0)},
    gates=_LIVE,
    impact_within_s=0.5,  # travel over 1 s
    source="batters run after strokes that score; design choice for the number",
)
def runs_after(block: FeatureBlock) -> np.ndarray:
    """A batter who sets off for a run has played an attacking stroke."""
    return pick(block.met("attack"))
