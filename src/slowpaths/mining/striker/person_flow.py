"""How much moves around one person from one frame to the next, camera and other people left out.

Legend: H, W picture, C = right, down, E pixels. Pixels are those of the pictures that are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from slowpaths.video.flow import CameraStep, compensated_flow

_MIN_PATCH_PX = 12
_LEAST_PX = 64
_BODY_PX = 96


def flow_around(
    grey_a: np.ndarray,
    grey_b: np.ndarray,
    *,
    step: CameraStep,
    step_s: float,
    box_4: np.ndarray,
    boxes: Sequence[np.ndarray],
) -> tuple[float, float]:
    """Return the energy of the flow around a person and the share of it that is horizontal.

    Energy is the 95th percentile of the speed, body heights per second; the share lies in 0..1. Both are NaN where the
    box is too small to see movement in. `step` is the camera's from the first to the second frame, (H, W), uint8, and
    boxes are those of the second; what moves in another's and not in this person's is left out.
    """
    patch = _reach(box_4, grey_b.shape)
    if patch is None or step_s <= 0:
        return float("nan"), float("nan")
    flow_HWC, scale = _patch_flow(grey_a, grey_b, step=step, patch=patch)
    moving_E2 = _own_flow(flow_HWC, box_4, boxes, patch=patch, scale=scale)
    if not len(moving_E2):
        return float("nan"), float("nan")
    speed = _quantile(np.hypot(moving_E2[:, 0], moving_E2[:, 1]), 0.95)
    squares = np.einsum("ec,ec->c", moving_E2, moving_E2, dtype=np.float64)
    energy = speed / scale / (box_4[3] - box_4[1]) / step_s
    return float(energy), float(squares[0] / max(float(squares.sum()), 1e-9))


def _reach(box_4: np.ndarray, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """Return top, bottom, left, right of the part of the picture that arms and bat can reach.

    A bat is .97 m at most and hands reach about half a body height, so a swing leaves a narrow box on either side.
    """
    height, middle = box_4[3] - box_4[1], (box_4[0] + box_4[2]) / 2
    half = max(0.5 * (box_4[2] - box_4[0]), 0.6 * height)
    top, bottom = max(int(box_4[1] - 0.2 * height), 0), min(int(box_4[3]), shape[0])
    left, right = max(int(middle - half), 0), min(int(middle + half), shape[1])
    if bottom - top < _MIN_PATCH_PX or right - left < _MIN_PATCH_PX:
        return None
    return top, bottom, left, right


def _patch_flow(
    grey_a: np.ndarray, grey_b: np.ndarray, *, step: CameraStep, patch: tuple[int, int, int, int]
) -> tuple[np.ndarray, float]:
    """Return the flow (H, W, 2) inside a patch, looked at with as much margin as the camera moved, and its scale."""
    top, bottom, left, right = patch
    height, width = grey_b.shape
    margin = 8 + int(np.hypot(step.dx_px, step.dy_px))
    low, high = max(top - margin, 0), min(bottom + margin, height)
    near, far = max(left - margin, 0), min(right + margin, width)
    # A body of 96 pixels shows its movement as well as one of 300, at a tenth of the cost.
    scale = min(1.0, _BODY_PX / (bottom - top))
    size = (max(1, round((far - near) * scale)), max(1, round((high - low) * scale)))
    greys = [grey[low:high, near:far] for grey in (grey_a, grey_b)]
    if scale < 1:
        greys = [cv2.resize(grey, size, interpolation=cv2.INTER_AREA) for grey in greys]
    # Dense inverse search needs a picture of some size: small patches get a repeated border.
    below, right_of = max(_LEAST_PX - size[1], 0), max(_LEAST_PX - size[0], 0)
    grey_a, grey_b = (cv2.copyMakeBorder(grey, 0, below, 0, right_of, cv2.BORDER_REPLICATE) for grey in greys)
    flow_HWC = compensated_flow(grey_a, grey_b, step=_shifted(step, near, low, scale))[: size[1], : size[0]]
    return flow_HWC[_scaled(top - low, bottom - low, scale), _scaled(left - near, right - near, scale)], scale


def _own_flow(
    flow_HWC: np.ndarray,
    box_4: np.ndarray,
    boxes: Sequence[np.ndarray],
    *,
    patch: tuple[int, int, int, int],
    scale: float,
) -> np.ndarray:
    """Return the flow (E, 2) of the pixels of a patch that are no rival's, without what the camera fit left over.

    What lies in the person's own box is theirs whoever else is there. The patch (top, bottom, left, right) is unscaled.
    """
    # The finest level of the search is half the size: every second pixel holds all there is.
    flow_HWC, scale = flow_HWC[::2, ::2], scale / 2
    is_own = _boxes_mask([box_4], patch, flow_HWC.shape, scale)
    is_rival = _boxes_mask(boxes, patch, flow_HWC.shape, scale) & ~is_own
    beside_E2 = flow_HWC[~(is_own | is_rival)]
    moving_E2 = flow_HWC[~is_rival]
    if len(beside_E2) >= (_MIN_PATCH_PX * scale) ** 2:
        moving_E2 = moving_E2 - [_quantile(beside_E2[:, axis], 0.5) for axis in (0, 1)]
    return moving_E2


def _quantile(values_E: np.ndarray, share: float) -> float:
    """Return a quantile, as `np.quantile` does at a third of its cost (it asks for much that is known here)."""
    place = share * (len(values_E) - 1)
    below, above = int(place), min(int(place) + 1, len(values_E) - 1)
    low, high = np.partition(values_E, (below, above))[[below, above]]
    return float(low + (high - low) * (place - below))


def _boxes_mask(
    boxes: Sequence[np.ndarray], patch: tuple[int, int, int, int], shape: tuple[int, ...], scale: float
) -> np.ndarray:
    """Return which pixels of a patch lie in any of the boxes, at the scale of the patch."""
    top, _, left, _ = patch
    mask = np.zeros(shape[:2], dtype=bool)
    for x1, y1, x2, y2 in boxes:
        mask[_scaled(int(y1) - top, int(y2) - top, scale), _scaled(int(x1) - left, int(x2) - left, scale)] = True
    return mask


def _scaled(first: int, end: int, scale: float) -> slice:
    return slice(max(round(first * scale), 0), max(round(end * scale), 0))


def _shifted(step: CameraStep, left: int, top: int, scale: float) -> CameraStep:
    """Return the camera step in the pixels of a patch that is shown at a scale."""
    matrix = np.array(step.matrix_23, dtype=np.float64)
    corner = np.array([left, top], dtype=np.float64)
    matrix[:, 2] = scale * (matrix[:, 2] + matrix[:, :2] @ corner - corner)
    return replace(step, matrix_23=matrix)
