"""The body: bone lengths, forward kinematics and two-bone inverse kinematics, all vectorised over time.

Legend: T instants, J = 17 COCO joints. Axes in metres: x off side of a right-hander, y towards the bowler, z up; a body
with yaw 0 faces +x, its left side towards +y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.skeleton import INDEX, NUM_JOINTS

TORSO_M = 0.52
"""Mid-shoulder to mid-hip of a batter 1.77 m tall; the unit of all stroke numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Hold bone lengths in metres (adult of 1.77 m; proportions after Winter 2009, table 4.1)."""

    torso: float = TORSO_M  # mid-hip to mid-shoulder
    shoulder: float = 0.185  # half the distance between the shoulder joints
    hip: float = 0.10  # half the distance between the hip joints
    upper_arm: float = 0.30  # shoulder to elbow
    forearm: float = 0.27  # elbow to wrist
    thigh: float = 0.44  # hip to knee
    shank: float = 0.43  # knee to ankle
    ankle: float = 0.08  # height of the ankle of a flat foot
    neck: float = 0.24  # mid-shoulder to the middle of the head

    def scaled(self, factor: float) -> Body:
        """Return the same body `factor` times as large."""
        return Body(**{name: getattr(self, name) * factor for name in self.__dataclass_fields__})

    def leg_length(self, knee_deg: np.ndarray) -> np.ndarray:
        """Return the distance from hip to ankle for a knee angle (law of cosines), metres."""
        cosine = np.cos(np.deg2rad(knee_deg))
        return np.sqrt(self.thigh**2 + self.shank**2 - 2 * self.thigh * self.shank * cosine)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joints:
    """Hold a body over time."""

    keypoints_TJ3: np.ndarray  # COCO-17 joints, metres
    toes_T23: np.ndarray  # toe tips, left then right
    head_T3: np.ndarray  # middle of the head
    gaze_T3: np.ndarray  # unit direction of the face

    def joint(self, name: str) -> np.ndarray:
        """Return one joint (T, 3)."""
        return self.keypoints_TJ3[:, INDEX[name]]

    def middle(self, name: str) -> np.ndarray:
        """Return the middle of a pair of joints such as "wrist" (T, 3)."""
        return 0.5 * (self.joint(f"left_{name}") + self.joint(f"right_{name}"))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (..., 3) scaled to length one."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def heading(yaw_deg: np.ndarray | float) -> np.ndarray:
    """Return the facing direction (..., 3) for a yaw in degrees, 0 = off side, 90 = towards the bowler."""
    yaw = np.deg2rad(np.asarray(yaw_deg, dtype=np.float64))
    return np.stack([np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)], axis=-1)


def two_bone(
    root_T3: np.ndarray, tip_T3: np.ndarray, *, first: float, second: float, pole_T3: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bend a limb of two bones so that it reaches from root to tip: return the middle joint and the tip.

    The middle joint bends towards the pole. Where the wanted tip is out of reach the returned one lies on the way to
    it, so that bone lengths never change.
    """
    way = tip_T3 - root_T3
    distance = np.clip(np.linalg.norm(way, axis=-1), abs(first - second) + 1e-3, first + second - 1e-4)[..., None]
    along = unit(way)
    side = unit(pole_T3 - np.sum(pole_T3 * along, axis=-1, keepdims=True) * along)
    reach = (first**2 - second**2 + distance**2) / (2 * distance)
    rise = np.sqrt(np.maximum(first**2 - reach**2, 0.0))
    return root_T3 + reach * along + rise * side, root_T3 + distance * along


def pelvis_from_knees(body: Body, ankles_T23: np.ndarray, knees_T2: np.ndarray, hip_yaw_T: np.ndarray) -> np.ndarray:
    """Return the mid-hip (T, 3) that gives both knees (left, right) their angles while both feet stay where they are.

    In the vertical plane through the feet the mid-hip is the upper intersection of two circles, one a leg.
    """
    left = body.hip * heading(np.asarray(hip_yaw_T) + 90.0)
    centre_left, centre_right = ankles_T23[:, 0] - left, ankles_T23[:, 1] + left
    radius_left, radius_right = body.leg_length(knees_T2[:, 0]), body.leg_length(knees_T2[:, 1])
    way = centre_right - centre_left
    gap = np.maximum(np.linalg.norm(way, axis=-1), 0.05)
    along = unit(way)
    up = np.array([0.0, 0.0, 1.0])
    normal = unit(up - along[:, 2:3] * along)
    share = (radius_left**2 - radius_right**2 + gap**2) / (2 * gap)
    # Feet close together and unequal knees would push the body off its feet: keep it over them.
    share = np.clip(share, -0.15 - 0.2 * gap, gap * 1.2 + 0.15)
    rise = np.sqrt(np.maximum(np.minimum(radius_left**2 - share**2, radius_right**2 - (gap - share) ** 2), 0.04))
    return centre_left + share[:, None] * along + rise[:, None] * normal


