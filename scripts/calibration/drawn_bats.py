"""Bats drawn into pictures around hands, blurred as in a swing, and pictures made worse as footage is.

Legend: S = 160 pixels, the side of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from slowpaths.mining.striker.bat_network import REACH
from slowpaths.video.picture_features import MAP_SIDE_PX

TORSO_PX = MAP_SIDE_PX / 2 / REACH
MIDDLE = np.full(2, MAP_SIDE_PX / 2)
# In torso units of half a metre: toe below the hands, where the blade begins, handle above, width of blade and handle.
TOE, SHOULDER, TOP, BLADE, HANDLE = 1.25, 0.25, 0.15, 0.21, 0.07
MOST_BLUR = 24  # pictures that are laid over each other where a bat turns fast


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bat:
    """Hold what one drawn bat looks like; lengths in pixels."""

    toe: float
    shoulder: float
    blade: float
    handle: float
    wood: np.ndarray  # RGB
    middle: np.ndarray  # RGB along its middle
    rubber: np.ndarray  # RGB of the handle
    sticker: np.ndarray | None  # RGB of a part of the blade
    sticker_from_to: np.ndarray  # share of the blade


def draw_bat(
    picture_SS3: np.ndarray, random: np.random.Generator, *, elbow_2: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Return a picture with a bat in its middle, and where it points, radians clockwise from upwards.

    Three bats in five go on about where the forearm points, given the elbow as seen from the middle, pixels.
    """
    hands_2 = MIDDLE + random.normal(0, 5 if random.random() < 0.6 else 13, 2)
    angle = random.uniform(-np.pi, np.pi)
    if elbow_2 is not None and np.isfinite(elbow_2).all() and np.hypot(*elbow_2) > 3 and random.random() < 0.6:
        angle = float(np.arctan2(-elbow_2[0], elbow_2[1])) + random.normal(0, 0.9)
    bat = _any_bat(random)
    blur = abs(random.normal(0, 0.25)) if random.random() < 0.6 else 0.0
    shift_2 = random.normal(0, 3, 2) * (blur > 0)
    num = 1 if blur < 0.03 else int(np.clip(blur * bat.toe / 1.2, 3, MOST_BLUR))
    shares = np.linspace(-0.5, 0.5, num) if num > 1 else np.zeros(1)
    layers = [_layer(bat, angle + share * blur, hands_2 + shift_2 * share) for share in shares]
    drawn_SS4 = np.mean(layers, axis=0)
    opaque_SS1 = drawn_SS4[..., 3:].clip(0, 1)
    colour_SS3 = drawn_SS4[..., :3] / np.maximum(drawn_SS4[..., 3:], 1e-6)
    if random.random() < 0.8:  # the hands are in front of the handle
        rows, columns = np.mgrid[:MAP_SIDE_PX, :MAP_SIDE_PX]
        away = np.hypot(columns - hands_2[0], rows - hands_2[1]) - random.uniform(2, 6)
        opaque_SS1 = opaque_SS1 * (away / 2).clip(0, 1)[..., None]
    mixed = picture_SS3 * (1 - opaque_SS1) + colour_SS3 * opaque_SS1
    return mixed.clip(0, 255).astype(np.uint8), angle


def _any_bat(random: np.random.Generator) -> _Bat:
    shown = np.sqrt(1 - random.uniform(0, 0.95) ** 2)  # a bat that points to the camera looks short
    torso = TORSO_PX * random.uniform(0.8, 1.25)
    wood = random.uniform(120, 245) * np.array([1.0, random.uniform(0.82, 0.97), random.uniform(0.55, 0.9)])
    if random.random() < 0.15:
        wood = random.uniform(20, 255, 3)
    return _Bat(
        toe=TOE * torso * shown,
        shoulder=SHOULDER * torso * shown,
        blade=BLADE * torso * random.uniform(0.35, 1.0),  # its edge is thin
        handle=max(1.5, HANDLE * torso),
        wood=wood,
        middle=(wood * (1 + random.uniform(-0.25, 0.25))).clip(0, 255),
        rubber=random.uniform(0, 255, 3),
        sticker=random.uniform(0, 255, 3) if random.random() < 0.6 else None,
        sticker_from_to=np.sort(random.uniform(0.2, 1, 2)),
    )


def _layer(bat: _Bat, angle: float, hands_2: np.ndarray) -> np.ndarray:
    """Return a bat alone (S, S, 4): RGB and how opaque it is."""
    layer = np.zeros((MAP_SIDE_PX, MAP_SIDE_PX, 4), np.float32)
    along_2 = np.array([np.sin(angle), -np.cos(angle)])
    across_2 = np.array([-along_2[1], along_2[0]])
    blade = bat.toe - bat.shoulder

    def band(start: float, end: float, widths: tuple[float, float], colour: np.ndarray) -> None:
        near, far = hands_2 + along_2 * start, hands_2 + along_2 * end
        sides = [across_2 * width / 2 for width in widths]
        corners = np.array([near + sides[0], far + sides[1], far - sides[1], near - sides[0]])
        filled = (*colour.tolist(), 1.0)
        cv2.fillConvexPoly(layer, np.round(corners * 16).astype(np.int32), filled, lineType=cv2.LINE_AA, shift=4)

    band(-TOP / TOE * bat.toe, bat.shoulder, (bat.handle, bat.handle), bat.rubber)
    band(0.9 * bat.shoulder, bat.toe, (0.9 * bat.blade, bat.blade), bat.wood)
    band(bat.shoulder, bat.toe, (0.45 * bat.blade, 0.45 * bat.blade), bat.middle)
    if bat.sticker is not None:
        start, end = bat.shoulder + blade * bat.sticker_from_to
        band(start, end, (0.6 * bat.blade, 0.6 * bat.blade), bat.sticker)
    return layer


def vary(picture_SS3: np.ndarray, angle: float | None, random: np.random.Generator) -> tuple[np.ndarray, float | None]:
    """Return a picture mirrored, turned, moved and made worse, and where its bat points then; None stays None."""
    if random.random() < 0.5:
        picture_SS3, angle = np.ascontiguousarray(picture_SS3[:, ::-1]), None if angle is None else -angle
    turned = random.normal(0, 0.12)
    matrix = cv2.getRotationMatrix2D(MIDDLE.tolist(), -np.degrees(turned), np.exp(random.normal(0, 0.12)))
    matrix[:, 2] += random.normal(0, 6, 2)
    size = (MAP_SIDE_PX, MAP_SIDE_PX)
    moved = cv2.warpAffine(picture_SS3, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return _worse(moved, random), None if angle is None else angle + turned


def _worse(picture_SS3: np.ndarray, random: np.random.Generator) -> np.ndarray:
    size = (MAP_SIDE_PX, MAP_SIDE_PX)
    if random.random() < 0.7:
        side = int(random.uniform(28, 150))
        small = cv2.resize(picture_SS3, (side, side), interpolation=cv2.INTER_AREA)
        picture_SS3 = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    noise = random.normal(0, random.uniform(0, 6), picture_SS3.shape)
    light = picture_SS3 * np.exp(random.normal(0, 0.2)) + random.normal(0, 15) + random.normal(0, 6, 3)
    picture_SS3 = (light + noise).clip(0, 255).astype(np.uint8)
    if random.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.uniform(20, 80))]
        picture_SS3 = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture_SS3, quality)[1], cv2.IMREAD_COLOR))
    return picture_SS3
