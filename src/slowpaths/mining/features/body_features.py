"""Where the body is: feet, knees, trunk, head. Formulas as in `core.features`.

Legend: T frames; lengths in torso units, y up, seen as a right-hander's: left joints are the front side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from slowpaths.mining.features.frame_of_reference import Motion, gaze_x
from slowpaths.mining.impact.moments import Moments, in_window, seen_window
from slowpaths.pose.kinematics import joint_angle

GUARD_HALF_S = 0.1
AFTER_S = 0.3
RUN_S = (0.6, 1.6)
GAZE_S = (0.2, 0.5)
# Both feet together travel at most .9 torso down the pitch (lofted strokes), seen end-on at most .35 of that. Feet that
# move twice as far in the picture, together, stand on ground that moves: the camera was lost between guard and impact.
MAX_COMMON_TRAVEL = 0.6
# Two metres towards a camera ten metres away make a body log(10 / 8) larger, and no camera of ours stands nearer: what
# grows more was zoomed at. A body looks smaller when it bends, too: on one knee the hips stand at half their height.
MAX_GROWTH = 0.22
MAX_SHRINKING = 0.69
SINCE_GUARD = ("stride_front", "stride_back", "com_shift", "size_change", "front_foot_line", "hip_drop", "head_drop")


def body_features(motion: Motion, moments: Moments) -> dict[str, float]:
    """Measure feet, knees, trunk and head."""
    features = {
        **_feet(motion, moments),
        **_knees(motion, moments),
        **_trunk(motion, moments),
        "gaze_side": _gaze(motion, moments.impact_s),
        "runs_after": _run(motion, moments.impact_s),
    }
    if not motion.is_side_on and _is_camera_lost(features):
        features |= dict.fromkeys(SINCE_GUARD, float("nan"))
    return features


def _is_camera_lost(features: Mapping[str, float]) -> bool:
    front, back = features["stride_front"], features["stride_back"]
    common = min(abs(front), abs(back)) if front * back > 0 else 0.0
    return common > MAX_COMMON_TRAVEL or not -MAX_SHRINKING <= features["size_change"] <= MAX_GROWTH


def at_guard(motion: Motion, values_TD: np.ndarray, moments: Moments) -> np.ndarray:
    """Return the median (D,) of a series over the fifth of a second around guard; NaN where it is not seen."""
    rows = in_window(motion, moments.guard_s - GUARD_HALF_S, moments.guard_s + GUARD_HALF_S)
    seen = rows[np.isfinite(values_TD[rows]).all(axis=1)]
    return np.median(values_TD[seen], axis=0) if len(seen) else np.full(values_TD.shape[1], np.nan)


def _travel(motion: Motion, values_T2: np.ndarray, moments: Moments) -> np.ndarray:
    return motion.at(values_T2, moments.impact_s) - at_guard(motion, values_T2, moments)


def _feet(motion: Motion, moments: Moments) -> dict[str, float]:
    front, back = motion.joint("left_ankle"), motion.joint("right_ankle")
    front_travel, back_travel = _travel(motion, front, moments), _travel(motion, back, moments)
    sizes_T1 = motion.sizes_T[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        growth = np.log(motion.at(sizes_T1, moments.impact_s) / at_guard(motion, sizes_T1, moments))[0]
    return {
        "stride_front": float(motion.forward(front_travel)),
        "stride_back": float(motion.forward(back_travel)),
        "com_shift": float(motion.forward(_travel(motion, motion.middle("hip"), moments))),
        "size_change": float("nan") if motion.is_side_on else growth,
        "front_foot_line": float(motion.off(front_travel)),
        "front_foot_lift": _largest_after(motion, front, moments.impact_s, lambda moved: moved[:, 1]),
        "front_foot_swing": _largest_after(motion, front, moments.impact_s, lambda moved: -motion.off(moved)),
        "back_foot_shift": _largest_after(motion, back, moments.impact_s, lambda moved: np.linalg.norm(moved, axis=1)),
    }


def _largest_after(
    motion: Motion, values_T2: np.ndarray, impact_s: float, size: Callable[[np.ndarray], np.ndarray]
) -> float:
    rows = seen_window(motion, values_T2[:, 0], impact_s, impact_s + AFTER_S)
    sizes = size(values_T2[rows] - motion.at(values_T2, impact_s))
    return float(np.nanmax(sizes)) if np.isfinite(sizes).any() else float("nan")


def _knees(motion: Motion, moments: Moments) -> dict[str, float]:
    def at_impact(name: str) -> np.ndarray:
        return motion.at(motion.joint(name), moments.impact_s)

    ankles = [at_impact("left_ankle")[1], at_impact("right_ankle")[1]]
    ground = np.nan if np.isnan(ankles).all() else np.nanmin(ankles)
    return {
        "knee_front_deg": float(joint_angle(at_impact("left_hip"), at_impact("left_knee"), at_impact("left_ankle"))),
        "knee_back_deg": float(joint_angle(at_impact("right_hip"), at_impact("right_knee"), at_impact("right_ankle"))),
        "back_knee_height": at_impact("right_knee")[1] - ground,
    }


def _trunk(motion: Motion, moments: Moments) -> dict[str, float]:
    hip, shoulder, nose = motion.middle("hip"), motion.middle("shoulder"), motion.joint("nose")
    trunk = motion.at(shoulder - hip, moments.impact_s)
    low_T = np.fmin(motion.joint("left_ankle")[:, 1], motion.joint("right_ankle")[:, 1])
    height_T1 = (hip[:, 1] - low_T)[:, None]
    guard_height = at_guard(motion, height_T1, moments)[0]
    hip_drop = 1.0 - motion.at(height_T1, moments.impact_s)[0] / guard_height if guard_height > 0 else float("nan")
    features = {
        "hip_drop": hip_drop,
        "head_drop": -_travel(motion, nose, moments)[1],
        # seen end-on, neither is more than noise: forward is the line of sight, all but a sliver
        "head_over_front": float("nan"),
        "lean_back_deg": float("nan"),
    }
    if motion.is_side_on:
        ahead = motion.at(nose - motion.joint("left_ankle"), moments.impact_s)
        features["head_over_front"] = float(motion.forward(ahead))
        features["lean_back_deg"] = float(np.degrees(np.arctan2(-motion.forward(trunk), trunk[1])))
    return features


def _gaze(motion: Motion, impact_s: float) -> float:
    ears_T = np.abs(motion.joint("left_ear")[:, 0] - motion.joint("right_ear")[:, 0])
    # a head in profile has no width: its ears are never closer than a fifth of a torso for this purpose
    gaze_T = gaze_x(motion.joints_TJ2) / np.fmax(ears_T, 0.2)
    rows = seen_window(motion, gaze_T, impact_s + GAZE_S[0], impact_s + GAZE_S[1])
    return float(np.nanmedian(gaze_T[rows]) * motion.off_x) if len(rows) else float("nan")


def _run(motion: Motion, impact_s: float) -> float:
    hip = motion.middle("hip")
    seen = hip[seen_window(motion, hip[:, 0], impact_s + RUN_S[0], impact_s + RUN_S[1])]
    seen = seen[np.isfinite(seen).all(axis=1)]
    return float(np.linalg.norm(seen[-1] - seen[0])) if len(seen) else float("nan")
