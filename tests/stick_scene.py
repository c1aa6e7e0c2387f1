"""Draw stick people on a simple cricket ground through a pinhole camera.

Legend: T instants, J = 17 joints. World axes, metres, as in `stick_figures`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from slowpaths.core.skeleton import INDEX

_GROUND_PX_M = 12.0
_GROUND = (-40.0, -72.0, 40.0, 34.0)  # x1, y1, x2, y2, metres
_SKIN, _PAD, _WOOD = (196, 150, 120), (238, 236, 228), (205, 170, 110)


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera: place and aim in metres, focal length in pixels."""

    place: tuple[float, float, float]
    aim: tuple[float, float, float]
    focal_px: float
    size: tuple[int, int]

    @cached_property
    def axes(self) -> np.ndarray:
        ahead = np.subtract(self.aim, self.place)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.array([-ahead[1], ahead[0], 0.0]) / np.hypot(ahead[0], ahead[1])
        up = np.array([0.0, 0.0, 1.0]) - ahead[2] * ahead
        return np.stack([right, -up / np.linalg.norm(up), ahead])

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return pixels (..., 2) and pixels per metre (...)."""
        seen = (points - np.array(self.place)) @ self.axes.T
        depth = np.maximum(seen[..., 2], 0.5)
        per_m = self.focal_px / depth
        return seen[..., :2] * per_m[..., None] + np.array(self.size) / 2, per_m

    def ground_matrix(self) -> np.ndarray:
        """Return the homography (3, 3) from the ground picture to this camera's picture."""
        axes, (width, height) = self.axes, self.size
        lens = np.array([[self.focal_px, 0, width / 2], [0, self.focal_px, height / 2], [0, 0, 1]])
        world = np.array([[1 / _GROUND_PX_M, 0, _GROUND[0]], [0, 1 / _GROUND_PX_M, _GROUND[1]], [0, 0, 0], [0, 0, 1]])
        view = np.hstack([axes, -axes @ np.array(self.place)[:, None]])
        return lens @ view @ world


@dataclass(slots=True, kw_only=True, eq=False)
class Actor:
    """Somebody in a shot: joints over time, colour, and a bat for those who carry one."""

    joints_TJ3: np.ndarray
    shirt: tuple[int, int, int]
    has_pads: bool = False
    bat_T23: np.ndarray | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Take:
    """One shot: what its camera sees at every instant."""

    view: str
    cameras: list[Camera]
    actors: list[Actor] = field(default_factory=list)
    ball_T3: np.ndarray | None = None
    has_scores: bool = True
    is_crowd: bool = False
    impact_s: float | None = None  # seconds after the start of the take
    truth: dict[str, object] = field(default_factory=dict)


