"""Cameras and the people behind them: where they stand, how long they take to follow the ball, how they overshoot.

Legend: T instants. Axes as in `world.action.limbs`; pixels x to the right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.world.action.ball import BallPath
from slowpaths.world.presets import CAMERAS

_GRID_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """Hold where a camera stands and how it is worked."""

    name: str  # one of `presets.CAMERAS`
    place_3: np.ndarray  # where it stands, metres
    aim_3: np.ndarray  # what it looks at while nothing happens, metres
    fov_deg: float  # vertical field of view while nothing happens, degrees
    lag_s: float = 0.18  # how long the operator takes to react to the ball, seconds
    stiffness: float = 7.0  # natural frequency of the operator's tracking, radians a second
    damping: float = 0.62  # below 1 the operator overshoots
    follow: float = 1.0  # how far the operator follows the ball, 0 (locked off) to 1
    zoom: float = 0.0  # change of log field of view once the ball is hit far
    shake_deg: float = 0.0  # amplitude of hand shake
    phase: float = 0.0  # phase of the shake
    size: tuple[int, int]  # width and height of the picture, pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aim:
    """Hold where a camera points over time."""

    place_3: np.ndarray  # where it stands, metres
    pan_T: np.ndarray  # to the right, radians, 0 along +y
    tilt_T: np.ndarray  # up, radians
    roll_T: np.ndarray  # clockwise, radians
    fov_T: np.ndarray  # vertical field of view, radians
    size: tuple[int, int]  # width and height of the picture, pixels

    def at(self, which: slice) -> Aim:
        """Return the aim at some of its instants."""
        return replace(self, **{name: getattr(self, name)[which] for name in ("pan_T", "tilt_T", "roll_T", "fov_T")})

    def rotation_T33(self) -> np.ndarray:
        """Return rotations from world to camera axes (x right, y down, z forward)."""
        cp, sp, ct, st = np.cos(self.pan_T), np.sin(self.pan_T), np.cos(self.tilt_T), np.sin(self.tilt_T)
        zero = np.zeros_like(cp)
        right = np.stack([cp, -sp, zero], axis=-1)
        forward = np.stack([sp * ct, cp * ct, st], axis=-1)
        down = np.stack([sp * st, cp * st, -ct], axis=-1)
        c, s = np.cos(self.roll_T)[:, None], np.sin(self.roll_T)[:, None]
        return np.stack([c * right + s * down, c * down - s * right, forward], axis=-2)

    def focal_T(self) -> np.ndarray:
        """Return focal lengths in pixels."""
        return 0.5 * self.size[1] / np.tan(0.5 * self.fov_T)

    def project(self, points_TP3: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project points.

        Args:
            points_TP3: Points, metres; P points at each of T instants.

        Returns:
            Pixels (T, P, 2) and depths (T, P) in metres; points behind the camera come back as NaN.
        """
        seen = np.einsum("tij,tnj->tni", self.rotation_T33(), points_TP3 - self.place_3)
        depth = seen[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = self.focal_T()[:, None, None] * seen[..., :2] / depth[..., None]
        pixels = pixels + 0.5 * np.array(self.size)
        pixels[depth < 0.3] = np.nan
        return pixels, depth


def point_at(place_3: np.ndarray, target_T3: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pan and tilt (T,) in radians that look from a place at points."""
    way = target_T3 - place_3
    return np.arctan2(way[..., 0], way[..., 1]), np.arctan2(way[..., 2], np.hypot(way[..., 0], way[..., 1]))


def work(camera: Camera, times_T: np.ndarray, *, ball: BallPath | None, target_T3: np.ndarray | None = None) -> Aim:
    """Let the operator work the camera through one ball, or towards a target instead of the camera's own aim.

    The aim is a second-order system driven by the ball as it was `lag_s` ago: it starts late and overshoots.
    """
    times_T = np.asarray(times_T, dtype=np.float64)
    grid = np.arange(min(times_T[0], -0.5) - 1.0, times_T[-1] + 2 * _GRID_S, _GRID_S)
    rest = np.tile(camera.aim_3, (len(grid), 1)).astype(np.float64)
    if target_T3 is not None:
        for axis in range(3):
            rest[:, axis] = np.interp(grid, times_T, target_T3[:, axis])
    wanted = rest
    if ball is not None and camera.follow > 0:
        seen = ball.position(np.clip(grid - camera.lag_s, 0.0, ball.end_s))
        is_hit = (grid > camera.lag_s)[:, None]
        wanted = np.where(is_hit, rest + camera.follow * (seen - ball.position(np.array([0.0]))), rest)
    pan, tilt = point_at(camera.place_3, wanted)
    pan = np.unwrap(pan)
    tilt = np.clip(tilt, -1.2, 0.35)
    log_fov = np.full_like(pan, np.log(np.deg2rad(camera.fov_deg)))
    if ball is not None:
        # A slow push-in while the bowler runs up, then out (or in) after a ball that travels.
        far = float(np.clip(np.linalg.norm(wanted[-1] - rest[-1]) / 25.0, 0, 1))
        log_fov += 0.10 * np.clip(-(grid + 1.0) / 5.0, 0, 1) + camera.zoom * far * (grid > camera.lag_s)
    moved = _track(np.stack([pan, tilt, log_fov], axis=1), camera.stiffness, camera.damping)
    pan, tilt, log_fov = (np.interp(times_T, grid, moved[:, axis]) for axis in range(3))
    roll = np.zeros_like(pan)
    if camera.shake_deg > 0:
        shake, t = np.deg2rad(camera.shake_deg), times_T
        pan += shake * (np.sin(2.1 * t + camera.phase) + 0.4 * np.sin(7.3 * t + 2 * camera.phase))
        tilt += shake * (np.sin(1.7 * t + 1.3 * camera.phase) + 0.4 * np.sin(8.9 * t))
        roll = 0.6 * shake * np.sin(1.1 * t + camera.phase)
    return Aim(place_3=camera.place_3, pan_T=pan, tilt_T=tilt, roll_T=roll, fov_T=np.exp(log_fov), size=camera.size)


def _track(wanted: np.ndarray, stiffness: float, damping: float) -> np.ndarray:
    """Follow `wanted` (G, 3) with an under-damped second-order system (semi-implicit Euler)."""
    state, speed = wanted[0].copy(), np.zeros(wanted.shape[1])
    moved = np.empty_like(wanted)
    for index, goal in enumerate(wanted):
        speed += _GRID_S * (stiffness**2 * (goal - state) - 2 * damping * stiffness * speed)
        state = state + _GRID_S * speed
        moved[index] = state
    return moved


def make_camera(
    name: str, random: np.random.Generator, *, size: tuple[int, int], height_m: float = 12.0, lens: float = 1.0
) -> Camera:
    """Put up a camera of a venue; `height_m` is that of its end-on gantries, `lens` a factor on the field of view.

    Raises:
        UsageError: If there is no such camera.
    """
    if name not in CAMERAS:
        raise UsageError(f"unknown camera '{name}'; the cameras are {', '.join(CAMERAS)}")
    operator = {
        "lag_s": float(random.uniform(0.12, 0.25)), "stiffness": float(random.uniform(5.5, 8.0)),
        "damping": float(random.uniform(0.5, 0.75)), "size": size, "phase": float(random.uniform(0, 6.28)),
    }  # fmt: skip
    wobble = random.normal(size=4)
    shake_deg, zoom = 0.0, 0.0
    if name in ("bowler_end", "keeper_end", "field"):
        far = float(random.uniform(60, 75))
        y = 20.12 + far if name != "keeper_end" else -far
        aim_y = {"bowler_end": 3.4, "keeper_end": 4.4, "field": 0.0}[name] + 0.4 * wobble[0]
        fov_deg = {"bowler_end": 4.2, "keeper_end": 4.6, "field": 13.0}[name]
        place, aim = (1.2 * wobble[1], y, height_m + 0.5 * wobble[2]), (0.2 * wobble[3], aim_y, 0.9)
        follow, zoom = 1.0 if name == "field" else 0.9, 0.35
    elif name == "side_on":
        side = 1.0 if random.random() < 0.5 else -1.0
        place, aim = (side * 68.0, 3.0 + 2 * wobble[0], 0.6 * height_m), (0.0, 3.2, 1.0)
        fov_deg, follow, zoom = 5.4, 0.5, 0.2
    elif name.startswith("nets"):
        x, y, z = (3.6, 2.2 + 0.3 * wobble[0], 1.5) if name == "nets_side" else (0.9, 11.5 + wobble[0], 1.65)
        place, aim = (x, y, z + 0.08 * wobble[1]), (-0.1, 1.4, 0.95)
        fov_deg = 46.0 if name == "nets_side" else 19.0
        follow, shake_deg = (0.12, 0.5) if name == "nets_handheld" else (0.0, 0.0)
    else:
        place, aim = (16.0 + 2 * wobble[0], 14.0 + 2 * wobble[1], 2.2), (-0.1, 1.2, 1.35)
        fov_deg, follow, shake_deg = 4.0, 0.0, 0.05
    return Camera(
        name=name, place_3=np.array(place), aim_3=np.array(aim), fov_deg=fov_deg * lens, follow=follow, zoom=zoom,
        shake_deg=shake_deg, **operator,
    )  # fmt: skip
