"""People and things as tapered capsules: which parts they have, how thick, in which colours.

Legend: T instants, P parts. Colours are BGR; lengths in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.skeleton import JOINTS
from slowpaths.world.action.cast import PITCH_M
from slowpaths.world.action.limbs import Joints, unit
from slowpaths.world.action.outfits import Kit
from slowpaths.world.action.stroke_motion import Bat
from slowpaths.world.presets import Colour


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Capsules:
    """Hold the parts of one figure over time."""

    starts_TP3: np.ndarray  # one end of each part, metres
    ends_TP3: np.ndarray  # the other end
    radii_P2: np.ndarray  # radius at either end, metres
    colours_P3: np.ndarray
    lift_P: np.ndarray  # added to the depth when sorting (negative comes to the front), metres
    shade_P: np.ndarray  # whether a part throws a shadow
    num_body: int  # how many of the first parts are the body; the rest is held


def _points(joints: Joints) -> dict[str, np.ndarray]:
    """Return joints and helper points (T, 3) by name."""
    points = {name: joints.joint(name) for name in JOINTS}
    neck, waist = joints.middle("shoulder"), joints.middle("hip")
    head, gaze = joints.head_T3, joints.gaze_T3
    up = unit(head - neck)
    for index, side in enumerate(("left", "right")):
        wrist, ankle, toe = points[f"{side}_wrist"], points[f"{side}_ankle"], joints.toes_T23[:, index]
        points[f"{side}_toe"] = toe
        points[f"{side}_hand"] = wrist + 0.075 * unit(wrist - points[f"{side}_elbow"])
        points[f"{side}_heel"] = ankle - 0.04 * unit(toe - ankle) - [0, 0, 0.04]
        points[f"shoulder_top_{side}"] = points[f"{side}_shoulder"] + 0.02 * up
    return points | {
        "head": head, "neck": neck, "waist": waist, "belly": 0.62 * waist + 0.38 * neck,
        "chin": head - 0.09 * up + 0.05 * gaze, "crown": head + 0.05 * up,
        "peak": head + 0.045 * up + 0.16 * gaze, "face": head - 0.02 * up + 0.075 * gaze,
    }  # fmt: skip


_WOOD, _STUMPS, _HANDLE = (130, 180, 214), (120, 190, 225), (60, 60, 60)
_Row = tuple[np.ndarray, np.ndarray, float, float, Colour, float, bool]  # ends, radii, colour, lift, shade


def dress(joints: Joints, kit: Kit, *, bat: Bat | None = None) -> Capsules:
    """Return the capsules of a person in a kit, with the bat where there is one."""
    points = _points(joints)
    rows: list[_Row] = []

    def add(a: str, b: str, r0: float, r1: float, colour: Colour, lift: float = 0.0, *, shade: bool = False) -> None:
        rows.append((points[a], points[b], r0, r1, colour, lift, shade))

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
        hand = (0.034, 0.038, kit.skin, -0.04) if kit.gloves is None else (0.056, 0.062, kit.gloves, -0.08)
        add(f"{side}_wrist", f"{side}_hand", *hand)
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
    num_body = len(rows)
    if bat is not None:
        shoulder = bat.grip_T3 + 0.22 * (bat.toe_T3 - bat.grip_T3)
        rows.append((bat.top_T3, shoulder, 0.020, 0.022, _HANDLE, -0.02, False))
        rows.append((shoulder, bat.toe_T3, 0.046, 0.055, tuple(0.75 * value for value in _WOOD), -0.03, True))
        rows.append((shoulder, bat.toe_T3, 0.034, 0.043, _WOOD, -0.05, False))
    return _pack(rows, num_body)


def _pack(rows: list[_Row], num_body: int) -> Capsules:
    return Capsules(
        starts_TP3=np.stack([row[0] for row in rows], axis=1), ends_TP3=np.stack([row[1] for row in rows], axis=1),
        radii_P2=np.array([[row[2], row[3]] for row in rows]),
        colours_P3=np.array([row[4] for row in rows], dtype=np.float64), lift_P=np.array([row[5] for row in rows]),
        shade_P=np.array([row[6] for row in rows]), num_body=num_body,
    )  # fmt: skip


def stumps(num_times: int, *, at_striker: bool) -> Capsules:
    """Return three stumps and two bails (22.9 cm wide, 71.1 cm high: Laws of Cricket, law 8)."""
    y = 0.0 if at_striker else PITCH_M

    def still(x: float, z: float) -> np.ndarray:
        return np.tile(np.array([x, y, z]), (num_times, 1))

    rows: list[_Row] = [
        (still(x, 0.0), still(x, 0.71), 0.025, 0.025, _STUMPS, 0.0, x == 0.0) for x in (-0.095, 0.0, 0.095)
    ]
    rows.append((still(-0.11, 0.72), still(0.11, 0.72), 0.016, 0.016, _STUMPS, -0.01, False))
    return _pack(rows, len(rows))