def ground(rng: np.random.Generator) -> np.ndarray:
    """Paint the ground from above: mown bands, the pitch, creases."""
    x1, y1, x2, y2 = _GROUND
    shape = (int((y2 - y1) * _GROUND_PX_M), int((x2 - x1) * _GROUND_PX_M))
    rows = (np.arange(shape[0]) / _GROUND_PX_M + y1)[:, None]
    bands = 0.965 + 0.035 * np.tanh(4.0 * np.sin(np.pi * rows / 7.0))
    picture = np.array([82.0, 140.0, 60.0]) * np.repeat(bands, shape[1], axis=1)[..., None]
    patches = rng.normal(size=(shape[0] // 24, shape[1] // 24)).astype(np.float32)
    rough = cv2.resize(patches, shape[::-1], interpolation=cv2.INTER_CUBIC)
    picture += 3.0 * rough[..., None]

    def box(left: float, near: float, right: float, far: float, colour: tuple[int, int, int]) -> None:
        corners = (
            (np.array([left, near]) - (x1, y1)) * _GROUND_PX_M,
            (np.array([right, far]) - (x1, y1)) * _GROUND_PX_M,
        )
        (a, b), (c, d) = (np.round(corner).astype(int) for corner in corners)
        picture[b : max(d, b + 1), a : max(c, a + 1)] = (
            np.array(colour) + 5.0 * rough[b : max(d, b + 1), a : max(c, a + 1), None]
        )

    box(-9.0, -2.5, 9.0, 21.0, (152, 152, 84))  # the strips of other matches beside it
    box(-1.5, -3.0, 1.5, 21.5, (200, 174, 124))
    for crease in (0.0, 17.68):
        box(-1.8, crease - 0.08, 1.8, crease + 0.08, (250, 250, 250))
    for bowling in (-1.22, 18.9):
        box(-1.32, bowling - 0.06, 1.32, bowling + 0.06, (250, 250, 250))
    return picture.clip(0, 255).astype(np.uint8)


def _line(image: np.ndarray, a: np.ndarray, b: np.ndarray, colour: tuple[int, int, int], width_px: float) -> None:
    (ax, ay), (bx, by) = a.tolist(), b.tolist()
    start, end = (round(16 * ax), round(16 * ay)), (round(16 * bx), round(16 * by))
    cv2.line(image, start, end, colour, min(200, max(1, round(width_px))), cv2.LINE_AA, 4)


def _draw_actor(image: np.ndarray, camera: Camera, actor: Actor, row: int) -> None:
    points, per_m = camera.project(actor.joints_TJ3[row])
    size = float(per_m.mean())
    joint = {name: points[index] for name, index in INDEX.items()}
    trousers = tuple(int(0.8 * c) for c in actor.shirt)
    for side in ("right", "left"):
        _line(image, joint[f"{side}_hip"], joint[f"{side}_knee"], trousers, 0.17 * size)
        shin = _PAD if actor.has_pads else trousers
        _line(image, joint[f"{side}_knee"], joint[f"{side}_ankle"], shin, (0.20 if actor.has_pads else 0.13) * size)
    corners = [joint[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
    cv2.fillConvexPoly(
        image, cv2.convexHull(np.rint(np.array(corners) * 16).astype(np.int32)), actor.shirt, cv2.LINE_AA, 4
    )
    spine = 0.5 * (corners[0] + corners[1]), 0.5 * (corners[2] + corners[3])
    _line(image, *spine, actor.shirt, 0.26 * size)
    if actor.bat_T23 is not None:
        handle, toe = camera.project(actor.bat_T23[row])[0]
        _line(image, handle, toe, _WOOD, 0.05 * size)
        _line(image, 0.6 * handle + 0.4 * toe, toe, _WOOD, 0.11 * size)
    for side in ("right", "left"):
        _line(image, joint[f"{side}_shoulder"], joint[f"{side}_elbow"], actor.shirt, 0.11 * size)
        _line(image, joint[f"{side}_elbow"], joint[f"{side}_wrist"], _SKIN, 0.09 * size)
        if actor.has_pads:
            _dot(image, joint[f"{side}_wrist"], 0.07 * size, _PAD)
    head = 0.5 * (joint["left_ear"] + joint["right_ear"])
    _line(image, spine[0], head, _SKIN, 0.10 * size)
    _dot(image, head, 0.12 * size, actor.shirt if actor.has_pads else _SKIN)
    _dot(image, joint["nose"], 0.05 * size, _SKIN)


def _dot(image: np.ndarray, place: np.ndarray, radius_px: float, colour: tuple[int, int, int]) -> None:
    x_px, y_px = place.tolist()
    cv2.circle(image, (round(x_px), round(y_px)), max(1, int(radius_px)), colour, -1, cv2.LINE_AA)


def _draw_stumps(image: np.ndarray, camera: Camera, y_m: float) -> None:
    for x_m in (-0.11, 0.0, 0.11):
        ends, per_m = camera.project(np.array([[x_m, y_m, 0.0], [x_m, y_m, 0.71]]))
        _line(image, ends[0], ends[1], (225, 205, 150), 0.045 * per_m[0])


def _draw_stands(image: np.ndarray, camera: Camera, stands: np.ndarray) -> None:
    """Draw hoardings and stands where the picture reaches over the edge of the ground (side-on and low cameras)."""
    far = np.array(camera.place) + 122.0 * camera.axes[2] * (1, 1, 0)
    (_, foot), _ = camera.project(far * (1, 1, 0))
    (_, top), _ = camera.project(far * (1, 1, 0) + (0, 0, 1.2))
    foot, top = round(foot), round(top)
    if foot > 0:
        width = image.shape[1]
        image[: max(top, 0)] = np.resize(stands[: max(top, 0)], (max(top, 0), width, 3)) if top > 0 else image[:0]
        image[max(top, 0) : foot] = (40, 60, 120)


def _background(field_picture: np.ndarray, camera: Camera, stands: np.ndarray) -> np.ndarray:
    image = cv2.warpPerspective(field_picture, camera.ground_matrix(), camera.size, borderValue=(74, 138, 52))
    _draw_stands(image, camera, stands)
    for y_m in (-1.22, 18.9):
        if (np.array([0, y_m, 0]) - camera.place) @ camera.axes[2] > 2:
            _draw_stumps(image, camera, y_m)
    return image


def render(take: Take, field_picture: np.ndarray, rng: np.random.Generator, scores: str) -> Iterator[np.ndarray]:
    """Yield the RGB frames of a take."""
    width, height = take.cameras[0].size
    stands = rng.integers(60, 200, size=(height // 6, width // 6, 3)).astype(np.uint8)
    stands = cv2.resize(stands, (width, height), interpolation=cv2.INTER_NEAREST)
    noise = rng.normal(scale=2.0, size=(height + 32, width + 32, 1)).repeat(3, axis=2).astype(np.int8)
    background, shown = stands, None
    for row, camera in enumerate(take.cameras):
        if take.is_crowd:
            image = np.roll(stands, 3 * int(np.sin(row / 4) * 2), axis=0)
        else:
            if camera != shown:  # the camera is still most of the time
                background, shown = _background(field_picture, camera, stands), camera
            image = background.copy()
            for actor in sorted(take.actors, key=lambda actor: -_distance(actor, camera, row)):
                _draw_actor(image, camera, actor, row)
            if take.ball_T3 is not None and np.isfinite(take.ball_T3[row]).all():
                spot, per_m = camera.project(take.ball_T3[row])
                _dot(image, spot.clip(-99, 9999), max(2.0, 0.05 * per_m), (245, 245, 240))
        if take.has_scores:
            corner, end = (width // 20, height - height // 9), (width // 2, height - height // 22)
            cv2.rectangle(image, corner, end, (20, 30, 70), -1)
            foot = (width // 18, height - height // 16)
            cv2.putText(image, scores, foot, 0, height / 900, (240, 240, 240), 1, cv2.LINE_AA)
        dx, dy = rng.integers(0, 32, size=2)
        yield cv2.add(image, noise[dy : dy + height, dx : dx + width], dtype=cv2.CV_8U)


def _distance(actor: Actor, camera: Camera, row: int) -> float:
    return float(np.linalg.norm(actor.joints_TJ3[row, INDEX["left_ankle"]] - np.array(camera.place)))
