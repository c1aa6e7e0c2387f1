"""How the hands move: plane, side, energy and finish of the swing. Formulas as in `core.features`.

Legend: T frames; lengths in torso units, y up, seen as a right-hander's: left joints are the front side.
"""

from __future__ import annotations

import numpy as np

from slowpaths.mining.features.body_features import at_guard
from slowpaths.mining.features.frame_of_reference import Motion
from slowpaths.mining.impact.moments import Moments, in_window, seen_window
from slowpaths.pose.kinematics import joint_angle, path_length, principal_axis, speed

PATH_S = (-0.16, 0.08)
SWEEP_S = 0.12
SPEED_S = 0.2
SLOWING_S = (0.04, 0.20)
ARC_END_S = 0.3
FINISH_S = (0.0, 0.4)
WRAP_S = (0.2, 0.48)
ROLL_S = 0.15
WITHDRAW_S = (-0.2, 0.1)
CHEST_H = 0.75  # hands above this share of the trunk are above the chest
# A wrist is found to within .08 (the noise of pose models on blurred hands), the difference of two to within .11:
# nearer than twice that, an order of wrists is a guess. On a handle they are about .17 apart: only parted hands tell.
WRIST_ORDER_GAP = 0.23
# The middle of two wrists is found to within .08 / sqrt(2): a path that spreads less than twice that has no direction.
HANDS_NOISE = 0.113


def hand_features(motion: Motion, moments: Moments, *, is_live: bool) -> dict[str, float]:
    """Measure the swing; speeds of what is not live, at normal speed, are NaN."""
    features = {**_plane(motion, moments), **_side(motion, moments), **_finish(motion, moments)}
    features |= _energy(motion, moments, is_live=is_live)
    features |= _wrists(motion, moments)
    return features


def _height(motion: Motion) -> np.ndarray:
    """Return H (T,): 0 at the hips, 1 at the shoulders; NaN where the trunk lies (it has no height then)."""
    hip_T, shoulder_T = motion.middle("hip")[:, 1], motion.middle("shoulder")[:, 1]
    trunk_T = shoulder_T - hip_T
    return (motion.hands_T2[:, 1] - hip_T) / np.where(trunk_T > 0.2, trunk_T, np.nan)


def _plane(motion: Motion, moments: Moments) -> dict[str, float]:
    impact_s = moments.impact_s
    angle, linearity = float("nan"), float("nan")
    rows = seen_window(motion, motion.swing_T2[:, 0], impact_s + PATH_S[0], impact_s + PATH_S[1])
    if len(rows):
        angle, linearity = principal_axis(motion.swing_T2[rows], least_spread=HANDS_NOISE)
    return {
        "hand_path_deg": angle,
        "hand_path_linearity": linearity,
        "elbow_height": motion.at(motion.joint("left_elbow") - motion.hands_T2, impact_s)[1],
        "hand_height": motion.at(_height(motion)[:, None], impact_s)[0],
    }


def _side(motion: Motion, moments: Moments) -> dict[str, float]:
    impact_s = moments.impact_s
    hands_T2, shoulder_T2 = motion.hands_T2, motion.middle("shoulder")
    sweep = motion.at(motion.swing_T2, impact_s + SWEEP_S) - motion.at(motion.swing_T2, impact_s - SWEEP_S)
    chest_T1 = np.abs(motion.off(motion.joint("left_shoulder") - motion.joint("right_shoulder")))[:, None]
    return {
        "hand_sweep": float(motion.off(sweep)),
        "finish_side": float(motion.off(motion.at(hands_T2 - shoulder_T2, impact_s + 0.3))),
        "hand_reach": float(motion.off(motion.at(hands_T2 - shoulder_T2, impact_s))),
        "chest_opening": (motion.at(chest_T1, impact_s + 0.1) - at_guard(motion, chest_T1, moments))[0],
    }


