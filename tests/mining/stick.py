"""A flat stick batter whose every number is known: drawn in torso units, y up, then turned into a picture.

Times are seconds from impact. Hips, trunk and head stand still unless told otherwise, so the torso is the unit exactly;
hands move on one straight line from .38 s before impact on, which smoothing by a cubic leaves as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX, NUM_JOINTS, mirror

PX = 80.0
PLACE = np.array([640.0, 420.0])  # where the guard mid-hip is seen
SIZE = (1280, 720)
IMPACT_S = 5.0

# A right-hander at guard, seen from behind the bowler: off is image left (-x), the bowler is where the camera stands.
GUARD: dict[str, tuple[float, float]] = {
    "nose": (-0.45, 1.35),
    "left_eye": (-0.42, 1.40),
    "right_eye": (-0.48, 1.40),
    "left_ear": (-0.30, 1.38),
    "right_ear": (-0.60, 1.38),
    "left_shoulder": (-0.10, 1.0),
    "right_shoulder": (-0.30, 1.0),
    "left_elbow": (-0.20, 0.5),
    "right_elbow": (-0.35, 0.5),
    "left_hip": (0.05, 0.0),
    "right_hip": (-0.05, 0.0),
    "left_knee": (-0.20, -0.80),
    "right_knee": (-0.25, -0.80),
    "left_ankle": (0.0, -1.65),
    "right_ankle": (0.0, -1.55),
}
GUARD_HANDS = (-0.30, 0.20)
WRIST_GAP = (0.0, 0.16)  # front (top) wrist minus back wrist


def ease(times_s: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    """Go from 0 to 1, smoothly."""
    part = np.clip((times_s - start_s) / (end_s - start_s), 0, 1)
    return part**3 * (10 - 15 * part + 6 * part**2)


def stick_track(
    *,
    fps: float = 25.0,
    span_s: tuple[float, float] = (-1.5, 1.8),
    moves: Mapping[str, tuple[float, float]] | None = None,
    hands_at_impact: tuple[float, float] = (-0.5, 0.3),
    hands_velocity: tuple[float, float] = (-1.5, 2.0),
    hands_top: tuple[float, float] = (0.1, 1.2),
    stops_s: float = 0.5,
    wrist_gap: tuple[float, float] = WRIST_GAP,
    is_left_handed: bool = False,
    guard: Mapping[str, tuple[float, float]] | None = None,
    confidence: float = 0.9,
) -> PoseTrack:
    """Draw a stroke.

    Args:
        fps: Frames a second.
        span_s: First and last instant, from impact.
        moves: Joint -> travel between .6 and .1 s before impact, torso units, image right and up.
        hands_at_impact: Place of the hands.
        hands_velocity: Their velocity from .38 s before impact until `stops_s`, torso units a second.
        hands_top: Their place at the top of the backlift, .52 s before impact.
        stops_s: When the hands stop, from impact.
        wrist_gap: Front wrist minus back wrist.
        is_left_handed: Whether the picture is mirrored.
        guard: Places at guard that differ from `GUARD`.
        confidence: Confidence of every joint.
    """
    times_s = np.arange(round(span_s[0] * fps), round(span_s[1] * fps) + 1) / fps
    places = {**GUARD, **(guard or {})}
    xy_TJ2 = np.zeros((len(times_s), NUM_JOINTS, 2))
    for name, place in places.items():
        travel = np.array((moves or {}).get(name, (0.0, 0.0)))
        xy_TJ2[:, INDEX[name]] = np.array(place) + ease(times_s, -0.6, -0.1)[:, None] * travel
    hit, velocity = np.array(hands_at_impact), np.array(hands_velocity)
    knots_s = [-9.0, -0.95, -0.52, -0.38, stops_s, 9.0]
    knots = [GUARD_HANDS, GUARD_HANDS, hands_top, hit - 0.38 * velocity] + 2 * [hit + stops_s * velocity]
    hands_T2 = np.stack([np.interp(times_s, knots_s, [knot[axis] for knot in knots]) for axis in (0, 1)], axis=1)
    for name, sign in (("left_wrist", 0.5), ("right_wrist", -0.5)):
        xy_TJ2[:, INDEX[name]] = hands_T2 + sign * np.array(wrist_gap)
    keypoints_TJC = np.full((len(times_s), NUM_JOINTS, 3), confidence)
    keypoints_TJC[..., :2] = PLACE + xy_TJ2 * PX * np.array([1.0, -1.0])
    if is_left_handed:
        keypoints_TJC = mirror(keypoints_TJC, width=SIZE[0])
    return as_track(keypoints_TJC, IMPACT_S + times_s)


def as_track(keypoints_TJC: np.ndarray, pts_s: np.ndarray, camera_T3: np.ndarray | None = None) -> PoseTrack:
    """Make a track of joints in pixels."""
    low, high = keypoints_TJC[..., :2].min(axis=1), keypoints_TJC[..., :2].max(axis=1)
    return PoseTrack(
        video_id="v",
        shot_id="s",
        track_id=0,
        frames_T=np.arange(len(pts_s)),
        pts_s=pts_s,
        keypoints_TJC=keypoints_TJC,
        boxes_T4=np.concatenate([low, high], axis=1),
        camera_T3=np.zeros((len(pts_s), 3)) if camera_T3 is None else camera_T3,
    )


def filmed(track: PoseTrack, camera_T3: np.ndarray) -> PoseTrack:
    """Film the same stroke with a moving camera, which the track then knows of."""
    centre = 0.5 * (np.array(SIZE) - 1.0)
    keypoints_TJC = track.keypoints_TJC.copy()
    steps_T13 = camera_T3[:, None]
    keypoints_TJC[..., :2] = (
        (keypoints_TJC[..., :2] - centre) * np.exp(steps_T13[..., 2:]) + centre - steps_T13[..., :2]
    )
    return as_track(keypoints_TJC, track.pts_s, camera_T3)
