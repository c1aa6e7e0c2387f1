"""People and things as tapered capsules: which parts they have, how thick, in which colours.

Legend: T instants, N parts. Colours are BGR; lengths in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.skeleton import JOINTS
from slowpaths.world.body import Joints, unit
from slowpaths.world.cast import PITCH_M
from slowpaths.world.kinematics import Bat
from slowpaths.world.scenery import Colour

WHITE: Colour = (238, 240, 240)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Describe what somebody wears.

    Args:
        shirt: Colour of the shirt.
        trousers: Colour of the trousers.
        skin: Colour of hands, arms and face.
        hat: Colour of helmet, cap or hat.
        shoes: Colour of the shoes.
        pads: Colour of the leg guards; None without.
        gloves: Colour of the gloves; None without.
        has_helmet: Helmet instead of a cap.
        has_sleeves: Long sleeves.
    """

    shirt: Colour
    trousers: Colour
    skin: Colour
    hat: Colour
    shoes: Colour = (225, 225, 225)
    pads: Colour | None = None
    gloves: Colour | None = None
    has_helmet: bool = False
    has_sleeves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capsules:
    """Hold the parts of one figure over time.

    Args:
        starts_TN3: One end of each part, metres.
        ends_TN3: The other end.
        radii_N2: Radius at either end, metres.
        colours_N3: Colours.
        lift_N: Added to the depth when sorting (negative comes to the front), metres.
        shade_N: Whether a part throws a shadow.
    """

    starts_TN3: np.ndarray
    ends_TN3: np.ndarray
    radii_N2: np.ndarray
    colours_N3: np.ndarray
    lift_N: np.ndarray
    shade_N: np.ndarray


_POINTS = {name: index for index, name in enumerate(JOINTS)} | {
    name: 17 + index
    for index, name in enumerate(
        (
            "left_toe", "right_toe", "head", "neck", "waist", "left_hand", "right_hand", "left_heel", "right_heel",
            "chin", "crown", "peak", "face", "shoulder_top_left", "shoulder_top_right", "belly",
        )
    )
}  # fmt: skip


def _extend(joints: Joints) -> np.ndarray:
    """Return joints and helper points (T, M, 3)."""
    points = joints.keypoints_TK3
    get = joints.joint
    neck = 0.5 * (get("left_shoulder") + get("right_shoulder"))
    waist = 0.5 * (get("left_hip") + get("right_hip"))
    up = unit(joints.head_T3 - neck)
    hands = [
        get(f"{side}_wrist") + 0.075 * unit(get(f"{side}_wrist") - get(f"{side}_elbow")) for side in ("left", "right")
    ]
    toes = [joints.toes_T23[:, index] for index in (0, 1)]
    heels = [
        get(f"{side}_ankle") - 0.04 * unit(toes[index] - get(f"{side}_ankle")) - [0, 0, 0.04]
        for index, side in enumerate(("left", "right"))
    ]
    gaze = joints.gaze_T3
    extra = [
        *toes,
        joints.head_T3,
        neck,
        waist,
        *hands,
        *heels,
        joints.head_T3 - 0.09 * up + 0.05 * gaze,
        joints.head_T3 + 0.05 * up,
        joints.head_T3 + 0.045 * up + 0.16 * gaze,
        joints.head_T3 - 0.02 * up + 0.075 * gaze,
        get("left_shoulder") + 0.02 * up,
        get("right_shoulder") + 0.02 * up,
        0.62 * waist + 0.38 * neck,
    ]
    return np.concatenate([points, np.stack(extra, axis=1)], axis=1)


