"""Overlap of boxes, and keeping the best of overlapping ones.

Legend: N, M boxes x1, y1, x2, y2.
"""

from __future__ import annotations

import numpy as np


def suppress(boxes_N4: np.ndarray, scores_N: np.ndarray, *, iou_max: float) -> np.ndarray:
    """Return the indices of boxes that no better box overlaps by more than `iou_max`, best first.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10]])
        >>> suppress(boxes, np.array([0.5, 0.9, 0.4]), iou_max=0.45).tolist()
        [1, 2]
    """
    order = np.argsort(-scores_N, kind="stable")
    kept: list[int] = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(int(best))
        order = rest[box_iou(boxes_N4[best][None], boxes_N4[rest])[0] <= iou_max]
    return np.array(kept, dtype=np.int64)


def box_iou(a_N4: np.ndarray, b_M4: np.ndarray) -> np.ndarray:
    """Return intersection over union of every pair of boxes (N, M); 0 for boxes without an area."""
    common = common_areas(a_N4, b_M4)
    union = _areas(a_N4)[:, None] + _areas(b_M4)[None] - common
    return np.divide(common, union, out=np.zeros(union.shape, dtype=np.float64), where=union > 0)


def common_areas(a_N4: np.ndarray, b_M4: np.ndarray) -> np.ndarray:
    """Return the area that each pair of boxes has in common (N, M)."""
    low = np.maximum(a_N4[:, None, :2], b_M4[None, :, :2])
    high = np.minimum(a_N4[:, None, 2:], b_M4[None, :, 2:])
    return np.prod(np.clip(high - low, 0, None), axis=2)


def _areas(boxes_N4: np.ndarray) -> np.ndarray:
    return np.prod(np.clip(boxes_N4[:, 2:] - boxes_N4[:, :2], 0, None), axis=1)
