"""How far a vote counts: the chance that what its rule reads was there to be read.

What was measured badly is not thrown away, it counts for less. A vote has a weight from 0 to 1, the product of

- the chance that the impact lies within `REACH` times what the rule bears (`Rule.impact_within_s`) of where it is taken
  to be, given a normal error of the impact's standard deviation;
- how sure the person, the camera and the live picture are, as far as the rule needs them: each quality number in
  proportion to the value from which it no longer matters (`FULL`);
- for a rule that tells off from leg, 2 max(p, 1 - p) - 1 for a probability p of a right-hander: a side that is read the
  wrong way round with a chance of 1 - p says that much less.

A quality that was never measured (a pose archive has no camera, an imported clip no impact uncertainty) cannot object.
Handedness is different: off and leg have no meaning without it, so an unknown handedness gives no weight. A weight of 0
is no vote.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from slowpaths.core.views import ASPECT
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.thresholds import feature_of

# Need of a rule -> quality feature -> value from which it no longer weakens a vote. A rule on a person's movement needs
# "person" and "camera".
FULL: dict[str, dict[str, float]] = {
    "person": {"pose_confidence": 0.7, "valid_fraction": 1.0, "striker_p": 1.0},
    "camera": {"camera_inliers": 0.6},
    "live": {"is_live": 1.0},
}
NEEDS: tuple[str, ...] = tuple(FULL)
MOVEMENT: tuple[str, ...] = ("person", "camera")
# A slowed replay changes every speed and every path cut off by a fixed time.
LIVE_MOVEMENT: tuple[str, ...] = (*MOVEMENT, "live")
# Error of the impact that a rule bears which reads one instant. A rule that reads the largest value or the mean over a
# window says how much it bears: half the window, from the definition of its feature.
INSTANT_S = 0.08
# How many times that error spoils a vote. On 800 synthetic strokes whose impact is blurred, votes keep .88 of their
# agreement with truth beyond chance where the standard deviation is 1 to 1.5 times what the rule bears, .87 at 1.5 to
# 2, .79 at 2 to 3 and .45 beyond.
REACH = 2.5
MIN_OBSERVABILITY = 0.5
USABLE = 0.5  # weight from which a delivery shows how a feature is distributed

# Features measured along the off direction: they change sign with the batter's handedness.
SIDE_FEATURES: frozenset[str] = frozenset(
    {"front_foot_line", "front_foot_swing", "hand_sweep", "finish_side", "chest_opening", "hand_reach", "gaze_side",
     "camera_pan_off", "finish_wrap", "grip_switch_s", "wrist_roll", "bat_off", "bat_off_after"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quality:
    """Answer for N deliveries how far what is read from them counts; each question is worked out once."""

    by_need: dict[str, np.ndarray]  # need -> weight (N,)
    hand_N: np.ndarray  # weight of what tells off from leg
    impact_uncertainty_s: np.ndarray  # standard deviation of the impact time (N,), seconds

    @classmethod
    def of(cls, block: FeatureBlock) -> Quality:
        """Return the quality of a block."""
        by_need = {}
        for need, full in FULL.items():
            weights = [np.clip(block[feature] / value, 0.0, 1.0) for feature, value in full.items()]
            by_need[need] = np.prod([np.where(np.isnan(weight), 1.0, weight) for weight in weights], axis=0)
        hand_N = np.nan_to_num(np.abs(2.0 * block.handedness_p - 1.0))
        return cls(by_need=by_need, hand_N=hand_N, impact_uncertainty_s=block.impact_uncertainty_s)

    def weight(self, features: Iterable[str], *, needs: Iterable[str], impact_within_s: float) -> np.ndarray:
        """Return how far it counts what is read from features, needs those things, and bears that much (N,)."""
        with np.errstate(divide="ignore"):
            nearness = erf(REACH * impact_within_s / np.sqrt(2.0) / self.impact_uncertainty_s)
        weights = [np.where(np.isnan(nearness), 1.0, nearness), *(self.by_need[need] for need in needs)]
        if not SIDE_FEATURES.isdisjoint(features):
            weights.append(self.hand_N)
        return np.prod(weights, axis=0)


def is_observable(features: Iterable[str], view: str) -> bool:
    """Return whether every feature can be trusted in a view (observability of at least one half)."""
    aspect = ASPECT[view]
    shown = [feature_of(name).side_on if aspect == "S" else feature_of(name).end_on for name in features]
    return all(weight >= MIN_OBSERVABILITY for weight in shown)
