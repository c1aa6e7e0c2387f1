"""Square crops around one person, as networks for a single person want them, and the way back to the frame.

Legend: H, W pixels of the frame, S side of the network's input.
"""

from __future__ import annotations

import cv2
import numpy as np

CROP_FACTOR = 1.25  # crop side over box side, the padding top-down models train with (Xiao et al. 2018)


def square_around(box_4: np.ndarray) -> tuple[int, int, int]:
    """Return left, top and side of the square around a box, whole pixels: its longer side times `CROP_FACTOR`.

    Example:
        >>> square_around(np.array([10.0, 20.0, 30.0, 100.0]))
        (-30, 10, 100)
    """
    side_px = max(2, round(CROP_FACTOR * float(max(box_4[2] - box_4[0], box_4[3] - box_4[1]))))
    x_px = round(float(box_4[0] + box_4[2] - side_px) / 2)
    y_px = round(float(box_4[1] + box_4[3] - side_px) / 2)
    return x_px, y_px, side_px


def cut_square(frame_HWC: np.ndarray, *, x_px: int, y_px: int, side_px: int, input_px: int) -> np.ndarray:
    """Cut a square with a left and a top edge out of an RGB frame (H, W, 3), uint8; black outside the frame.

    Returns:
        Crop at the size of the network's input (S, S, 3), uint8.
    """
    height, width = frame_HWC.shape[:2]
    left, top = min(max(x_px, 0), width), min(max(y_px, 0), height)
    right, bottom = min(max(x_px + side_px, 0), width), min(max(y_px + side_px, 0), height)
    square = np.zeros((side_px, side_px, 3), dtype=np.uint8)
    square[top - y_px : bottom - y_px, left - x_px : right - x_px] = frame_HWC[top:bottom, left:right]
    interpolation = cv2.INTER_AREA if side_px > input_px else cv2.INTER_LINEAR
    return cv2.resize(square, (input_px, input_px), interpolation=interpolation)


def mean_of_looks(plain_JC: np.ndarray, mirrored_JC: np.ndarray, *, swap_J: np.ndarray, side: float) -> np.ndarray:
    """Return the joints of a crop from those in it and those in its mirror image, weighted by their confidence.

    Args:
        plain_JC: Joints (J, C) found in the crop: x, y, then anything, confidence last.
        mirrored_JC: Joints found in the mirror image, as the network names them.
        swap_J: Position of the mirrored joint (J,).
        side: Side of the crop, in the unit of x.

    Example:
        >>> plain, seen = np.array([[2.0, 5.0, 0.6]]), np.array([[6.0, 7.0, 0.2]])
        >>> mean_of_looks(plain, seen, swap_J=np.array([0]), side=10.0).round(3).tolist()
        [[2.5, 5.5, 0.4]]
    """
    turned_JC = mirrored_JC[swap_J].copy()
    turned_JC[:, 0] = side - turned_JC[:, 0]
    looks = np.stack([plain_JC, turned_JC])
    weights = np.maximum(looks[..., -1:], 1e-6)
    mean_JC = (looks * weights).sum(axis=0) / weights.sum(axis=0)
    mean_JC[:, -1] = looks[..., -1].mean(axis=0)
    return mean_JC
