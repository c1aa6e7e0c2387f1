"""The common reasons to abstain. They live here, so that a rule only says what it knows about strokes.

A gate reads a quality number. Where that number was never measured (a pose archive has no camera, an imported clip no
impact uncertainty) the gate stays open: what was not measured cannot object, and the rules still abstain where their
own features are missing. Handedness is different: off and leg have no meaning without it, so an unknown handedness
closes the rules that read the side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from slowpaths.core.views import ASPECT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.thresholds import feature_of

# Least value of the quality feature. A rule on a person's movement needs "person" and "camera".
QUALITY: dict[str, dict[str, float]] = {
    "person": {"pose_confidence": 0.35, "valid_fraction": 0.6, "striker_p": 0.6},
    "camera": {"camera_inliers": 0.3},
    "live": {"is_live": 0.5},
}
# Largest uncertainty of the impact for a rule that reads one instant. A rule that reads the largest value or the mean
# over a window says how much it bears: half the window, from the definition of its feature.
INSTANT_S = 0.08
MIN_OBSERVABILITY = 0.5
AMBIGUOUS_HANDEDNESS = (0.2, 0.8)
GATES: tuple[str, ...] = tuple(QUALITY)
MOVEMENT_GATES: tuple[str, ...] = ("person", "camera")
# A slowed replay changes every speed and every path cut off by a fixed time.
LIVE_GATES: tuple[str, ...] = (*MOVEMENT_GATES, "live")

# Features measured along the off direction: they change sign with the batter's handedness.
SIDE_FEATURES: frozenset[str] = frozenset(
    {"front_foot_line", "front_foot_swing", "hand_sweep", "finish_side", "chest_opening", "hand_reach", "gaze_side",
     "camera_pan_off", "finish_wrap", "grip_switch_s", "wrist_roll"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gates:
    """Answer for N deliveries what may be read from them; each question is worked out once."""

    by_name: dict[str, np.ndarray]  # gate -> where it is open (N,), bool
    is_hand_known: np.ndarray  # where the handedness is sure enough for off and leg (N,), bool

    @classmethod
    def of(cls, block: FeatureBlock) -> Gates:
        """Return the gates of a block."""
        by_name = {
            name: np.logical_and.reduce([~(block[feature] < least) for feature, least in limits.items()])
            for name, limits in QUALITY.items()
        }
        low, high = AMBIGUOUS_HANDEDNESS
        return cls(by_name=by_name, is_hand_known=(block.handedness_p <= low) | (block.handedness_p >= high))


def is_observable(features: Iterable[str], view: str) -> bool:
    """Return whether every feature can be trusted in a view (observability of at least one half)."""
    aspect = ASPECT[view]
    shown = [feature_of(name).side_on if aspect == "S" else feature_of(name).end_on for name in features]
    return all(weight >= MIN_OBSERVABILITY for weight in shown)
