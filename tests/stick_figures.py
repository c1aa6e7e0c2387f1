"""Stick people in three dimensions: a batter who plays any of the 14 strokes, and the people around him.

Legend: T instants, J = 17 joints. World axes, metres: x across the pitch (to the right as seen from the bowler's end),
y along it towards the bowler, z up; the striker's popping crease is y = 0. Strokes are written for a right-hander as
(off, fwd, up): off side, towards the bowler, up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from slowpaths.core.skeleton import INDEX, NUM_JOINTS, SWAP

TORSO = 0.52
_THIGH, _SHANK, _UPPER_ARM, _FOREARM = 0.44, 0.43, 0.30, 0.29
_SHOULDER, _HIP, _ANKLE_UP, _HEAD_UP = 0.19, 0.11, 0.08, 0.26
BAT = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """What a stroke looks like; lengths in torso units, after the coaching literature.

    Args:
        front: Travel of the front ankle (fwd, off).
        back: Travel of the back ankle (fwd, off).
        drop: How much the hips sink by impact.
        lift: Hands above the shoulders at the top of the backlift.
        height: Hands at impact, 0 at the hips, 1 at the shoulders.
        reach: Hands to the off side of the shoulders at impact.
        sweep: Travel of the hands to the off side from .12 s before to .12 s after impact.
        is_flat: Whether the bat swings in a horizontal plane.
        finish: Hands at the end (off of the shoulders, above them).
        opening: Turn of the chest towards the bowler at impact, degrees.
        is_kneeling: Whether the back knee goes to the ground.
    """

    front: tuple[float, float]
    back: tuple[float, float]
    drop: float
    lift: float
    height: float
    reach: float
    sweep: float
    is_flat: bool
    finish: tuple[float, float]
    opening: float = 10.0
    is_kneeling: bool = False


def _stroke(front, back, drop, lift, height, reach, sweep, is_flat, finish, **more) -> Stroke:
    return Stroke(front=front, back=back, drop=drop, lift=lift, height=height, reach=reach, sweep=sweep,
                  is_flat=is_flat, finish=finish, **more)  # fmt: skip


STROKES: dict[str, Stroke] = {
    "leave": _stroke((0.5, -0.1), (0.1, 0.0), 0.05, 0.15, 1.35, -0.1, 0.0, False, (-0.15, 0.25), opening=-5.0),
    "ff_defence": _stroke((1.38, 0.1), (0.1, 0.0), 0.20, -0.25, 0.10, 0.35, 0.05, False, (0.30, -0.75), opening=5.0),
    "bf_defence": _stroke((-0.1, 0.0), (-0.55, 0.1), 0.02, -0.25, 0.55, 0.30, 0.05, False, (0.30, -0.40), opening=10.0),
    "cover_drive": _stroke((1.31, 0.35), (0.19, 0.0), 0.22, 0.25, 0.05, 0.55, 0.45, False, (0.75, 0.55), opening=10.0),
    "straight_drive": _stroke((1.31, 0.1), (0.19, 0.0), 0.22, 0.25, 0.05, 0.35, 0.0, False, (0.05, 0.60), opening=10.0),
    "on_drive": _stroke((1.25, -0.2), (0.19, 0.0), 0.22, 0.25, 0.05, 0.20, -0.45, False, (-0.65, 0.50), opening=25.0),
    "bf_punch": _stroke((-0.1, 0.05), (-0.55, 0.15), 0.02, 0.10, 0.55, 0.50, 0.25, False, (0.55, 0.05), opening=10.0),
    "cut": _stroke((-0.1, 0.2), (-0.60, 0.5), 0.10, 0.35, 0.45, 0.85, 0.85, True, (0.85, 0.20), opening=0.0),
    "pull_hook": _stroke((-0.2, -0.3), (-0.50, 0.3), 0.02, 0.30, 0.80, 0.20, -0.95, True, (-0.85, 0.35), opening=75.0),
    "sweep": _stroke((1.70, 0.1), (0.10, 0.0), 0.75, 0.15, -0.30, 0.50, -0.95, True, (-0.85, -0.05),
                     opening=50.0, is_kneeling=True),
    "reverse_sweep_ramp": _stroke((1.60, -0.1), (0.10, 0.0), 0.72, -0.05, -0.25, 0.05, 0.95, True, (0.90, -0.10),
                                  opening=20.0, is_kneeling=True),
    "flick_glance": _stroke((0.50, 0.0), (-0.10, 0.0), 0.08, 0.0, 0.20, 0.15, -0.35, False, (-0.40, -0.15),
                            opening=35.0),
    "loft_straight_off": _stroke((1.50, 0.1), (0.70, 0.0), 0.12, 0.40, 0.15, 0.35, 0.10, False, (0.10, 0.95),
                                 opening=20.0),
    "loft_leg_slog": _stroke((1.10, -0.2), (0.20, 0.0), 0.18, 0.40, 0.25, 0.25, -0.60, False, (-0.75, 0.95),
                             opening=50.0),
}  # fmt: skip

_WORLD = np.array([-1.0, 1.0, 1.0])  # from (off, fwd, up) to (x, y, z)
_DEFENSIVE = ("ff_defence", "bf_defence", "leave")


def batter(
    stroke: str, times_s: np.ndarray, *, is_right_handed: bool = True, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Play a stroke at the striker's end.

    Args:
        stroke: One of the 14.
        times_s: Instants (T,), 0 at impact.
        is_right_handed: Handedness.
        rng: Draws the small differences from ball to ball.

    Returns:
        Joints (T, 17, 3) and the handle and toe of the bat (T, 2, 3), metres.
    """
    kind = STROKES[stroke]
    wobble = rng.uniform(0.88, 1.12, size=6)
    is_soft = stroke in _DEFENSIVE
    go = _ease(times_s, -0.58, -0.08)
    front = np.array([0.0, 0.18, _ANKLE_UP]) + go[:, None] * _to_off(kind.front, wobble[0])
    back = np.array([0.0, -0.18, _ANKLE_UP]) + go[:, None] * _to_off(kind.back, wobble[1])
    front[:, 2] += 0.10 * np.sin(np.pi * go)
    run = np.clip(times_s - 0.9, 0, None)[:, None] * np.array([0.0, 3.0, 0.0]) * (not is_soft)
    front, back = front + run, back + run

    weight = 0.5 + go * (0.15 if kind.front[0] > 0.3 else -0.15)
    hips = weight[:, None] * front + (1 - weight)[:, None] * back
    sway = 0.01 * np.sin(3.0 * times_s + rng.uniform(0, 6))
    hips[:, 0] += sway - 0.12
    hips[:, 2] = 0.80 - kind.drop * TORSO * wobble[2] * go + 0.04 * go * (kind.front[0] < 0.3)
    lean = np.stack([0.45 - 0.10 * go, 0.08 + (0.22 if kind.front[0] > 0.3 else -0.05) * go, np.ones(len(go))], axis=1)
    shoulders = hips + TORSO * lean / np.linalg.norm(lean, axis=1, keepdims=True)

    top_s = -0.36 if is_soft else -0.30
    at = {key: int(np.argmin(np.abs(times_s - key))) for key in (0.0, top_s)}
    hip_up, shoulder = hips[at[0.0], 2], shoulders[at[0.0]]
    hit = np.array([shoulder[0] + kind.reach * TORSO, shoulder[1] + 0.10, 0.0])
    hit[2] = hip_up + kind.height * (shoulder[2] - hip_up)
    half = np.array([0.5 * kind.sweep * TORSO * wobble[3], 0.0, 0.0])
    top = shoulders[at[top_s]] + np.array([-0.05, -0.30, kind.lift * TORSO * wobble[4]])
    rise = 0.10 if kind.is_flat else (0.10 if is_soft else 0.42)
    before = hit - half + np.array([0.0, -0.12, rise])
    after = hit + half + np.array([0.0, 0.05 if is_soft else 0.18, 0.0 if is_soft or kind.is_flat else 0.16])
    end = shoulder + np.array([kind.finish[0] * TORSO, 0.18, kind.finish[1] * TORSO * wobble[5]])
    if stroke == "leave":
        before, hit, after = (shoulder + np.array([-0.06, -0.05, 0.20 + d]) for d in (0.0, 0.02, 0.03))
    guard = np.array([0.28, 0.02, 0.70])
    keys_s = [-9.0, -0.75, top_s, -0.12, 0.0, 0.12, 0.36, 9.0]
    hands = PchipInterpolator(keys_s, np.stack([guard, guard, top, before, hit, after, end, end]))(times_s)
    hands[:, 1:2] += run[:, 1:2]
    hands[:, 2] += 0.03 * np.sin(9.0 * times_s) * (times_s < -0.8)  # taps the bat

    down, up = np.array([0.15, 0.05, -1.0]), np.array([0.1, -0.55, 0.9])
    across = np.array([0.85, 0.25, -0.25])
    across = across * (np.sign(kind.reach - 0.3) if kind.sweep > 0.5 and stroke != "cut" else 1.0)
    meet = across if kind.is_flat else np.array([0.1, 0.1, -1.0])
    over = np.array([np.sign(kind.sweep) * 0.6, -0.3, 0.8]) if kind.finish[1] > 0.1 else meet
    over = np.array([-0.2, -0.5, 0.9]) if stroke == "leave" else over
    meet = over if stroke == "leave" else meet
    bat = PchipInterpolator([-9.0, -0.75, top_s, 0.0, 0.12, 0.36, 9.0],
                            np.stack([down, down, up, meet, meet + 0.3 * over, over, over]))(times_s)  # fmt: skip
    bat /= np.linalg.norm(bat, axis=1, keepdims=True)

    turn = np.radians(kind.opening) * _ease(times_s, -0.25, 0.10)
    side = np.stack([-np.sin(turn), np.cos(turn), np.zeros(len(turn))], axis=1)
    knees = np.array([0.5, 0.6, 0.0]), np.array([0.2, 0.2, -1.0] if kind.is_kneeling else [0.6, 0.2, 0.0])
    elbows = np.array([0.3, 0.9, 0.3]), np.array([0.2, -0.8, -0.5])
    joints = figure(
        hips=hips * _WORLD,
        shoulders=shoulders * _WORLD,
        side=side * _WORLD,
        ankles=(front * _WORLD, back * _WORLD),
        wrists=(hands * _WORLD, (hands + 0.09 * bat) * _WORLD),
        knee_bend=[bend * _WORLD for bend in knees],
        elbow_bend=[bend * _WORLD for bend in elbows],
    )
    bat_ends = np.stack([hands - 0.05 * bat, hands + BAT * bat], axis=1) * _WORLD
    if not is_right_handed:
        joints, bat_ends = joints[:, SWAP] * (-1, 1, 1), bat_ends * (-1, 1, 1)
    return joints, bat_ends