def _finish(motion: Motion, moments: Moments) -> dict[str, float]:
    impact_s = moments.impact_s
    above_T = motion.hands_T2[:, 1] - motion.middle("shoulder")[:, 1]
    features = dict.fromkeys(("finish_height", "finish_wrap", "hands_withdraw"), float("nan"))
    rows = seen_window(motion, above_T, impact_s + FINISH_S[0], impact_s + FINISH_S[1])
    after = above_T[rows[motion.pts_s[rows] > impact_s]]
    after = after[np.isfinite(after)]
    if len(after):
        features["finish_height"] = float(after.max())
    beyond_T = -motion.off(motion.hands_T2 - motion.joint("left_shoulder"))
    rows = seen_window(motion, beyond_T + above_T, impact_s + WRAP_S[0], impact_s + WRAP_S[1])
    if len(rows):
        wrapped = beyond_T[rows][above_T[rows] > 0]
        wrapped = wrapped[np.isfinite(wrapped)]
        features["finish_wrap"] = float(wrapped.max()) if len(wrapped) else 0.0
    first, last = (motion.at(motion.swing_T2, impact_s + offset_s)[1] for offset_s in WITHDRAW_S)
    height = motion.at(_height(motion)[:, None], impact_s + WITHDRAW_S[1])[0]
    if np.isfinite(last - first + height):
        features["hands_withdraw"] = float(last - first) if height >= CHEST_H else 0.0
    return features


def _energy(motion: Motion, moments: Moments, *, is_live: bool) -> dict[str, float]:
    impact_s, swing_T2 = moments.impact_s, motion.swing_T2
    speed_T = speed(swing_T2, motion.pts_s)
    features = dict.fromkeys(("peak_hand_speed", "post_impact_speed", "arc_length", "backlift_height"), float("nan"))
    rows = seen_window(motion, speed_T, impact_s - SPEED_S, impact_s + SPEED_S)
    if is_live and len(rows):
        features["peak_hand_speed"] = peak = float(np.nanmax(speed_T[rows]))
        rows = seen_window(motion, speed_T, impact_s + SLOWING_S[0], impact_s + SLOWING_S[1])
        if peak > 0 and len(rows):
            features["post_impact_speed"] = float(np.nanmean(speed_T[rows])) / peak
    rows = seen_window(motion, swing_T2[:, 0], moments.backlift_s, impact_s + ARC_END_S)
    if len(rows):
        features["arc_length"] = path_length(swing_T2[rows])
    above_T1 = (motion.hands_T2[:, 1] - motion.middle("shoulder")[:, 1])[:, None]
    features["backlift_height"] = motion.at(above_T1, moments.backlift_s)[0]
    return features


def _wrists(motion: Motion, moments: Moments) -> dict[str, float]:
    impact_s = moments.impact_s
    order_T = _wrist_order(motion)
    features = dict.fromkeys(("wrist_roll", "grip_switch_s", "elbow_extension_deg"), float("nan"))
    if np.isfinite(order_T).any():
        before = order_T[in_window(motion, impact_s - 0.1, impact_s)]
        after = order_T[in_window(motion, impact_s + 1e-3, impact_s + ROLL_S)]
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        if len(before) and len(after) and before[-1] != 0 and (after != 0).any():
            features["wrist_roll"] = float((after == -before[-1]).any())
        features["grip_switch_s"] = _switch(motion, order_T, moments)
    angle_T1 = joint_angle(*(motion.joint(f"left_{name}") for name in ("shoulder", "elbow", "wrist")))[:, None]
    features["elbow_extension_deg"] = (motion.at(angle_T1, impact_s) - motion.at(angle_T1, moments.backlift_s))[0]
    return features


def _wrist_order(motion: Motion) -> np.ndarray:
    """Return the sign of back wrist minus front wrist along off (T,): 0 where too close to tell, NaN where unseen."""
    gap_T = motion.off(motion.joint("right_wrist") - motion.joint("left_wrist"))
    return np.where(np.isnan(gap_T), np.nan, np.where(np.abs(gap_T) < WRIST_ORDER_GAP, 0.0, np.sign(gap_T)))


def _switch(motion: Motion, order_T: np.ndarray, moments: Moments) -> float:
    """Return how long before impact the wrists took the order that is not the one of guard; 0 where they did not."""
    if not np.isfinite(moments.guard_s):
        return float("nan")
    order_at_guard = order_T[in_window(motion, moments.guard_s - 0.1, moments.guard_s + 0.1)]
    rows = in_window(motion, moments.guard_s, moments.impact_s)
    known = rows[np.isin(order_T[rows], (-1.0, 1.0))]
    first = np.sign(np.nansum(order_at_guard))
    if first == 0 or not len(known):
        return float("nan")
    if order_T[known[-1]] == first:
        return 0.0
    same = known[order_T[known] == first]
    taken = known[known > same[-1]] if len(same) else known
    return float(moments.impact_s - motion.pts_s[taken[0]])
