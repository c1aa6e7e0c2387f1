"""Draw figures: shade, blur with the motion, throw shadows.

Legend: T frames, I instants (sub-frames of all frames, see `camera.silhouette`), P parts, V corners of an outline.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from slowpaths.world.camera.cameras import Aim
from slowpaths.world.camera.silhouette import MIDDLE, SUBFRAMES, Silhouette

_SHIFT = 3
_CAP, _CAP_LARGE = 5, 11  # points a half circle
_BLUR_PX = 1.3  # sub-frames are drawn where something moves at least so far within the shutter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sprite:
    """Hold one figure ready to draw."""

    outlines_IPV2: np.ndarray  # outlines, int32 with three fractional bits
    shine_IPV2: np.ndarray | None  # outlines of the lit side; None for figures too small to show it
    order_TP: np.ndarray  # parts from back to front
    colours: list  # shaded colours, frame by frame and part by part
    bright: list  # colours of the lit side
    shadows_TPV2: np.ndarray  # shadow outlines
    depth_T: np.ndarray  # distance from the camera, metres
    box_T4: np.ndarray  # pixels x1, y1, x2, y2 that hold the figure over the shutter; NaN where it is behind the camera
    is_fast_T: np.ndarray  # whether the shutter blurs it


def prepare(figure: Silhouette, aim: Aim, *, sun_3: np.ndarray, shadow: float) -> Sprite:
    """Shade and outline one figure for all frames of a shot at once.

    The sun is a unit direction towards the light, `shadow` the length of shadows per metre of height; 0 for none.
    """
    capsules, a, b = figure.capsules, figure.starts_IP2, figure.ends_IP2
    radius_a, radius_b, depth = figure.start_radii_IP, figure.end_radii_IP, figure.depth_IP[MIDDLE]
    largest = np.nanmax(radius_a)
    cap = _CAP if largest < 12 else _CAP_LARGE
    axis = capsules.ends_TP3 - capsules.starts_TP3
    axis = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-6)
    facing = np.sqrt(np.maximum(1 - (axis @ sun_3) ** 2, 0))
    shaded = (capsules.colours_P3 * (0.60 + 0.34 * facing)[..., None])[MIDDLE]
    shine = None
    if largest > 3.0:
        toward = aim.rotation_T33()[:, :2] @ sun_3
        toward = toward / np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), 1e-6)
        offset = toward[:, None] * 0.34
        lit_a, lit_b = a + offset * radius_a[..., None], b + offset * radius_b[..., None]
        shine = _outline(lit_a, lit_b, 0.55 * radius_a, 0.55 * radius_b, cap=cap)
    ends = b.reshape(-1, SUBFRAMES, *b.shape[1:])
    with np.errstate(invalid="ignore"):
        moved = np.linalg.norm(ends[:, -1] - ends[:, 0], axis=-1).max(axis=1)
    return Sprite(
        outlines_IPV2=_outline(a, b, radius_a, radius_b, cap=cap), shine_IPV2=shine,
        order_TP=np.argsort(-(depth + capsules.lift_P), axis=1, kind="stable"), colours=shaded.tolist(),
        bright=np.minimum(shaded * 1.12 + 8, 255).tolist(),
        shadows_TPV2=_shadows(figure, aim.at(MIDDLE), sun_3=sun_3, shadow=shadow),
        depth_T=depth.mean(axis=1), box_T4=figure.box_T4, is_fast_T=np.nan_to_num(moved) > _BLUR_PX,
    )  # fmt: skip


def _shadows(figure: Silhouette, aim: Aim, *, sun_3: np.ndarray, shadow: float) -> np.ndarray:
    """Return the outlines of the shadows on the ground (T, P, V, 2)."""
    if shadow <= 0:
        return np.zeros((len(figure.box_T4), 0, 2 * _CAP, 2), dtype=np.int32)
    keep, ends = figure.capsules.shade_P, []
    for points in (figure.capsules.starts_TP3, figure.capsules.ends_TP3):
        flat = points[MIDDLE][:, keep].copy()
        flat[..., :2] -= shadow * flat[..., 2:] * sun_3[:2] / max(float(np.hypot(*sun_3[:2])), 1e-6)
        flat[..., 2] = 0.0
        ends.append(aim.project(flat)[0])
    # Lying on the ground the shadow of a round limb is flattened by the low camera.
    flattened = (0.6 * radii[MIDDLE][:, keep] for radii in (figure.start_radii_IP, figure.end_radii_IP))
    return _outline(*ends, *flattened)


def _outline(a: np.ndarray, b: np.ndarray, radius_a: np.ndarray, radius_b: np.ndarray, cap: int = _CAP) -> np.ndarray:
    """Return outlines (..., V, 2) of tapered capsules, int32 with fractional bits."""
    way = b - a
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    u = np.where(length > 1e-3, way / np.maximum(length, 1e-3), [0.0, 1.0])
    n = np.stack([-u[..., 1], u[..., 0]], axis=-1)
    turn = np.linspace(0, np.pi, cap)
    across, along = np.cos(turn)[:, None], np.sin(turn)[:, None]
    head = a[..., None, :] + radius_a[..., None, None] * (across * n[..., None, :] - along * u[..., None, :])
    tail = b[..., None, :] + radius_b[..., None, None] * (-across * n[..., None, :] + along * u[..., None, :])
    points = np.nan_to_num(np.concatenate([head, tail], axis=-2), nan=-1000.0)
    return (np.clip(points, -3000, 4000) * (1 << _SHIFT)).astype(np.int32)


def draw_shadow(frame: np.ndarray, sprite: Sprite, index: int, *, strength: float) -> None:
    """Darken the ground where the figure's shadow falls, in place."""
    outlines = sprite.shadows_TPV2[index]
    if not len(outlines):
        return
    height, width = frame.shape[:2]
    low = np.maximum((outlines.min(axis=(0, 1)) >> _SHIFT) - 1, 0)
    high = np.minimum((outlines.max(axis=(0, 1)) >> _SHIFT) + 2, [width, height])
    if (high <= low).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), dtype=np.uint8)
    for outline in outlines - (low << _SHIFT):
        cv2.fillConvexPoly(mask, outline, 255, cv2.LINE_8, _SHIFT)
    region = frame[low[1] : high[1], low[0] : high[0]]
    dark = cv2.convertScaleAbs(region, alpha=1.0 - strength)
    cv2.copyTo(dark, mask, region)