def build_joints(
    body: Body, *, pelvis_T3: np.ndarray, hip_yaw_T: np.ndarray, shoulder_yaw_T: np.ndarray, trunk_T3: np.ndarray,
    ankles_T23: np.ndarray, wrists_T23: np.ndarray, elbow_poles_T23: np.ndarray, knee_poles_T23: np.ndarray,
    gaze_T3: np.ndarray, foot_yaw_T2: np.ndarray,
) -> Joints:  # fmt: skip
    """Put a body together from its root (mid-hip), trunk, and wanted wrists and ankles.

    Bone lengths are those of `body` whatever is asked for. Metres and degrees, left before right; the trunk is the unit
    direction from mid-hip to mid-shoulder, the gaze that of the face, a pole the direction in which a joint bends.
    """
    hips = body.hip * heading(hip_yaw_T + 90.0)
    neck = pelvis_T3 + body.torso * trunk_T3
    across = heading(shoulder_yaw_T + 90.0)
    across = unit(across - np.sum(across * trunk_T3, axis=-1, keepdims=True) * trunk_T3)
    points = np.zeros((len(pelvis_T3), NUM_JOINTS, 3))
    toes = np.zeros((len(pelvis_T3), 2, 3))
    for side, (name, sign) in enumerate((("left", 1.0), ("right", -1.0))):
        hip, shoulder = pelvis_T3 + sign * hips, neck + sign * body.shoulder * across
        leg = {"first": body.thigh, "second": body.shank, "pole_T3": knee_poles_T23[:, side]}
        arm = {"first": body.upper_arm, "second": body.forearm, "pole_T3": elbow_poles_T23[:, side]}
        knee, ankle = two_bone(hip, ankles_T23[:, side], **leg)
        elbow, wrist = two_bone(shoulder, wrists_T23[:, side], **arm)
        chain = {"hip": hip, "knee": knee, "ankle": ankle, "shoulder": shoulder, "elbow": elbow, "wrist": wrist}
        for joint, value in chain.items():
            points[:, INDEX[f"{name}_{joint}"]] = value
        toes[:, side] = ankle + 0.17 * heading(foot_yaw_T2[:, side]) - [0.0, 0.0, 0.6 * body.ankle]
    up = np.array([0.0, 0.0, 1.0])
    head = neck + body.neck * unit(0.6 * trunk_T3 + 0.4 * up)
    aside = unit(np.cross(up, gaze_T3))
    crown = np.cross(gaze_T3, aside)
    points[:, INDEX["nose"]] = head + 0.11 * gaze_T3 - 0.02 * crown
    for name, sign in (("left", 1.0), ("right", -1.0)):
        points[:, INDEX[f"{name}_eye"]] = head + 0.085 * gaze_T3 + 0.02 * crown + sign * 0.033 * aside
        points[:, INDEX[f"{name}_ear"]] = head + sign * 0.078 * aside
    return Joints(keypoints_TJ3=points, toes_T23=toes, head_T3=head, gaze_T3=gaze_T3)


def minimum_jerk(x: np.ndarray) -> np.ndarray:
    """Return the minimum-jerk step from 0 to 1 over 0..1 (Flash and Hogan 1985)."""
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x**2)


def run_distance(since_s: np.ndarray, *, longest_m: float) -> np.ndarray:
    """Return how far a batter has run, metres, by seconds since the start: up to 6 m/s within about half a second."""
    since_s = np.maximum(since_s, 0.0)
    return np.minimum(6.0 * (since_s - 0.45 * (1 - np.exp(-since_s / 0.45))), longest_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Describe one move of one foot."""

    start_s: float  # when the foot leaves the ground
    end_s: float  # when it is planted
    x: float  # where it is planted, metres
    y: float  # where it is planted, metres
    lift: float = 0.06  # how high the ankle rises on the way, metres
    heel: float = 0.0  # how high the ankle stays above a flat foot's once planted (a raised heel), metres


def foot_path(times_T: np.ndarray, start: tuple[float, float], steps: list[Step], *, ankle: float) -> np.ndarray:
    """Return the ankle (T, 3) of a foot: exactly constant between its steps, minimum-jerk within them.

    `ankle` is the height of the ankle of a flat foot, metres.
    """
    path = np.zeros((len(times_T), 3))
    path[:] = (*start, ankle)
    for step in steps:
        where = times_T >= step.start_s
        if not where.any():
            continue
        share = minimum_jerk((times_T - step.start_s) / max(step.end_s - step.start_s, 1e-6))
        bump = step.lift * np.sin(np.pi * share) ** 2
        target = np.array([step.x, step.y, ankle + step.heel])
        path[where] = (path + share[:, None] * (target - path))[where]
        path[where, 2] += bump[where]
    return path
