"""Knee: strokes played from the ground."""

from __future__ import annotations

import numpy as np

from slowpaths.core.strokes import KNEE
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.rule import END_ON, pick, plain_rule, rule
from slowpaths.labelling.rules.rulebook.cues import FRONT_KNEE_FOLDED, HEAD_DROPPED, HIPS_DROPPED, KNEE_DOWN
from slowpaths.labelling.rules.thresholds import above, below

_SWEEP_TEXT = "yehhaicricket.com, sweep: a sitting-down position with both knees bent"


def _is_down(block: FeatureBlock) -> np.ndarray:
    return block.met("head_dropped") & (block.met("knee_folded") | block.met("hips_dropped"))


knee_down = plain_rule(
    "knee.down",
    "Sweeps are played with the back knee on the ground.",
    votes={"knee": KNEE},
    thresholds={"knee_down": KNEE_DOWN, "hips_dropped": HIPS_DROPPED},
    source=f"{_SWEEP_TEXT}; design choice for the numbers",
)


@rule(
    code="knee.head_drop",
    votes={"knee": KNEE},
    thresholds={"head_dropped": HEAD_DROPPED, "knee_folded": FRONT_KNEE_FOLDED, "hips_dropped": HIPS_DROPPED},
    requires=("head_drop",),
    source=f"{_SWEEP_TEXT}; public front-on rule classifiers call a front knee below 100 degrees a sweep",
)
def head_drop(block: FeatureBlock) -> np.ndarray:
    """Getting down to sweep lowers the head by half a torso and folds the front knee; end-on the hips show the fold."""
    return pick(_is_down(block))


@rule(
    code="knee.sweep_direction",
    votes={"leg": frozenset({"sweep"}), "off": frozenset({"reverse_sweep_ramp"})},
    thresholds={
        "knee_down": KNEE_DOWN,
        "hips_dropped": HIPS_DROPPED,
        "head_dropped": HEAD_DROPPED,
        "knee_folded": FRONT_KNEE_FOLDED,
        "leg": below("hand_sweep", -0.25),
        "off": above("hand_sweep", 0.25),
    },
    requires=("hand_sweep",),
    views=END_ON,
    source="what separates the sweep from the reverse sweep is the side; design choice for the numbers",
)
def sweep_direction(block: FeatureBlock) -> np.ndarray:
    """From the ground, hands going to leg sweep and hands going to off reverse-sweep."""
    is_down = _is_down(block) | block.met("knee_down") & block.met("hips_dropped")
    return pick(is_down & block.met("leg"), is_down & block.met("off"))


grip_switch = plain_rule(
    "knee.grip_switch",
    "Wrists that change order well before impact turn the bat for a reverse sweep.",
    votes={"switch": frozenset({"reverse_sweep_ramp"})},
    thresholds={"switch": above("grip_switch_s", 0.2)},
    views=END_ON,
    source="the reverse sweep turns the bat over before the ball arrives; design choice for the number",
)
