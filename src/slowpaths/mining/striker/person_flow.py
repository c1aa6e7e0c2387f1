"""How much moves around one person from one frame to the next, camera and other people left out.

Legend: H, W picture, C = right, down, E pixels; Y, X cells of a person's reach, V = speed, right, down, fast. Pixels
are those of the pictures that are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from slowpaths.video.flow import CameraStep, compensated_flow

_MIN_PATCH_PX = 12
_LEAST_PX = 64
_BODY_PX = 96
CELLS = (5, 4)
"""Rows and columns that a person's reach is divided into."""
NUM_CELL_VALUES = 4
_FAST = 0.9  # a bat is a small part of a cell: so many pixels are slower than what stands for it
_LEAST_IN_CELL = 3  # pixels that a cell needs


def _unseen() -> np.ndarray:
    return np.full((*CELLS, NUM_CELL_VALUES), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowAround:
    """Hold how the picture moves around a person; NaN where the box is too small to see movement in."""

    energy: float = float("nan")  # 95th percentile of the speed, body heights per second
    horizontal: float = float("nan")  # share of the energy that is horizontal, 0..1
    # mean speed, mean movement right and down, 90th percentile of the speed of each cell (5, 4, 4), body heights a
    # second; NaN in cells that lie outside the picture or in somebody else's box
    cells_YXV: np.ndarray = field(default_factory=_unseen)


def flow_around(
    grey_a: np.ndarray,
    grey_b: np.ndarray,
    *,
    step: CameraStep,
    step_s: float,
    box_4: np.ndarray,
    boxes: Sequence[np.ndarray],
) -> FlowAround:
    """Return how the picture moves around a person.

    `step` is the camera's from the first to the second frame, (H, W), uint8, and boxes are those of the second; what
    moves in another's and not in this person's is left out.
    """
    reach_4 = _reach(box_4)
    patch = _inside(reach_4, grey_b.shape)
    if patch is None or step_s <= 0:
        return FlowAround()
    flow_HWC, scale = _patch_flow(grey_a, grey_b, step=step, patch=patch)
    # The finest level of the search is half the size: every second pixel holds all there is.
    flow_HWC, is_rival = _own_flow(flow_HWC[::2, ::2], box_4, boxes, patch=patch, scale=scale / 2)
    moving_E2 = flow_HWC[~is_rival]
    if not len(moving_E2):
        return FlowAround()
    to_bodies = 1.0 / scale / (box_4[3] - box_4[1]) / step_s
    squares = np.einsum("ec,ec->c", moving_E2, moving_E2, dtype=np.float64)
    cells_YXV = _cells(flow_HWC, is_rival, reach_4=reach_4, patch=patch, scale=scale / 2)
    return FlowAround(
        energy=_quantile(np.hypot(moving_E2[:, 0], moving_E2[:, 1]), 0.95) * to_bodies,
        horizontal=float(squares[0] / max(float(squares.sum()), 1e-9)),
        cells_YXV=cells_YXV * to_bodies,
    )


def _reach(box_4: np.ndarray) -> np.ndarray:
    """Return the box (4,) that arms and bat can reach, whether the picture shows it or not.

    A bat is .97 m at most and hands reach about half a body height, so a swing leaves a narrow box on either side.
    """
    height, middle = box_4[3] - box_4[1], (box_4[0] + box_4[2]) / 2
    half = max(0.5 * (box_4[2] - box_4[0]), 0.6 * height)
    return np.array([middle - half, box_4[1] - 0.2 * height, middle + half, box_4[3]])


def _inside(reach_4: np.ndarray, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """Return top, bottom, left, right of what the picture shows of a reach; None where that is too little."""
    top, bottom = max(int(reach_4[1]), 0), min(int(reach_4[3]), shape[0])
    left, right = max(int(reach_4[0]), 0), min(int(reach_4[2]), shape[1])
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
) -> tuple[np.ndarray, np.ndarray]:
    """Return the flow (H, W, 2) of a patch without what the camera fit left over, and which pixels are a rival's.

    What lies in the person's own box is theirs whoever else is there. The patch (top, bottom, left, right) is unscaled.
    """
    is_own = _boxes_mask([box_4], patch, flow_HWC.shape, scale)
    is_rival = _boxes_mask(boxes, patch, flow_HWC.shape, scale) & ~is_own
    beside_E2 = flow_HWC[~(is_own | is_rival)]
    if len(beside_E2) >= (_MIN_PATCH_PX * scale) ** 2:
        flow_HWC = flow_HWC - [_quantile(beside_E2[:, axis], 0.5) for axis in (0, 1)]
    return flow_HWC, is_rival


def _cells(
    flow_HWC: np.ndarray,
    is_rival: np.ndarray,
    *,
    reach_4: np.ndarray,
    patch: tuple[int, int, int, int],
    scale: float,
) -> np.ndarray:
    """Return what the pixels of each cell of a reach do (5, 4, 4), in the units of the flow."""
    num_rows, num_columns = CELLS
    down = (np.arange(flow_HWC.shape[0]) + 0.5) / scale + patch[0] - reach_4[1]
    across = (np.arange(flow_HWC.shape[1]) + 0.5) / scale + patch[2] - reach_4[0]
    row_H = (down / (reach_4[3] - reach_4[1]) * num_rows).astype(int).clip(0, num_rows - 1)
    column_W = (across / (reach_4[2] - reach_4[0]) * num_columns).astype(int).clip(0, num_columns - 1)
    cell_E = (row_H[:, None] * num_columns + column_W)[~is_rival]
    moving_E2 = flow_HWC[~is_rival]
    size = num_rows * num_columns
    speed_E, count = np.hypot(moving_E2[:, 0], moving_E2[:, 1]), np.bincount(cell_E, minlength=size)
    values = (speed_E, moving_E2[:, 0], moving_E2[:, 1])
    sums = np.stack([np.bincount(cell_E, weights=one, minlength=size) for one in values], axis=1)
    slowest_first, before = np.lexsort((speed_E, cell_E)), np.cumsum(count) - count
    place = (before + _FAST * (count - 1)).astype(int).clip(0, len(speed_E) - 1)
    found = np.column_stack([sums / np.maximum(count, 1)[:, None], speed_E[slowest_first[place]]])
    return np.where(count[:, None] >= _LEAST_IN_CELL, found, np.nan).reshape(*CELLS, NUM_CELL_VALUES)


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