def draw(frame: np.ndarray, sprite: Sprite, index: int) -> None:
    """Draw a figure into a frame, in place; fast ones as the mean over the shutter."""
    box = sprite.box_T4[index]
    height, width = frame.shape[:2]
    if not np.isfinite(box).all() or box[2] < 0 or box[3] < 0 or box[0] >= width or box[1] >= height:
        return
    if not sprite.is_fast_T[index]:
        _draw_parts(frame, sprite, index, SUBFRAMES // 2)
        return
    x1, y1 = max(int(box[0]) - 2, 0), max(int(box[1]) - 2, 0)
    x2, y2 = min(int(box[2]) + 3, width), min(int(box[3]) + 3, height)
    region = frame[y1:y2, x1:x2]
    offset = np.array([x1, y1]) << _SHIFT
    total = np.zeros(region.shape, dtype=np.uint16)
    for sub in range(SUBFRAMES):
        layer = region.copy()
        _draw_parts(layer, sprite, index, sub, offset=offset)
        total += layer
    np.floor_divide(total, SUBFRAMES, out=total)
    region[:] = total


def _draw_parts(image: np.ndarray, sprite: Sprite, index: int, sub: int, *, offset: np.ndarray | None = None) -> None:
    instant = index * SUBFRAMES + sub
    outlines = sprite.outlines_IPV2[instant]
    shine = None if sprite.shine_IPV2 is None else sprite.shine_IPV2[instant]
    if offset is not None:
        outlines = outlines - offset
        shine = None if shine is None else shine - offset
    colours, bright = sprite.colours[index], sprite.bright[index]
    for part in sprite.order_TP[index]:
        cv2.fillConvexPoly(image, outlines[part], colours[part], cv2.LINE_AA, _SHIFT)
        if shine is not None:
            cv2.fillConvexPoly(image, shine[part], bright[part], cv2.LINE_AA, _SHIFT)


def draw_ball(frame: np.ndarray, pixels_I2: np.ndarray, radius_px: float, *, colour: tuple[float, ...]) -> None:
    """Draw the ball as a streak over the shutter, in place."""
    if not np.isfinite(pixels_I2).all() or np.abs(pixels_I2).max() > 4000:
        return
    points = (pixels_I2 * (1 << _SHIFT)).astype(np.int32)
    thick = max(round(2 * radius_px), 2)
    if np.linalg.norm(pixels_I2[-1] - pixels_I2[0]) < 1.0:
        radius = round(max(radius_px, 1.0) * (1 << _SHIFT))
        cv2.circle(frame, points[1].tolist(), radius, colour, -1, cv2.LINE_AA, _SHIFT)
    else:
        cv2.polylines(frame, [points.reshape(-1, 1, 2)], False, colour, thick, cv2.LINE_AA, _SHIFT)
