"""Measure a stroke: every number of `core.features`, NaN where it cannot be measured.

Formulas and names are those of `core.features`; the frame of reference and its limits are those of
`features.frame_of_reference`. They come in three families, one file each: where the body is (`body_features`), how the
hands move (`hand_features`), and, here, what the camera did and how far the measurement can be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from slowpaths.core.features import FEATURE_NAMES
from slowpaths.core.pose_tracks import rows_of
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX
from slowpaths.core.views import ASPECT
from slowpaths.mining.features.body_features import body_features
from slowpaths.mining.features.frame_of_reference import LIMB_JOINTS, Motion, interpolate, motion_of
from slowpaths.mining.features.hand_features import hand_features
from slowpaths.mining.impact.moments import GUARD_S, LATEST_GUARD_S, MIN_VALID, find_moments, in_window
from slowpaths.pose.filters import frame_time_s

BEFORE_S, AFTER_S = 1.5, 1.8
CORE_S = (-0.20, 0.12)
"""Downswing (about .2 s) and what follows impact at once: without it nothing can be said of a stroke. What a number
needs beyond it, its own window asks for."""
CAMERA_S = (0.12, 0.80)
_MIN_JOINTS = 8  # of the 12 of the limbs
_LIMBS = [INDEX[name] for name in LIMB_JOINTS]


def measure(
    track: PoseTrack,
    *,
    impact_s: float,
    view: str,
    handedness_p: float,
    is_live: bool = True,
    extras: Mapping[str, float] | None = None,
    picture_size: tuple[int, int] | None = None,
) -> dict[str, float]:
    """Measure one stroke: every name of `core.features.FEATURE_NAMES`, in that order.

    The track is raw: pixels as shown, camera motion in `camera_T3`; below a `handedness_p` of .5 it is mirrored. A
    replay runs at an unknown speed, so speeds are not measured. Extras are measured elsewhere (flow, sound, striker,
    camera fit) and go in as they are. Without the size of the picture, pan and tilt have no unit and are NaN.

    Raises:
        ValueError: If `extras` names a feature that does not exist.
    """
    extras = dict(extras or {})
    if unknown := set(extras) - set(FEATURE_NAMES):
        raise ValueError(f"'{sorted(unknown)[0]}' is not a feature of core.features")
    measured = dict.fromkeys(FEATURE_NAMES, float("nan"))
    measured["is_live"] = float(is_live)
    measured["valid_fraction"] = 0.0
    is_right_handed = handedness_p >= 0.5
    track = _around(track, impact_s)
    if len(track.pts_s):
        measured |= camera_features(
            track, impact_s=impact_s, picture_size=picture_size, view=view, is_right_handed=is_right_handed
        )
        motion = motion_of(
            track,
            view=view,
            is_right_handed=is_right_handed,
            guard_s=(impact_s + GUARD_S[0], impact_s + LATEST_GUARD_S),
            picture_size=picture_size,
        )
        if motion is not None:
            moments = find_moments(motion, impact_s=impact_s)
            measured |= body_features(motion, moments)
            measured |= hand_features(motion, moments, is_live=is_live)
            measured |= quality(track, motion, impact_s=impact_s)
    measured |= {name: float(value) for name, value in extras.items()}
    return {name: float(measured[name]) for name in FEATURE_NAMES}


def camera_features(
    track: PoseTrack, *, impact_s: float, picture_size: tuple[int, int] | None, view: str, is_right_handed: bool
) -> dict[str, float]:
    """Measure where the camera goes after impact: the operator follows the ball.

    Off is image left for a right-hander, image right for a left-hander; side-on, a pan says nothing about off and leg.
    """
    start_s, end_s = impact_s + CAMERA_S[0], impact_s + CAMERA_S[1]
    rows = np.flatnonzero((track.pts_s >= start_s - 1e-6) & (track.pts_s <= end_s + 1e-6))
    known = rows[np.isfinite(track.camera_T3[rows]).all(axis=1)]
    if len(known) < 2 or track.pts_s[known[-1]] - track.pts_s[known[0]] < MIN_VALID * (end_s - start_s):
        return {}
    first_3 = interpolate(track.camera_T3, track.pts_s, start_s)
    if not np.isfinite(first_3).all():
        first_3 = track.camera_T3[known[0]]
    pan_px, tilt_px, zoom = track.camera_T3[known[-1]] - first_3
    measured = {"camera_zoom": float(zoom)}
    if picture_size is not None:
        measured["camera_tilt_up"] = float(-tilt_px / picture_size[1])
        if ASPECT.get(view, "E") == "E":
            measured["camera_pan_off"] = float(pan_px / picture_size[0] * (-1.0 if is_right_handed else 1.0))
    return measured


def quality(track: PoseTrack, motion: Motion, *, impact_s: float) -> dict[str, float]:
    """Measure how far the pose of a raw track, and its motion in the batter's frame, can be trusted."""
    frame_s = frame_time_s(motion.pts_s)
    rows = in_window(motion, impact_s + CORE_S[0], impact_s + CORE_S[1])
    is_usable = (np.isfinite(motion.joints_TJ2[rows][:, _LIMBS]).all(axis=2).sum(axis=1) >= _MIN_JOINTS) & np.isfinite(
        motion.hands_T2[rows]
    ).all(axis=1)
    expected = (CORE_S[1] - CORE_S[0]) / frame_s if frame_s > 0 else np.inf
    near = np.flatnonzero(np.abs(track.pts_s - impact_s) <= 0.2)
    confidences = motion.confidence_TJ[near][:, _LIMBS]
    return {
        "pose_confidence": float(confidences.mean()) if confidences.size else float("nan"),
        "valid_fraction": float(min(is_usable.sum() / expected, 1.0)),
    }


def _around(track: PoseTrack, impact_s: float) -> PoseTrack:
    return rows_of(track, (track.pts_s >= impact_s - BEFORE_S) & (track.pts_s <= impact_s + AFTER_S))
