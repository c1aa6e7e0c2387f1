"""What the network should say of a picture with known people.

Legend: N people, J = 17 joints, h, w cells of a map. A cell (row, column) of stride s stands for the pixel
(column * s, row * s), for that is where a stride-s convolution with centred padding looks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.skeleton import INDEX, NUM_JOINTS
from slowpaths.pose.compact.network import HEAT_STRIDE, PEOPLE_STRIDE

LEAST_PX = 18.0  # people less high are neither asked for nor counted as mistakes
_LEAST_SHARE = 0.35  # nor those of whom less than this, or not the head, is in the picture
_EARS = [INDEX["left_ear"], INDEX["right_ear"]]  # the head is midway
_POSITIVE = 0.5  # cells so far up the bump around a head answer for box and joints
_JOINT_SPREAD, _JOINT_SPREADS = 0.045, (0.9, 2.2)  # of a joint's bump: in heights of the person, limits in cells
_NOWHERE = -1e4
_OUTSIDE = 0.25  # weight of joints outside the picture: guessed from the rest of the body


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """Hold the maps a picture should give.

    Args:
        heads_hw: Bumps at heads (h, w) at stride 4, 0..1.
        owner_hw: Who answers here (h, w) at stride 8, -1 for nobody.
        box_N4: Middle x, y, width and height of each person, pixels.
        joints_NJ2: Joints, pixels.
        weights_NJ: 1 for joints in the picture, less outside, 0 where unknown.
        heat_Jhw: Bumps at joints (17, h, w) at stride 4.
        mask_hw: 0 where no bump is asked for, at stride 4.
    """

    heads_hw: np.ndarray
    owner_hw: np.ndarray
    box_N4: np.ndarray
    joints_NJ2: np.ndarray
    weights_NJ: np.ndarray
    heat_Jhw: np.ndarray
    mask_hw: np.ndarray


def make_targets(
    joints_NJ2: np.ndarray, boxes_N4: np.ndarray, *, size: tuple[int, int], seen_4: np.ndarray | None = None
) -> Targets:
    """Return the maps for people in a picture.

    Args:
        joints_NJ2: Joints (N, 17, 2), pixels; NaN where unknown.
        boxes_N4: Boxes x1, y1, x2, y2 (N, 4), pixels; may reach outside.
        size: Height and width of the picture, pixels.
        seen_4: Part of the picture x1, y1, x2, y2 that shows something; all where not given.
    """
    height, width = size
    seen_4 = np.array([0.0, 0.0, width, height]) if seen_4 is None else seen_4
    clipped_N4 = np.concatenate(
        [np.clip(boxes_N4[:, :2], seen_4[:2], seen_4[2:]), np.clip(boxes_N4[:, 2:], seen_4[:2], seen_4[2:])], axis=1
    )
    sides_N2 = clipped_N4[:, 2:] - clipped_N4[:, :2]
    whole_N = np.prod(boxes_N4[:, 2:] - boxes_N4[:, :2], axis=1)
    share_N = np.prod(sides_N2, axis=1) / np.maximum(whole_N, 1e-6)
    heights_N = boxes_N4[:, 3] - boxes_N4[:, 1]
    heads_N2 = joints_NJ2[:, _EARS].mean(axis=1)
    with np.errstate(invalid="ignore"):
        is_seen_N = ((heads_N2 >= seen_4[:2]) & (heads_N2 < seen_4[2:])).all(axis=1)
    is_asked_N = (heights_N >= LEAST_PX) & (share_N >= _LEAST_SHARE) & is_seen_N
    is_left_N = ~is_asked_N & (share_N > 0)
    fine, coarse = ((height // stride, width // stride) for stride in (HEAT_STRIDE, PEOPLE_STRIDE))
    mask_hw = _mask(clipped_N4[is_left_N], clipped_N4[is_asked_N], fine, HEAT_STRIDE)
    joints_NJ2, clipped_N4, sides_N2 = joints_NJ2[is_asked_N], clipped_N4[is_asked_N], sides_N2[is_asked_N]
    heights_N, heads_N2 = heights_N[is_asked_N], heads_N2[is_asked_N]
    with np.errstate(invalid="ignore"):
        is_in_NJ = ((joints_NJ2 >= seen_4[:2]) & (joints_NJ2 < seen_4[2:])).all(axis=2)
    weights_NJ = np.where(is_in_NJ, 1.0, _OUTSIDE) * np.isfinite(joints_NJ2).all(axis=2)
    middles_N2 = 0.5 * (clipped_N4[:, :2] + clipped_N4[:, 2:])
    spread_N = np.clip(0.05 * heights_N / HEAT_STRIDE, 0.8, 4.0)
    heads_hw = _bumps(heads_N2 / HEAT_STRIDE, spread_N, fine).max(axis=0, initial=0.0)
    # The cell next to a head answers however narrow the bump is.
    near_Nhw = _bumps(heads_N2 / PEOPLE_STRIDE, np.clip(0.06 * heights_N / PEOPLE_STRIDE, 0.8, 3.0), coarse)
    owner_hw = np.full(coarse, -1)
    if len(near_Nhw):
        owner_hw = np.where(near_Nhw.max(axis=0) >= _POSITIVE, near_Nhw.argmax(axis=0), -1)
    spread_N = np.clip(_JOINT_SPREAD * heights_N / HEAT_STRIDE, *_JOINT_SPREADS)
    places_NJ2 = np.where(is_in_NJ[..., None], joints_NJ2, _NOWHERE)
    bumps = _bumps(places_NJ2.reshape(-1, 2) / HEAT_STRIDE, np.repeat(spread_N, NUM_JOINTS), fine)
    heat_NJhw = bumps.reshape(-1, NUM_JOINTS, *fine)
    return Targets(
        heads_hw=heads_hw,
        owner_hw=owner_hw,
        box_N4=np.concatenate([middles_N2, sides_N2], axis=1),
        joints_NJ2=np.nan_to_num(joints_NJ2),
        weights_NJ=weights_NJ,
        heat_Jhw=heat_NJhw.max(axis=0, initial=0.0),
        mask_hw=mask_hw,
    )


def make_heat(joints_J2: np.ndarray, *, height_px: float, size: int, seen_4: np.ndarray) -> np.ndarray:
    """Return the heat maps (17, h, w) of one person.

    Args:
        joints_J2: Joints, pixels; NaN where unknown.
        height_px: Height of the person, pixels.
        size: Side of the picture, pixels.
        seen_4: Part of the picture x1, y1, x2, y2 that shows something.
    """
    with np.errstate(invalid="ignore"):
        is_in_J1 = ((joints_J2 >= seen_4[:2]) & (joints_J2 < seen_4[2:])).all(axis=1, keepdims=True)
    places_J2 = np.where(is_in_J1, joints_J2, _NOWHERE)
    spread = np.clip(_JOINT_SPREAD * height_px / HEAT_STRIDE, *_JOINT_SPREADS)
    cells = size // HEAT_STRIDE
    return _bumps(places_J2 / HEAT_STRIDE, np.full(NUM_JOINTS, spread), (cells, cells))


def _bumps(places_N2: np.ndarray, spread_N: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return Gaussian bumps of height 1 (N, h, w), float32; places and spreads in cells."""
    rows, columns = (np.arange(count, dtype=np.float32) for count in shape)
    narrow_N1 = (-0.5 / spread_N**2)[:, None]
    down_Nh = np.exp(narrow_N1 * (rows - places_N2[:, 1:]) ** 2).astype(np.float32)
    across_Nw = np.exp(narrow_N1 * (columns - places_N2[:, :1]) ** 2).astype(np.float32)
    return down_Nh[:, :, None] * across_Nw[:, None, :]


def _mask(left_N4: np.ndarray, asked_N4: np.ndarray, shape: tuple[int, int], stride: int) -> np.ndarray:
    """Return 0 where somebody is left out and nobody asked for, else 1 (h, w)."""
    mask = np.ones(shape, dtype=np.float32)
    for boxes, value in ((left_N4, 0.0), (asked_N4, 1.0)):
        for x1, y1, x2, y2 in boxes / stride:
            mask[int(y1) : int(np.ceil(y2)) + 1, int(x1) : int(np.ceil(x2)) + 1] = value
    return mask