def _to_off(travel: tuple[float, float], factor: float) -> np.ndarray:
    return TORSO * factor * np.array([travel[1], travel[0], 0.0])


def _ease(times_s: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    part = np.clip((times_s - start_s) / (end_s - start_s), 0, 1)
    return part**3 * (10 - 15 * part + 6 * part**2)  # minimum jerk


def figure(*, hips, shoulders, side, ankles, wrists, knee_bend, elbow_bend) -> np.ndarray:
    """Build COCO-17 joints (T, 17, 3) from the middle of the hips and shoulders, hands and feet, left first.

    `side` (T, 3) is the unit vector from the right to the left shoulder; the body faces a quarter turn to its right.
    """
    joints = np.zeros((len(hips), NUM_JOINTS, 3))
    up = (shoulders - hips) / np.linalg.norm(shoulders - hips, axis=1, keepdims=True)
    facing = np.stack([-side[:, 1], side[:, 0], np.zeros(len(side))], axis=1)
    head = shoulders + _HEAD_UP * (0.4 * up + np.array([0.0, 0.0, 0.6]))
    joints[:, INDEX["nose"]] = head + 0.10 * facing
    for name, sign, number in (("left", 1.0, 0), ("right", -1.0, 1)):
        joints[:, INDEX[f"{name}_eye"]] = head + 0.09 * facing + sign * 0.03 * side + (0, 0, 0.03)
        joints[:, INDEX[f"{name}_ear"]] = head + sign * 0.07 * side
        shoulder, hip = shoulders + sign * _SHOULDER * side, hips + sign * _HIP * side
        elbow, wrist = _bend(shoulder, wrists[number], _UPPER_ARM, _FOREARM, elbow_bend[number])
        knee, ankle = _bend(hip, ankles[number], _THIGH, _SHANK, knee_bend[number])
        places = {"shoulder": shoulder, "elbow": elbow, "wrist": wrist, "hip": hip, "knee": knee, "ankle": ankle}
        for joint, place in places.items():
            joints[:, INDEX[f"{name}_{joint}"]] = place
    return joints


def _bend(start, end, upper: float, lower: float, towards) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle joint of a two-bone limb and its end, drawn in where it is out of reach."""
    line = end - start
    length = np.linalg.norm(line, axis=1, keepdims=True)
    reach = np.clip(length, abs(upper - lower) + 0.02, upper + lower - 1e-3)
    along = line / np.maximum(length, 1e-6)
    foot = (upper**2 - lower**2 + reach**2) / (2 * reach)
    out = towards - (along @ towards)[:, None] * along
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)
    middle = start + foot * along + np.sqrt(np.maximum(upper**2 - foot**2, 0)) * out
    return middle, start + reach * along


def runner(place_T3: np.ndarray, heading: tuple[float, float], *, stride_T: np.ndarray, arm_T=None) -> np.ndarray:
    """Let someone run or stand: joints (T, 17, 3).

    Args:
        place_T3: Where the feet are (T, 3).
        heading: Direction he faces (x, y).
        stride_T: Phase of the run (T,), radians; constant for standing still.
        arm_T: Angle of the bowling (right) arm (T,), radians from hanging down, NaN while it swings freely.
    """
    ahead = np.array([*heading, 0.0]) / np.hypot(*heading)
    left = np.array([ahead[1], -ahead[0], 0.0])  # a quarter turn to the left, y pointing at the viewer
    num = len(place_T3)
    side = np.repeat(left[None], num, axis=0)
    swing = np.sin(stride_T)[:, None]
    hips = place_T3 + np.array([0, 0, 0.92])
    shoulders = hips + TORSO * (0.12 * ahead + np.array([0, 0, 0.99]))
    lifts = 0.25 * np.clip(np.cos(stride_T), 0, 1), 0.25 * np.clip(-np.cos(stride_T), 0, 1)
    is_still = np.ptp(stride_T) == 0
    ankles, wrists = [], []
    for sign, lift in zip((1.0, -1.0), lifts, strict=True):
        ankle = place_T3 + sign * 0.12 * left + sign * 0.42 * swing * ahead * (not is_still) + (0, 0, _ANKLE_UP)
        ankle[:, 2] += lift * (not is_still)
        wrist = shoulders + sign * 0.27 * left - sign * 0.25 * swing * ahead * (not is_still) - (0, 0, 0.48)
        ankles.append(ankle)
        wrists.append(wrist)
    if arm_T is not None:
        over = shoulders - 0.2 * left + 0.56 * (np.sin(arm_T)[:, None] * ahead - np.cos(arm_T)[:, None] * (0, 0, 1.0))
        wrists[1] = np.where(np.isfinite(arm_T)[:, None], over, wrists[1])
    return figure(hips=hips, shoulders=shoulders, side=side, ankles=ankles, wrists=wrists,
                  knee_bend=(ahead, ahead), elbow_bend=(-ahead, -ahead))  # fmt: skip


def croucher(place_3, heading: tuple[float, float], num: int) -> np.ndarray:
    """Let a keeper crouch: joints (num, 17, 3)."""
    ahead = np.array([*heading, 0.0]) / np.hypot(*heading)
    left = np.array([ahead[1], -ahead[0], 0.0])
    place = np.repeat(np.asarray(place_3, dtype=float)[None], num, axis=0)
    hips = place + np.array([0, 0, 0.50]) - 0.15 * ahead
    shoulders = hips + TORSO * (0.5 * ahead + np.array([0, 0, 0.85]))
    hands = place + 0.35 * ahead + (0, 0, 0.55)
    return figure(
        hips=hips,
        shoulders=shoulders,
        side=np.repeat(left[None], num, axis=0),
        ankles=tuple(place + sign * 0.22 * left + (0, 0, _ANKLE_UP) for sign in (1, -1)),
        wrists=tuple(hands + sign * 0.09 * left for sign in (1, -1)),
        knee_bend=tuple(ahead + sign * 0.5 * left for sign in (1, -1)),
        elbow_bend=tuple(sign * left - (0, 0, 0.3) for sign in (1, -1)),
    )
