"""Turn a stroke of the table, a style and a dose of jitter into a moving batter.

Legend: T instants, J = 17 COCO joints. Times are seconds from impact; axes as in `world.action.limbs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from slowpaths.core.skeleton import SWAP
from slowpaths.world.action.batters import Style
from slowpaths.world.action.key_poses import CHANNELS, KEYS, Stride, Stroke, stroke
from slowpaths.world.action.limbs import (
    Body,
    Joints,
    Step,
    build_joints,
    foot_path,
    heading,
    minimum_jerk,
    pelvis_from_knees,
    run_distance,
    unit,
)

CREASE_Y_M = 1.22  # popping crease, metres before the stumps (Laws of Cricket, law 7)
STANCE_X_M = -0.06
SWEET_SPOT_M, TOE_M, HANDLE_M = 0.52, 0.70, 0.13  # along the bat from the hands
_ANGLES = [name for name in CHANNELS if not name.startswith("hand_")]
_RELAXED = (166, 166, 8, 2, 24, 24, 0.08, 0.16, 0.02, -28, 6)
_RUNNING = (150, 150, 4, 16, 88, 88, 0.14, 0.34, 0.42, 62, 0)
_RUN_M, _CADENCE_S = 17.0, 0.34  # between the wickets; a step
_KEY_SPREAD = np.array([0.4, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0])
_INDEX = {name: position for position, name in enumerate(CHANNELS)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jitter:
    """Hold what differs from one ball to the next."""

    # offsets of all channels at the key poses (7, 11), degrees and torso units
    keys: np.ndarray = field(default_factory=lambda: np.zeros((len(KEYS), len(CHANNELS))))
    distance: float = 1.0  # factor on strides and on how far the hands are from the body
    tempo: float = 1.0  # factor on times


def draw_jitter(random: np.random.Generator, *, amount: float = 1.0) -> Jitter:
    """Draw jitter: 12 degrees, 20 % of distances and 15 % of times are one standard deviation at amount 1.

    Half of the variance of a channel is the same at all key poses of a ball, half is each pose's own; stance and
    trigger, which batters repeat, vary less.
    """
    spread = np.array([12.0 if name in _ANGLES else 0.16 for name in CHANNELS]) * amount
    shared = random.normal(size=(1, len(CHANNELS)))
    own = random.normal(size=(len(KEYS), len(CHANNELS)))
    return Jitter(
        keys=_KEY_SPREAD[:, None] * spread * np.clip((shared + own) * np.sqrt(0.5), -2.2, 2.2),
        distance=float(np.clip(1 + 0.20 * amount * random.normal(), 0.6, 1.4)),
        tempo=float(np.clip(1 + 0.15 * amount * random.normal(), 0.75, 1.25)),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bat:
    """Hold a bat over time: end of the handle, hands, sweet spot and toe (T, 3) each, metres."""

    top_T3: np.ndarray
    grip_T3: np.ndarray
    sweet_T3: np.ndarray
    toe_T3: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StrokeMotion:
    """Move a batter through one ball."""

    name: str  # stroke that is played
    other: str = ""  # second stroke of a blend; equal to `name` where there is none
    weight: float = 1.0  # share of `name` in the blend, .5..1
    is_right_handed: bool = True  # handedness
    style: Style = field(default_factory=Style)  # how this batter plays
    jitter: Jitter = field(default_factory=Jitter)  # what differs this time
    azimuth_deg: float = 0.0  # where the ball goes (the batter looks after it), positive to off
    run_s: float = float("nan")  # when the batter starts to run, seconds after impact; NaN for no run

    def move(self, times_T: np.ndarray) -> tuple[Joints, Bat]:
        """Return the body and the bat at the given instants, seconds from impact."""
        body = Body().scaled(self.style.height)
        channels = self.channels(times_T)
        feet = self._feet(times_T, body)
        knees = np.stack([channels["knee_front"], channels["knee_back"]], axis=1)
        hip_yaw = channels["hip_yaw"]
        pelvis = pelvis_from_knees(body, feet, knees, hip_yaw)
        facing = heading(hip_yaw)
        # Bending over the bat pushes the hips back: turn the mid-hip about the line between the feet.
        pelvis = _set_back(pelvis, feet, facing, np.deg2rad(0.30 * channels["trunk_off"]))
        run = self._run(times_T)
        if run is not None:
            pelvis = pelvis + run[1][:, None] * (run[0] - pelvis)
        pelvis = _stay_on_feet(pelvis, feet, body, hip_yaw)
        lean_off, lean_fwd = (np.tan(np.deg2rad(channels[name])) for name in ("trunk_off", "trunk_fwd"))
        trunk = unit(np.stack([lean_off, lean_fwd, 1 + 0 * hip_yaw], axis=1))
        neck = pelvis + body.torso * trunk
        across = heading(channels["shoulder_yaw"] + 90.0)
        bat_way = self._bat_direction(channels)
        hands = neck + body.torso * np.stack([channels["hand_off"], channels["hand_fwd"], 0 * hip_yaw], axis=1)
        hands[:, 2] = pelvis[:, 2] + channels["hand_height"] * (neck[:, 2] - pelvis[:, 2])
        shoulders = np.stack([neck + body.shoulder * across, neck - body.shoulder * across], axis=1)
        wrists = _reach(hands, bat_way, shoulders, longest=0.985 * (body.upper_arm + body.forearm))
        is_flat = np.clip(np.abs(channels["bat_tilt"]) / 80.0, 0, 1)[:, None]
        up = np.array([0.0, 0.0, 1.0])
        chest = heading(channels["shoulder_yaw"])
        elbow_poles = np.stack([0.7 * across + (0.5 - 0.6 * is_flat) * up, -0.4 * across - 0.8 * up - 0.2 * chest], 1)
        forward = np.array([0.0, 1.0, 0.0])
        knee_poles = np.stack([0.6 * facing + 0.7 * forward, 0.9 * facing + 0.25 * forward], axis=1)
        joints = build_joints(
            body, pelvis_T3=pelvis, hip_yaw_T=hip_yaw, shoulder_yaw_T=channels["shoulder_yaw"], trunk_T3=trunk,
            ankles_T23=feet, wrists_T23=wrists, elbow_poles_T23=elbow_poles, knee_poles_T23=knee_poles,
            gaze_T3=self._gaze(times_T), foot_yaw_T2=np.stack([18 + 0.5 * hip_yaw, 4 + 0.3 * hip_yaw], axis=1),
        )  # fmt: skip
        middle = joints.middle("wrist")
        bat = hold_bat(middle + 0.06 * unit(middle - joints.middle("shoulder")), bat_way, scale=self.style.height)
        return (joints, bat) if self.is_right_handed else (_mirrored(joints), _mirrored(bat))

    def channels(self, times_T: np.ndarray) -> dict[str, np.ndarray]:
        """Return every channel (T,): monotone cubic interpolation through the jittered key poses."""
        times_s, keys = self._keys()
        values = PchipInterpolator(times_s, keys, axis=0)(np.clip(times_T, times_s[0], times_s[-1]))
        waiting = np.clip((-1.0 - times_T) / 0.4, 0, 1)
        values[:, _INDEX["bat_swing"]] += waiting * 9.0 * np.sin(2 * np.pi * times_T / 0.8)
        return {name: values[:, position] for name, position in _INDEX.items()}

    def _blend(self, key: Callable[[Stroke], Any]) -> Any:
        """Return a number or array of the stroke, mixed with that of the second one."""
        first, second = stroke(self.name), stroke(self.other or self.name)
        return self.weight * key(first) + (1 - self.weight) * key(second)

    def _keys(self) -> tuple[np.ndarray, np.ndarray]:
        times_s = self._blend(lambda item: item.times_s) * (self.style.tempo * self.jitter.tempo)
        keys = self._blend(lambda item: item.keys) + self.jitter.keys
        keys[:, 0] += self.style.front_knee_deg * np.array([0.3, 0.3, 0.5, 1, 1, 1, 1])
        keys[:, :2] = np.clip(keys[:, :2], 62, 174)
        height, swing, tilt = _INDEX["hand_height"], _INDEX["bat_swing"], _INDEX["bat_tilt"]
        keys[2:, _INDEX["hand_off"] : height] *= self.jitter.distance
        keys[2, height] = 0.05 + (keys[2, height] - 0.05) * self.style.swing
        keys[2, swing] *= self.style.swing
        keys[2, tilt] -= self.style.lateral_deg
        keys[6, height] = 0.2 + (keys[6, height] - 0.2) * self.style.follow
        rest = np.array(_RELAXED if np.isnan(self.run_s) else _RUNNING, dtype=np.float64)
        hold_s = times_s[-1] + 0.18
        calm_s = hold_s + 0.9 if np.isnan(self.run_s) else max(self.run_s + 0.35, hold_s + 0.2)
        return np.append(times_s, [hold_s, calm_s]), np.vstack([keys, keys[-1], rest])

    def strides(self) -> tuple[Stride, Stride]:
        """Return where the front and the back foot go, blended and jittered (torso units, seconds)."""
        tempo, distance = self.style.tempo * self.jitter.tempo, self.jitter.distance
        factors = {"fwd": distance, "off": distance, "start_s": tempo, "plant_s": tempo, "heel": 1.0}

        def foot(name: str) -> Stride:
            ways = {key: self._blend(lambda item: getattr(getattr(item, name), key)) for key in factors}  # noqa: B023
            return Stride(**{key: way * factors[key] for key, way in ways.items()})

        return foot("front"), foot("back")

    def _feet(self, times_T: np.ndarray, body: Body) -> np.ndarray:
        front, back = self.strides()
        half = self.style.stance_m / 2
        starts = {"front": (STANCE_X_M, CREASE_Y_M + half), "back": (STANCE_X_M, CREASE_Y_M - half)}
        paths = []
        for name, stride in (("front", front), ("back", back)):
            x, y = starts[name]
            steps = []
            early_s = min(stride.start_s - 0.02, -0.72)
            if (name, self.style.trigger) == ("front", 1.0):
                steps.append(Step(start_s=early_s - 0.16, end_s=early_s, x=x, y=y + 0.14, lift=0.03))
            elif (name, self.style.trigger) == ("back", -1.0):
                steps.append(Step(start_s=early_s - 0.16, end_s=early_s, x=x + 0.10, y=y - 0.10, lift=0.03))
            x, y = x + stride.off * body.torso, y + stride.fwd * body.torso
            lift = 0.05 + 0.05 * min(abs(stride.fwd), 1.0)
            steps.append(Step(start_s=stride.start_s, end_s=stride.plant_s, x=x, y=y, lift=lift, heel=stride.heel))
            steps += self._run_steps(name)
            paths.append(foot_path(times_T, starts[name], steps, ankle=body.ankle))
        return np.stack(paths, axis=1)

    def _run_steps(self, name: str) -> list[Step]:
        if np.isnan(self.run_s):
            return []
        begin_s, x = (self.run_s, -0.22) if name == "back" else (self.run_s + _CADENCE_S / 2, -0.42)
        steps = []
        for _ in range(14):
            land_s = begin_s + 0.24
            y = CREASE_Y_M + 0.3 + float(run_distance(np.array([land_s + 0.12 - self.run_s]), longest_m=_RUN_M)[0])
            steps.append(Step(start_s=begin_s, end_s=land_s, x=x, y=y, lift=0.16))
            begin_s += _CADENCE_S
        return steps

    def _run(self, times_T: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        if np.isnan(self.run_s):
            return None
        root = np.zeros((len(times_T), 3))
        root[:, 0] = -0.32
        root[:, 1] = CREASE_Y_M + 0.3 + run_distance(times_T - self.run_s, longest_m=_RUN_M)
        root[:, 2] = (0.86 + 0.02 * np.cos(2 * np.pi * times_T / 0.17)) * self.style.height
        return root, minimum_jerk((times_T - self.run_s) / 0.35)

    def _bat_direction(self, channels: dict[str, np.ndarray]) -> np.ndarray:
        yaw = np.deg2rad(self._blend(lambda item: item.bat_yaw_deg))
        swing, tilt = np.deg2rad(channels["bat_swing"]), np.deg2rad(channels["bat_tilt"])
        x, y, z = np.sin(tilt) * np.cos(swing), np.sin(swing), -np.cos(tilt) * np.cos(swing)
        return np.stack([x * np.cos(yaw) + y * np.sin(yaw), -x * np.sin(yaw) + y * np.cos(yaw), z], axis=1)

    def _gaze(self, times_T: np.ndarray) -> np.ndarray:
        follow = minimum_jerk((times_T - 0.03) / 0.35)
        turn = np.clip(self.azimuth_deg, -120, 120)
        level = heading(90.0 - follow * turn)
        # Eyes follow the ball down on to the bat and up again.
        pitch = np.deg2rad(-6 - 30 * minimum_jerk((times_T + 0.35) / 0.35) * (1 - follow))
        return np.concatenate([level[:, :2] * np.cos(pitch)[:, None], np.sin(pitch)[:, None]], axis=1)


def _set_back(pelvis: np.ndarray, feet: np.ndarray, facing: np.ndarray, angle: np.ndarray) -> np.ndarray:
    middle, line = feet.mean(axis=1), unit(feet[:, 0] - feet[:, 1])
    arm = pelvis - middle
    sideways = np.cross(line, arm)
    sign = np.where(np.sum(sideways * facing, axis=1) < 0, 1.0, -1.0)
    along = np.sum(arm * line, axis=1, keepdims=True) * line
    across = arm - along
    turned = np.cos(angle)[:, None] * across + (sign * np.sin(angle))[:, None] * np.cross(line, across)
    return middle + along + turned


def _stay_on_feet(pelvis: np.ndarray, feet: np.ndarray, body: Body, hip_yaw: np.ndarray) -> np.ndarray:
    """Return the mid-hip pulled in until both legs reach their feet: feet stay, the body gives way."""
    pelvis, hips = pelvis.copy(), body.hip * heading(hip_yaw + 90.0)
    longest = 0.995 * (body.thigh + body.shank)
    for _ in range(12):
        for side, sign in enumerate((1.0, -1.0)):
            way = pelvis + sign * hips - feet[:, side]
            length = np.linalg.norm(way, axis=1, keepdims=True)
            pelvis -= np.maximum(length - longest, 0.0) * way / np.maximum(length, 1e-9)
    return pelvis


def _reach(hands: np.ndarray, bat_way: np.ndarray, shoulders: np.ndarray, *, longest: float) -> np.ndarray:
    """Return left and right wrist on the handle, pulled in until both arms reach."""
    hands = hands.copy()
    offsets = np.stack([-0.045 * bat_way, 0.045 * bat_way], axis=1)
    for _ in range(6):
        for side in (0, 1):
            way = hands + offsets[:, side] - shoulders[:, side]
            length = np.linalg.norm(way, axis=1, keepdims=True)
            hands -= np.maximum(length - longest, 0.0) * way / np.maximum(length, 1e-9)
    return hands[:, None] + offsets


def hold_bat(grip_T3: np.ndarray, way: np.ndarray, *, scale: float = 1.0) -> Bat:
    """Return a bat held at a place in a direction (a unit vector, or one an instant)."""
    top, sweet, toe = (grip_T3 + along * scale * way for along in (-HANDLE_M, SWEET_SPOT_M, TOE_M))
    return Bat(top_T3=top, grip_T3=grip_T3, sweet_T3=sweet, toe_T3=toe)


def _mirrored(record: Any) -> Any:
    """Return the mirror image of a body or a bat: off and leg change sides, left and right joints change names."""
    ways = {name: getattr(record, name) * [-1.0, 1.0, 1.0] for name in record.__dataclass_fields__}
    sides = {"keypoints_TJ3": SWAP, "toes_T23": [1, 0]}
    return replace(record, **{name: way[:, sides[name]] if name in sides else way for name, way in ways.items()})
