"""From a rendered picture to a training crop: any size, place, light, blur and noise a video may have.

Legend: N people, K = 17 joints, S side of the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from slowpaths.core.skeleton import SWAP
from slowpaths.pose.compact.shards import Picture

USUAL_PX = 96.0  # height of the person in the crops that `keypoints` looks at
HEIGHTS_PX = (24.0, 210.0)
LARGE_PX = (150.0, 420.0)  # people in close-ups, of whom a frame shows a part
_USUALLY = 0.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crop:
    """Hold a training crop.

    Args:
        picture_SS3: RGB (S, S, 3), uint8.
        joints_NK2: Joints, pixels of the crop.
        boxes_N4: Boxes, pixels of the crop.
        seen_4: Part of the crop that shows something, x1, y1, x2, y2.
    """

    picture_SS3: np.ndarray
    joints_NK2: np.ndarray
    boxes_N4: np.ndarray
    seen_4: np.ndarray


def make_crop(
    picture: Picture, *, side: int, random: np.random.Generator, heights_px: tuple[float, float] = HEIGHTS_PX
) -> Crop:
    """Cut a random crop around somebody, at a random size, mirrored half of the time, and change how it looks.

    Args:
        picture: Picture to cut from.
        side: Side of the crop, pixels.
        random: Source of what is random.
        heights_px: Least and greatest height of the person. Where they hold the size that `keypoints` looks at, most
            people have about that.
    """
    height, width = picture.frame_HWC.shape[:2]
    middle, scale = _aim(picture, random, heights_px)
    is_mirrored = bool(random.random() < 0.5)
    angle = float(np.deg2rad(random.normal(0.0, 5.0))) if random.random() < 0.5 else 0.0
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if is_mirrored:
        turn = np.diag([-1.0, 1.0]) @ turn
    # The person is anywhere in the crop, in its middle most often.
    place = side * (0.5 + np.clip(random.normal(0.0, 0.14, size=2), -0.42, 0.42))
    matrix = np.concatenate([turn, (place - turn @ middle)[:, None]], axis=1)
    frame = picture.frame_HWC
    if scale < 0.8:
        frame = cv2.GaussianBlur(frame, (0, 0), 0.38 / scale)
    border = (0, 0, 0) if random.random() < 0.6 else tuple(int(value) for value in random.integers(0, 256, 3))
    crop = cv2.warpAffine(frame, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=border)
    crop = _look(crop, random)
    joints_NK2 = picture.joints_NK2 @ matrix[:, :2].T + matrix[:, 2]
    if is_mirrored:
        joints_NK2 = joints_NK2[:, SWAP]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ matrix[:, :2].T + matrix[:, 2]
    return Crop(
        picture_SS3=crop,
        joints_NK2=joints_NK2,
        boxes_N4=_turned(picture.boxes_N4, matrix),
        seen_4=np.clip(np.r_[corners.min(axis=0), corners.max(axis=0)], 0, side),
    )


def _aim(picture: Picture, random: np.random.Generator, heights_px: tuple[float, float]) -> tuple[np.ndarray, float]:
    """Return what comes to the middle and at which scale."""
    height, width = picture.frame_HWC.shape[:2]
    middles_N2 = 0.5 * (picture.boxes_N4[:, :2] + picture.boxes_N4[:, 2:])
    is_inside_N = ((middles_N2 > 0) & (middles_N2 < [width, height])).all(axis=1)
    strikers, others = (np.flatnonzero(is_inside_N & (picture.is_striker_N == kind)) for kind in (True, False))
    roll = random.random()
    rows = strikers if roll < 0.62 and len(strikers) else others
    if not len(rows) or roll > 0.95:
        return random.uniform([0, 0], [width, height]), float(np.exp(random.uniform(np.log(0.4), np.log(1.6))))
    row = int(random.choice(rows))
    tall = float(picture.boxes_N4[row, 3] - picture.boxes_N4[row, 1])
    low, high = heights_px
    wanted = float(np.exp(random.uniform(np.log(low), np.log(high))))
    if low <= USUAL_PX <= high and random.random() < _USUALLY:
        wanted = USUAL_PX * float(np.exp(random.normal(0.0, 0.22)))
    # A close-up must not be shrunk to nothing, nor a far figure blown up to a blur.
    return middles_N2[row], float(np.clip(wanted / max(tall, 4.0), 0.15, 4.0))


def _turned(boxes_N4: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return boxes around the boxes under an affine map; turns are small, so they hardly grow."""
    middles = 0.5 * (boxes_N4[:, :2] + boxes_N4[:, 2:]) @ matrix[:, :2].T + matrix[:, 2]
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    half = 0.5 * scale * (boxes_N4[:, 2:] - boxes_N4[:, :2])
    return np.concatenate([middles - half, middles + half], axis=1)


def _look(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Change colours, light, sharpness and noise, and hide a part."""
    if random.random() < 0.6:
        hsv = cv2.cvtColor(crop, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(random.integers(-18, 19))) % 180
        hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=float(random.uniform(0.3, 1.4)))
        crop = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    if random.random() < 0.08:
        crop = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if random.random() < 0.7:
        table = 255.0 * (np.arange(256) / 255.0) ** float(np.exp(random.normal(0, 0.25)))
        table = (table - 128) * float(random.uniform(0.6, 1.3)) + 128 + float(random.uniform(-35, 35))
        crop = cv2.LUT(crop, np.clip(table, 0, 255).astype(np.uint8))
    if random.random() < 0.25:
        _hide(crop, random)
    if random.random() < 0.4:
        crop = cv2.GaussianBlur(crop, (0, 0), float(random.uniform(0.4, 1.3)))
    if random.random() < 0.3:
        noise = np.empty(crop.shape, dtype=np.int16)
        cv2.setRNGSeed(int(random.integers(1 << 30)))
        cv2.randn(noise, np.zeros(3), np.full(3, random.uniform(2, 10)))
        crop = cv2.add(crop, noise, dtype=cv2.CV_8U)
    if random.random() < 0.4:
        code = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 90))])[1]
        decoded = cv2.imdecode(code, cv2.IMREAD_COLOR)
        assert decoded is not None
        crop = np.asarray(decoded)
    return crop


def _hide(crop: np.ndarray, random: np.random.Generator) -> None:
    """Lay one to three patches of one colour over the crop, in place."""
    side = crop.shape[0]
    for _ in range(int(random.integers(1, 4))):
        wide, tall = (int(value) for value in random.uniform(0.04, 0.22, size=2) * side)
        x, y = (int(value) for value in random.integers(0, side, size=2))
        crop[y : y + tall, x : x + wide] = random.integers(0, 256, size=3)
