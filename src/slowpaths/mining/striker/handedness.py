"""Which hand the batter plays with, from how they stand: log odds of four cues and a prior.

All cues are read before the ball is hit. The side the bat ends up on is no cue: it misleads in reverse and switch
strokes, where the batter turns before the ball is hit.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.features.frame_of_reference import Motion, gaze_x, median_or_nan, motion_of
from slowpaths.mining.impact.moments import find_moments, in_window

PRIOR_P = 0.78
"""Share of balls faced by right-handers (a design choice; about one international batter in four is left-handed)."""
STANCE_S = (-1.2, -0.12)
"""Chest, head and feet keep to their side until the ball is hit; where guard is shown it outweighs the rest."""
GRIP_S = (-1.2, -0.5)
"""The bat hangs down until the backlift; raised, it turns the order of the hands over."""

# How often each cue is right where it is clear, and how large it is then (torso units). Design choices: facing is a
# whole body's, the feet are a hand's breadth in the picture and, like the wrists, need left and right told apart;
# backlifts towards the slips are the more common ones among elite batters (Noorbhai and Noakes 2019,
# doi 10.17159/2078-516x/2019/v31i1a5460), straight ones say nothing.
_CUES: dict[str, tuple[float, float]] = {
    "backlift": (0.65, 0.30),
    "facing": (0.85, 0.30),
    "front_foot": (0.70, 0.10),
    "front_foot_side_on": (0.80, 0.30),
    "top_hand": (0.65, 0.12),
}
_ERROR_CORRELATION = 0.1  # a batter who stands oddly does so every ball
SWITCH_P = 0.35
"""How often the other batter faces the next ball (a design choice: odd runs, ends of overs, wickets)."""


def handedness(track: PoseTrack, *, impact_s: float, view: str, picture_size: tuple[int, int] | None = None) -> float:
    """Return the probability that the batter of a raw track is right-handed."""
    log_odds = logit(PRIOR_P)
    for name, size in stance_cues(track, impact_s=impact_s, view=view, picture_size=picture_size).items():
        accuracy, width = _CUES[name]
        if np.isfinite(size):
            log_odds += logit(accuracy) * np.tanh(size / width)
    return float(_probability(log_odds))


def stance_cues(
    track: PoseTrack, *, impact_s: float, view: str, picture_size: tuple[int, int] | None = None
) -> dict[str, float]:
    """Return each cue in torso units, positive for a right-hander, NaN where it cannot be seen."""
    window_s = (impact_s + STANCE_S[0], impact_s + STANCE_S[1])
    motion = motion_of(track, view=view, is_right_handed=True, guard_s=window_s, picture_size=picture_size)
    if motion is None:
        return {}

    def in_stance(values_T: np.ndarray) -> float:
        return median_or_nan(values_T[in_window(motion, *window_s)])

    feet_T2 = motion.joint("left_ankle") - motion.joint("right_ankle")
    grip_T = (motion.joint("left_wrist") - motion.joint("right_wrist"))[:, 1]
    cues = {"top_hand": median_or_nan(grip_T[in_window(motion, impact_s + GRIP_S[0], impact_s + GRIP_S[1])])}
    if motion.is_side_on:
        looks = np.sign(in_stance(gaze_x(motion.joints_TJ2)))
        return cues | {"front_foot_side_on": in_stance(feet_T2[:, 0]) * (looks if looks != 0 else np.nan)}
    return cues | {
        "front_foot": in_stance(-feet_T2[:, 1]),
        "facing": in_stance(_leaning_off(motion)),
        "backlift": _backlift(motion, impact_s),
    }


def pool(probabilities: Sequence[float], identities: Sequence[Hashable | None]) -> list[float]:
    """Return P(right-handed) pooled over all deliveries of one identity; one without an identity is left alone.

    An identity is a batter of an innings, a live ball and its replays, or one shot. Every ball adds its log odds over
    the prior; balls of one batter err together now and then, so n of them count as n / (1 + .1 (n - 1)).

    Example:
        >>> [round(p, 2) for p in pool([0.9, 0.9, 0.3], ["a", "a", None])]
        [0.95, 0.95, 0.3]
    """
    pooled = [float(p) for p in probabilities]
    members: dict[Hashable, list[int]] = {}
    for index, identity in enumerate(identities):
        if identity is not None:
            members.setdefault(identity, []).append(index)
    for rows in members.values():
        gains = [logit(probabilities[row]) - logit(PRIOR_P) for row in rows]
        weight = 1.0 / (1.0 + _ERROR_CORRELATION * (len(rows) - 1))
        shared = float(_probability(logit(PRIOR_P) + weight * sum(gains)))
        for row in rows:
            pooled[row] = shared
    return pooled


def take_turns(probabilities: Sequence[float], identities: Sequence[Hashable]) -> list[float]:
    """Return P(right-handed) given all balls of an innings: the next is faced by the same batter more often than not.

    The hands of whoever faces form a chain: with probability `SWITCH_P` the other batter faces next, and they are
    right-handed as often as anybody. A ball that shows nothing is judged by those around it. Deliveries are in time
    order; those of one identity, surely one batter's, come with the same probability.

    Example:
        >>> [round(p, 2) for p in take_turns([0.98, 0.78, 0.98], [1, 2, 3])]
        [0.99, 0.96, 0.99]
        >>> [round(p, 2) for p in take_turns([0.78, 0.78], [1, 2])]
        [0.78, 0.78]
    """
    balls = list(dict.fromkeys(identities))
    p_of = dict(zip(identities, probabilities, strict=True))
    gains_N = np.array([logit(p_of[ball]) - logit(PRIOR_P) for ball in balls])
    # Balls of one batter in a row err together: what one says of another counts for less than what it says of itself.
    weight = 1.0 / (1.0 + _ERROR_CORRELATION * (1.0 / SWITCH_P - 1.0))
    own_N2, shared_N2 = (np.column_stack([np.ones(len(balls)), np.exp(part * gains_N)]) for part in (1.0, weight))
    prior_2 = np.array([1 - PRIOR_P, PRIOR_P])
    step_22 = (1 - SWITCH_P) * np.eye(2) + SWITCH_P * prior_2
    before_N2, after_N2 = np.empty_like(own_N2), np.empty_like(own_N2)
    before_2, after_2 = prior_2, np.ones(2)
    for row in range(len(balls)):
        before_N2[row] = before_2 / before_2.sum()
        before_2 = (before_N2[row] * shared_N2[row]) @ step_22
    for row in reversed(range(len(balls))):
        after_N2[row] = after_2 / after_2.sum()
        after_2 = step_22 @ (after_N2[row] * shared_N2[row])
    both_N2 = before_N2 * own_N2 * after_N2
    right_of = dict(zip(balls, (both_N2[:, 1] / both_N2.sum(axis=1)).tolist(), strict=True))
    return [right_of[ball] for ball in identities]


def logit(p: float) -> float:
    """Return the log odds of a probability, kept finite."""
    p = min(max(float(p), 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)))


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + np.exp(-log_odds))


def _leaning_off(motion: Motion) -> np.ndarray:
    """Return how far head and knees lie on the off side of the hips and the legs (T,): where the toes point."""
    hip, knee, ankle = (motion.middle(pair) for pair in ("hip", "knee", "ankle"))
    head_T = motion.off(motion.joint("nose") - hip)
    knees_T = motion.off(knee - 0.5 * (hip + ankle))
    return np.where(np.isfinite(knees_T), head_T + np.nan_to_num(knees_T), head_T)


def _backlift(motion: Motion, impact_s: float) -> float:
    moments = find_moments(motion, impact_s=impact_s)
    return float(motion.off(motion.at(motion.hands_T2 - motion.middle("hip"), moments.backlift_s)))
