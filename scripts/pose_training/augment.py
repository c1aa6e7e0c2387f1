"""From a rendered picture to a training crop: any size, place, light, blur and noise a video may have.

Legend: N people, J = 17 joints, S side of the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scripts.pose_training.shards import Picture

from slowpaths.core.skeleton import SWAP
from slowpaths.pose.compact.network import JOINTS_PX


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Describe whom crops show, and how.

    Args:
        heights_px: Least and greatest height of the person.
        usual_px: Height that most people have about; none where not given.
        usually: How often.
        spread: Spread of heights about the usual one, in logarithms.
        wander: Spread of the person's place about the middle, in sides of the crop.
        striker: How often the person is the striker.
        anywhere: How often nobody is aimed at.
        is_boxed: Take the part of the box inside the frame for the person and its longer side for his height, as
            `keypoints` does; otherwise whoever's middle is inside, as tall as he is.
    """

    heights_px: tuple[float, float] = (24.0, 210.0)
    usual_px: float | None = 96.0
    usually: float = 0.6
    spread: float = 0.22
    wander: float = 0.14
    striker: float = 0.62
    anywhere: float = 0.05
    is_boxed: bool = False


EVERYBODY = Aim()
LARGE = Aim(heights_px=(150.0, 420.0), usual_px=None)  # people in close-ups, of whom a frame shows a part
# What `keypoints` looks at, with boxes as much too large, too small and beside the person as `detect` gives them.
ONE = Aim(usual_px=float(JOINTS_PX), usually=1.0, spread=0.12, wander=0.03, striker=0.8, anywhere=0.0, is_boxed=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crop:
    """Hold a training crop.

    Args:
        picture_SS3: RGB (S, S, 3), uint8.
        joints_NJ2: Joints, pixels of the crop.
        boxes_N4: Boxes, pixels of the crop.
        seen_4: Part of the crop that shows something, x1, y1, x2, y2.
        person: Row of the person aimed at, -1 for nobody.
    """

    picture_SS3: np.ndarray
    joints_NJ2: np.ndarray
    boxes_N4: np.ndarray
    seen_4: np.ndarray
    person: int


def make_crop(picture: Picture, *, side: int, random: np.random.Generator, aim: Aim = EVERYBODY) -> Crop:
    """Cut a random crop around somebody, at a random size, mirrored half of the time, and change how it looks.

    Args:
        picture: Picture to cut from.
        side: Side of the crop, pixels.
        random: Source of what is random.
        aim: Whom to show.
    """
    height, width = picture.frame_HWC.shape[:2]
    person, middle, scale = _choose(picture, random, aim)
    is_mirrored = bool(random.random() < 0.5)
    angle = float(np.deg2rad(random.normal(0.0, 5.0))) if random.random() < 0.5 else 0.0
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if is_mirrored:
        turn = np.diag([-1.0, 1.0]) @ turn
    place = side * (0.5 + np.clip(random.normal(0.0, aim.wander, size=2), -0.42, 0.42))
    matrix = np.concatenate([turn, (place - turn @ middle)[:, None]], axis=1)
    frame = picture.frame_HWC
    if scale < 0.8:
        frame = cv2.GaussianBlur(frame, (0, 0), 0.38 / scale)
    border = (0, 0, 0) if random.random() < 0.6 else tuple(int(value) for value in random.integers(0, 256, 3))
    crop = cv2.warpAffine(frame, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=border)
    crop = _look(crop, random)
    joints_NJ2 = picture.joints_NJ2 @ matrix[:, :2].T + matrix[:, 2]
    if is_mirrored:
        joints_NJ2 = joints_NJ2[:, SWAP]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ matrix[:, :2].T + matrix[:, 2]
    return Crop(
        picture_SS3=crop,
        joints_NJ2=joints_NJ2,
        boxes_N4=_turned(picture.boxes_N4, matrix),
        seen_4=np.clip(np.r_[corners.min(axis=0), corners.max(axis=0)], 0, side),
        person=person,
    )


def _choose(picture: Picture, random: np.random.Generator, aim: Aim) -> tuple[int, np.ndarray, float]:
    """Return who comes to the middle (-1 for nobody), what lies there and the scale."""
    height, width = picture.frame_HWC.shape[:2]
    boxes_N4 = np.clip(picture.boxes_N4, 0, [width, height, width, height]) if aim.is_boxed else picture.boxes_N4
    middles_N2 = 0.5 * (boxes_N4[:, :2] + boxes_N4[:, 2:])
    is_inside_N = ((middles_N2 > 0) & (middles_N2 < [width, height])).all(axis=1)
    strikers, others = (np.flatnonzero(is_inside_N & (picture.is_striker_N == kind)) for kind in (True, False))
    roll = random.random()
    rows = strikers if roll < aim.striker and len(strikers) else others
    if not len(rows) or roll > 1 - aim.anywhere:
        return -1, random.uniform([0, 0], [width, height]), float(np.exp(random.uniform(np.log(0.4), np.log(1.6))))
    row = int(random.choice(rows))
    sides_2 = boxes_N4[row, 2:] - boxes_N4[row, :2]
    tall = float(sides_2.max() if aim.is_boxed else sides_2[1])
    low, high = aim.heights_px
    wanted = float(np.exp(random.uniform(np.log(low), np.log(high))))
    if aim.usual_px is not None and random.random() < aim.usually:
        wanted = aim.usual_px * float(np.exp(random.normal(0.0, aim.spread)))
    # A close-up must not be shrunk to nothing, nor a far figure blown up to a blur.
    return row, middles_N2[row], float(np.clip(wanted / max(tall, 4.0), 0.15, 4.0))


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
