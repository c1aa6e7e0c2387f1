"""What localisation reads of one person in one shot.

Legend: T frames, J = 17 joints, C = x, y, confidence, E onsets; Y, X, V as in `person_flow`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from slowpaths.core.body import middle
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX
from slowpaths.mining.striker.observation import Observation, TrackFlow
from slowpaths.mining.striker.striker_scores import guard_frames
from slowpaths.pose.kinematics import body_scale, speed, stabilise
from slowpaths.pose.tracks import fill_gaps, smooth

GOOD_INLIERS = 0.3  # a camera fit that fewer corners follow than this explains the picture badly


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signals:
    """Hold what was measured on one person in one shot; NaN where unseen."""

    pts_s: np.ndarray  # presentation times (T,), seconds
    hand_speed_T: np.ndarray  # speed of the hands (T,), torso units per second, camera removed
    hand_confidence_T: np.ndarray  # confidence of the wrists (T,), 0..1
    # middle between each frame and the one before it (T,), seconds: the instants of what is measured on pairs of
    # frames, flow and camera
    between_s: np.ndarray
    # energy of camera-compensated flow around the person (T,), body heights per second, at `between_s`
    flow_T: np.ndarray
    flow_confidence_T: np.ndarray  # how far the flow can be trusted (T,), 0..1: whether the camera was followed
    camera_T: np.ndarray  # speed of the camera across and down (T,), picture heights per second, at `between_s`
    hand_height_T: np.ndarray  # hands above the hips (T,), torso units
    guard_T: np.ndarray  # whether the posture is that of a batter in guard (T,), 0 or 1
    # when the shot ends by a cut to another picture; NaN where the file ends or a wipe follows
    cut_s: float = float("nan")
    end_s: float = float("nan")  # when the shot ends for whatever reason, seconds
    onset_times_s: np.ndarray | None = None  # onsets in the sound (E,), seconds
    onset_z: np.ndarray | None = None  # their strength (E,), robust z
    is_replay: bool = False  # whether the shot is a replay
    # joints (T, 17, 3) about the middle of the hips, torso units, camera removed, and flow around the person by cells
    # (T, 5, 4, 4), body heights per second, at `between_s`; None where the person was looked at now and then only
    joints_TJC: np.ndarray | None = None
    cells_TYXV: np.ndarray | None = None


def track_signals(observation: Observation, track: PoseTrack, flow: TrackFlow, *, is_close: bool) -> Signals:
    """Return the signals of one person that localisation reads; `is_close` says that every frame was looked at."""
    context = observation.context
    shot, following, onsets = context.shot, context.following, context.onsets
    width, height = context.footage.picture_size
    rows = np.searchsorted(observation.frames_T, track.frames_T)
    joints_TJC = joints_about_hips(track, centre_xy=(width / 2, height / 2))
    hands = wrists(joints_TJC, track.pts_s)
    return Signals(
        pts_s=track.pts_s,
        hand_speed_T=hands.speed_T,
        hand_confidence_T=hands.confidence_T,
        hand_height_T=hands.height_T,
        between_s=observation.between_s[rows],
        flow_T=flow.energy_T,
        camera_T=observation.pan_T[rows],
        flow_confidence_T=np.clip(observation.inliers_T[rows] / GOOD_INLIERS, 0.0, 1.0),
        guard_T=guard_frames(track),
        cut_s=following.span.start_s if following is not None and following.transition == "cut" else float("nan"),
        end_s=shot.span.end_s,
        onset_times_s=None if onsets is None else onsets.times_s,
        onset_z=None if onsets is None else onsets.z,
        is_replay=shot.is_replay,
        joints_TJC=joints_TJC if is_close else None,
        cells_TYXV=flow.cells_TYXV if is_close else None,
    )


class Wrists(NamedTuple):
    """Hold how the wrists move, each (T,): speed in torso units per second, height above the hips, confidence 0..1."""

    speed_T: np.ndarray
    height_T: np.ndarray
    confidence_T: np.ndarray


def joints_about_hips(track: PoseTrack, *, centre_xy: tuple[float, float]) -> np.ndarray:
    """Return the joints (T, 17, 3) about the middle of the hips, torso units, smoothed, camera removed, y down.

    A running batter's hands are fast, but not relative to their hips.
    """
    smoothed = smooth(fill_gaps(track))
    still_TJC = stabilise(smoothed.keypoints_TJC, track.camera_T3, centre_xy=centre_xy)
    places_TJ2 = (still_TJC[..., :2] - middle(still_TJC, "hip")[:, None]) / body_scale(still_TJC)
    return np.concatenate([places_TJ2, still_TJC[..., 2:]], axis=2)


def wrists(joints_TJC: np.ndarray, pts_s: np.ndarray) -> Wrists:
    """Return the confidence-weighted movement of both wrists, given joints about the hips.

    Each wrist moves on its own here: a wrist that is put in the wrong place for a while costs less than the frames
    around impact, where networks see the hands worst.
    """
    hands_T2C = joints_TJC[:, [INDEX["left_wrist"], INDEX["right_wrist"]]]
    places_T22, confidence_T2 = hands_T2C[..., :2], hands_T2C[..., 2]
    speeds_T2 = np.stack([speed(places_T22[:, side], pts_s) for side in (0, 1)], axis=1)
    return Wrists(
        speed_T=_weighted(speeds_T2, confidence_T2),
        height_T=-_weighted(places_T22[..., 1], confidence_T2),
        confidence_T=np.where(np.isfinite(speeds_T2), confidence_T2, 0.0).mean(axis=1),
    )


def _weighted(values_T2: np.ndarray, weights_T2: np.ndarray) -> np.ndarray:
    """Return the weighted mean over the sides (T,), NaN where nothing is seen."""
    weights_T2 = np.where(np.isfinite(values_T2), weights_T2, 0.0)
    total_T = weights_T2.sum(axis=1)
    return (np.nan_to_num(values_T2) * weights_T2).sum(axis=1) / np.where(total_T > 0, total_T, np.nan)
