"""How alike two pictures are: colours, colours by block, and the same place seen by a camera that moved.

Legend: H, W, C = red, green, blue, P corners.
"""

from __future__ import annotations

import cv2
import numpy as np

from slowpaths.video.flow import coarse_shift, followed_corners

_BINS = 16
_EMPTY = 1e-9  # less than one pixel's share of a block
_BLEND_SHARE = 0.2  # of the other picture in a blend
_BLEND_RESIDUAL = 0.3  # of the distance between the two pictures: coding noise and motion
_STATIC_GREY = 3  # a pixel that changes less stays (the level that static graphics are told by)


def hsv_difference(hsv_a: np.ndarray, hsv_b: np.ndarray) -> float:
    """Return the mean absolute difference of hue, saturation and value (H, W, 3), uint8, in OpenCV units."""
    delta = cv2.absdiff(hsv_a, hsv_b)
    hue = delta[..., 0]
    np.minimum(hue, 180 - hue, out=hue)
    return sum(cv2.sumElems(delta)) / delta.size


def block_histograms(lab_HWC: np.ndarray) -> np.ndarray:
    """Return histograms (16, 3, 16) of the LAB channels in 4x4 blocks, each summing to 1."""
    height, width = (side // 4 * 4 for side in lab_HWC.shape[:2])
    cells = lab_HWC[:height, :width].reshape(4, height // 4, 4, width // 4, 3).transpose(0, 2, 4, 1, 3)
    bins = cells.reshape(16 * 3, -1) // (256 // _BINS) + _BINS * np.arange(48, dtype=np.uint16)[:, None]
    return np.bincount(bins.ravel(), minlength=48 * _BINS).reshape(16, 3, _BINS) / bins.shape[1]


def chi_square(histograms_a: np.ndarray, histograms_b: np.ndarray) -> np.ndarray:
    """Return the chi-square distance of each block (16,), 0 (same) to 1 (nothing in common), mean over channels."""
    total = histograms_a + histograms_b
    distance = (histograms_a - histograms_b) ** 2 / np.maximum(total, _EMPTY)
    return 0.5 * distance.sum(axis=2).mean(axis=1)


def camera_explains(grey_a: np.ndarray, grey_b: np.ndarray) -> float:
    """Return how well picture b (H, W), uint8, is picture a before it, seen by a camera that may have moved.

    Returns:
        0..1, the best of three: the share of 4x4 blocks whose corners are found again where one camera motion puts
        them (blocks and not corners, since a score bug has many corners that outlive a shot); and the share of the
        change that moving the picture takes away, by that motion or by a plain shift. Each is tried on the whole
        picture and without the graphics that stay.
    """
    best = 0.0
    mostly_changed = cv2.blur((cv2.absdiff(grey_a, grey_b) > _STATIC_GREY).astype(np.float32), (9, 9)) > 0.5
    for pixels in (None, changed_pixels(grey_a, grey_b)):
        step, corners_P2, follows_P = followed_corners(grey_a, grey_b, mask=pixels)
        shift = coarse_shift(grey_a, grey_b, mask=pixels)
        plain = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], dtype=np.float64)
        # Corners where little changed are a graphic's, and beside a plain lawn it may hold all there are.
        moves_P = mostly_changed[tuple(corners_P2[:, ::-1].astype(int).T)]
        least = int(mostly_changed.mean() * 8)
        held = held_blocks(corners_P2[moves_P], follows_P[moves_P], shape=grey_a.shape, at_least=least)
        best = max(best, held, *(_taken_away(grey_a, grey_b, matrix, pixels) for matrix in (step.matrix_23, plain)))
    return best


def is_blend(before: np.ndarray, between: np.ndarray, after: np.ndarray) -> bool:
    """Return whether a grey picture (H, W), uint8, is a mixture of the one before and the one after it."""
    line = after.astype(np.float32) - before
    share = float(((between - before.astype(np.float32)) * line).sum() / max(float((line * line).sum()), 1.0))
    residual = np.abs(between - before.astype(np.float32) - share * line).mean()
    return _BLEND_SHARE <= share <= 1 - _BLEND_SHARE and bool(residual < _BLEND_RESIDUAL * np.abs(line).mean())


def changed_pixels(grey_a: np.ndarray, grey_b: np.ndarray) -> np.ndarray:
    """Return where two pictures differ (H, W), bool: not on graphics that stay while the picture moves or changes."""
    difference = cv2.absdiff(grey_a, grey_b)
    size = max(3, round(grey_a.shape[1] / 40)) | 1
    return cv2.dilate(cv2.medianBlur(difference, 3), np.ones((size, size), np.uint8)) > _STATIC_GREY


def held_blocks(corners_P2: np.ndarray, follows_P: np.ndarray, *, shape: tuple[int, ...], at_least: int = 1) -> float:
    """Return the share of the 4x4 blocks with corners in which at least half of the corners follow; 0 without any.

    A corner (P, 2), pixels, follows where it was found again where the motion puts it. `at_least` blocks count even
    where they have no corner: few corners say little of a whole picture.
    """
    column_row = (corners_P2 * 4 / np.array([shape[1], shape[0]])).astype(int).clip(0, 3)
    block = column_row[:, 1] * 4 + column_row[:, 0]
    total, following = np.bincount(block, minlength=16), np.bincount(block, weights=follows_P, minlength=16)
    has_corners = total > 0
    held = has_corners & (following >= 0.5 * total)
    return float(held.sum() / max(has_corners.sum(), at_least, 1))


def _taken_away(grey_a: np.ndarray, grey_b: np.ndarray, matrix_23: np.ndarray, pixels: np.ndarray | None) -> float:
    height, width = grey_b.shape
    usable = np.ones_like(grey_a) if pixels is None else pixels.astype(np.uint8)
    reach = (cv2.warpAffine(usable, matrix_23, (width, height), flags=cv2.INTER_NEAREST) > 0) & (usable > 0)
    if reach.mean() < 0.25:
        return 0.0
    # Blurred, since motion blur and coding differ between the two even where the motion is right.
    soft_a, soft_b = _soft(grey_a), _soft(grey_b)
    moved = cv2.warpAffine(soft_a, matrix_23, (width, height), flags=cv2.INTER_LINEAR)
    unmoved = np.abs(soft_a - soft_b)[reach].mean()
    return 1.0 - float(np.abs(moved - soft_b)[reach].mean() / max(unmoved, 1e-6))


def _soft(grey: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(grey.astype(np.float32), (0, 0), max(1.0, grey.shape[1] / 100))


def smear_share(grey: np.ndarray) -> float:
    """Return the share of rows that repeat the row above although they have detail along the row.

    This is how decoders conceal a damaged part: the last good row is drawn down the picture.
    """
    values = grey.astype(np.int16)
    down = np.abs(np.diff(values, axis=0)).mean(axis=1)
    along = np.abs(np.diff(values, axis=1)).mean(axis=1)[1:]
    return float(((down < 0.15 * along) & (along > 1)).mean())
