"""Draw capsules: project, sort, shade, blur with the motion, throw shadows.

Legend: T frames, S sub-frames of the shutter (S = 3), N parts, P polygon points.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

from slowpaths.world.cameras import Aim
from slowpaths.world.figures import Capsules

SUBFRAMES = 3
_SHIFT = 3
_CAP, _CAP_LARGE = 5, 11  # points a half circle
_BLUR_PX = 1.3  # sub-frames are drawn where something moves at least so far within the shutter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sprite:
    """Hold one figure ready to draw.

    Args:
        polygons: Outlines (T, S, N, P, 2), int32 with three fractional bits.
        shine: Outlines of the lit side, the same shape; None for figures too small to show it.
        order: Parts from back to front (T, N).
        colours: Shaded colours (T, N, 3).
        bright: Colours of the lit side (T, N, 3).
        shadow: Shadow outlines (T, M, P, 2).
        depth_T: Distance from the camera, metres.
        box_T4: Pixels x1, y1, x2, y2 that hold the figure over the shutter; NaN where it is behind the camera.
        is_fast_T: Whether the shutter blurs it.
        body_T4: Box of the body alone in the middle of the shutter, pixels.
    """

    polygons: np.ndarray
    shine: np.ndarray | None
    order: np.ndarray
    colours: list
    bright: list
    shadow: np.ndarray
    depth_T: np.ndarray
    box_T4: np.ndarray
    is_fast_T: np.ndarray
    body_T4: np.ndarray


def prepare(
    capsules: Capsules,
    aim: Aim,
    *,
    width: int,
    height: int,
    sun_3: np.ndarray,
    shadow: float,
    num_body: int | None = None,
) -> Sprite:
    """Project the capsules of one figure for all frames of a shot at once.

    Args:
        capsules: Parts at T x S instants, sub-frames of one frame next to each other.
        aim: The camera at those instants.
        width: Width of the picture, pixels.
        height: Height of the picture, pixels.
        sun_3: Unit direction towards the light.
        shadow: Length of shadows per metre of height; 0 for none.
        num_body: How many of the first parts are the body (the rest is held); all where not given.
    """
    num_frames = len(capsules.starts_TN3) // SUBFRAMES
    a, depth_a = aim.project(capsules.starts_TN3, width=width, height=height)
    b, depth_b = aim.project(capsules.ends_TN3, width=width, height=height)
    depth = 0.5 * (depth_a + depth_b)
    focal = aim.focal_T(height)[:, None]
    radius_a = np.maximum(focal * capsules.radii_N2[:, 0] / np.maximum(depth_a, 0.3), 0.55)
    radius_b = np.maximum(focal * capsules.radii_N2[:, 1] / np.maximum(depth_b, 0.3), 0.55)
    cap = _CAP if np.nanmax(radius_a) < 12 else _CAP_LARGE
    polygons = _outline(a, b, radius_a, radius_b, cap=cap)
    middle = slice(SUBFRAMES // 2, None, SUBFRAMES)
    axis = capsules.ends_TN3 - capsules.starts_TN3
    axis = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-6)
    facing = np.sqrt(np.maximum(1 - (axis @ sun_3) ** 2, 0))
    shaded = capsules.colours_N3 * (0.60 + 0.34 * facing)[..., None]
    shine = None
    if np.nanmax(radius_a) > 3.0:
        toward = aim.rotation_T33()[:, :2] @ sun_3
        toward = toward / np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), 1e-6)
        offset = toward[:, None] * 0.34
        shine = _outline(
            a + offset * radius_a[..., None],
            b + offset * radius_b[..., None],
            0.55 * radius_a,
            0.55 * radius_b,
            cap=cap,
        )
        shine = shine.reshape(num_frames, SUBFRAMES, *shine.shape[1:])
    shadows = np.zeros((num_frames, 0, 2 * _CAP, 2), dtype=np.int32)
    if shadow > 0:
        keep = capsules.shade_N
        ends = []
        for points in (capsules.starts_TN3, capsules.ends_TN3):
            flat = points[middle][:, keep].copy()
            flat[..., :2] -= shadow * flat[..., 2:] * sun_3[:2] / max(float(np.hypot(*sun_3[:2])), 1e-6)
            flat[..., 2] = 0.0
            ends.append(flat)
        at = Aim(**{f.name: getattr(aim, f.name) if f.name == "place_3" else getattr(aim, f.name)[middle]
                    for f in fields(Aim)})  # fmt: skip
        (sa, _), (sb, _) = (at.project(points, width=width, height=height) for points in ends)
        # Lying on the ground the shadow of a round limb is flattened by the low camera.
        shadows = _outline(sa, sb, 0.6 * radius_a[middle][:, keep], 0.6 * radius_b[middle][:, keep])
    with np.errstate(invalid="ignore"):
        lows = np.minimum(a - radius_a[..., None], b - radius_b[..., None])
        highs = np.maximum(a + radius_a[..., None], b + radius_b[..., None])
        low, high = lows.min(axis=1), highs.max(axis=1)
        body = np.concatenate([lows[middle, :num_body].min(axis=1), highs[middle, :num_body].max(axis=1)], axis=1)
        boxes = np.concatenate(
            [low.reshape(num_frames, SUBFRAMES, 2).min(axis=1), high.reshape(num_frames, SUBFRAMES, 2).max(axis=1)], 1
        )
        ends = b.reshape(num_frames, SUBFRAMES, -1, 2)
        moved = np.linalg.norm(ends[:, -1] - ends[:, 0], axis=-1).max(axis=1)
    return Sprite(
        polygons=polygons.reshape(num_frames, SUBFRAMES, *polygons.shape[1:]),
        shine=shine,
        order=np.argsort(-(depth[middle] + capsules.lift_N), axis=1, kind="stable"),
        colours=shaded[middle].tolist(),
        bright=np.minimum(shaded[middle] * 1.12 + 8, 255).tolist(),
        shadow=shadows,
        depth_T=depth[middle].mean(axis=1),
        box_T4=boxes,
        is_fast_T=np.nan_to_num(moved) > _BLUR_PX,
        body_T4=body,
    )


def _outline(
    a: np.ndarray, b: np.ndarray, radius_a: np.ndarray, radius_b: np.ndarray, *, cap: int = _CAP
) -> np.ndarray:
    """Return outlines (..., P, 2) of tapered capsules, int32 with fractional bits."""
    way = b - a
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    u = np.where(length > 1e-3, way / np.maximum(length, 1e-3), [0.0, 1.0])
    n = np.stack([-u[..., 1], u[..., 0]], axis=-1)
    turn = np.linspace(0, np.pi, cap)
    across, along = np.cos(turn)[:, None], np.sin(turn)[:, None]
    head = a[..., None, :] + radius_a[..., None, None] * (across * n[..., None, :] - along * u[..., None, :])
    tail = b[..., None, :] + radius_b[..., None, None] * (-across * n[..., None, :] + along * u[..., None, :])
    points = np.concatenate([head, tail], axis=-2)
    points = np.nan_to_num(points, nan=-1000.0)
    return (np.clip(points, -3000, 4000) * (1 << _SHIFT)).astype(np.int32)


def draw_shadow(frame: np.ndarray, sprite: Sprite, index: int, *, strength: float) -> None:
    """Darken the ground where the figure's shadow falls, in place."""
    outlines = sprite.shadow[index]
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
    outlines = sprite.polygons[index, sub]
    shine = None if sprite.shine is None else sprite.shine[index, sub]
    if offset is not None:
        outlines = outlines - offset
        shine = None if shine is None else shine - offset
    colours, bright = sprite.colours[index], sprite.bright[index]
    for part in sprite.order[index]:
        cv2.fillConvexPoly(image, outlines[part], colours[part], cv2.LINE_AA, _SHIFT)
        if shine is not None:
            cv2.fillConvexPoly(image, shine[part], bright[part], cv2.LINE_AA, _SHIFT)


def draw_ball(frame: np.ndarray, pixels_S2: np.ndarray, radius_px: float, *, colour: tuple[float, ...]) -> None:
    """Draw the ball as a streak over the shutter, in place."""
    if not np.isfinite(pixels_S2).all() or np.abs(pixels_S2).max() > 4000:
        return
    points = (pixels_S2 * (1 << _SHIFT)).astype(np.int32)
    thick = max(round(2 * radius_px), 2)
    if np.linalg.norm(pixels_S2[-1] - pixels_S2[0]) < 1.0:
        cv2.circle(
            frame, points[1].tolist(), round(max(radius_px, 1.0) * (1 << _SHIFT)), colour, -1, cv2.LINE_AA, _SHIFT
        )
    else:
        cv2.polylines(frame, [points.reshape(-1, 1, 2)], False, colour, thick, cv2.LINE_AA, _SHIFT)