def dress(joints: Joints, kit: Kit, *, bat: Bat | None = None, wood: Colour = (130, 180, 214)) -> Capsules:
    """Return the capsules of a person in a kit, with the bat where there is one."""
    points = _extend(joints)
    rows: list[tuple[np.ndarray, np.ndarray, float, float, Colour, float, bool]] = []

    def add(a: str, b: str, r0: float, r1: float, colour: Colour, lift: float = 0.0, *, shade: bool = False) -> None:
        rows.append((points[:, _POINTS[a]], points[:, _POINTS[b]], r0, r1, colour, lift, shade))

    dark = tuple(0.82 * value for value in kit.shirt)
    for side in ("left", "right"):
        add(f"{side}_heel", f"{side}_toe", 0.05, 0.042, kit.shoes)
        add(f"{side}_hip", f"{side}_knee", 0.098, 0.070, kit.trousers, shade=True)
        add(f"{side}_knee", f"{side}_ankle", 0.066, 0.052, kit.trousers, shade=True)
        if kit.pads is not None:
            edge = tuple(0.72 * value for value in kit.pads)
            add(f"{side}_knee", f"{side}_ankle", 0.104, 0.084, edge, -0.02)
            add(f"{side}_knee", f"{side}_ankle", 0.088, 0.070, kit.pads, -0.06)
            add(f"{side}_knee", f"{side}_knee", 0.112, 0.112, kit.pads, -0.04)
        add(f"{side}_shoulder", f"{side}_hip", 0.088, 0.096, kit.shirt, 0.02, shade=True)
        # Arms a shade darker than the trunk, or they would vanish in front of it.
        arm = tuple(0.86 * value for value in kit.shirt)
        sleeve = arm if kit.has_sleeves else kit.skin
        add(f"{side}_shoulder", f"{side}_elbow", 0.064, 0.050, arm, -0.02, shade=True)
        add(f"{side}_elbow", f"{side}_wrist", 0.046, 0.036, sleeve, -0.03, shade=True)
        if kit.gloves is not None:
            add(f"{side}_wrist", f"{side}_hand", 0.056, 0.062, kit.gloves, -0.08)
        else:
            add(f"{side}_wrist", f"{side}_hand", 0.034, 0.038, kit.skin, -0.04)
    add("neck", "belly", 0.125, 0.120, kit.shirt, 0.0, shade=True)
    add("belly", "waist", 0.118, 0.112, dark, 0.0, shade=True)
    add("waist", "waist", 0.118, 0.118, kit.trousers, 0.03)
    add("shoulder_top_left", "shoulder_top_right", 0.066, 0.066, kit.shirt, 0.01)
    add("neck", "chin", 0.055, 0.060, kit.skin, -0.01)
    add("head", "chin", 0.098, 0.070, kit.skin, -0.02, shade=True)
    if kit.has_helmet:
        add("crown", "head", 0.125, 0.122, kit.hat, -0.06)
        add("crown", "peak", 0.085, 0.040, kit.hat, -0.08)
        add("face", "chin", 0.070, 0.055, tuple(0.45 * value + 40 for value in kit.hat), -0.03)
    else:
        add("crown", "crown", 0.108, 0.108, kit.hat, -0.05)
        add("crown", "peak", 0.060, 0.030, kit.hat, -0.06)
    if bat is not None:
        shoulder = bat.grip_T3 + 0.22 * (bat.toe_T3 - bat.grip_T3)
        rows.append((bat.top_T3, shoulder, 0.020, 0.022, (60, 60, 60), -0.02, False))
        rows.append((shoulder, bat.toe_T3, 0.046, 0.055, tuple(0.75 * value for value in wood), -0.03, True))
        rows.append((shoulder, bat.toe_T3, 0.034, 0.043, wood, -0.05, False))
    return _pack(rows)


def _pack(rows: list[tuple[np.ndarray, np.ndarray, float, float, Colour, float, bool]]) -> Capsules:
    return Capsules(
        starts_TN3=np.stack([row[0] for row in rows], axis=1),
        ends_TN3=np.stack([row[1] for row in rows], axis=1),
        radii_N2=np.array([[row[2], row[3]] for row in rows]),
        colours_N3=np.array([row[4] for row in rows], dtype=np.float64),
        lift_N=np.array([row[5] for row in rows]),
        shade_N=np.array([row[6] for row in rows]),
    )


def stumps(num_times: int, *, at_striker: bool, colour: Colour = (120, 190, 225)) -> Capsules:
    """Return three stumps and two bails (22.9 cm wide, 71.1 cm high: Laws of Cricket, law 8)."""
    y = 0.0 if at_striker else PITCH_M
    rows = []

    def still(x: float, z: float) -> np.ndarray:
        return np.tile(np.array([x, y, z]), (num_times, 1))

    for x in (-0.095, 0.0, 0.095):
        rows.append((still(x, 0.0), still(x, 0.71), 0.025, 0.025, colour, 0.0, x == 0.0))
    rows.append((still(-0.11, 0.72), still(0.11, 0.72), 0.016, 0.016, colour, -0.01, False))
    return _pack(rows)
