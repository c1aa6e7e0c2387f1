from __future__ import annotations

import numpy as np
import pytest

from slowpaths.pose.boxes import box_iou, suppress


def test_iou_by_hand() -> None:
    a = np.array([[0, 0, 10, 10]], dtype=float)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [3, 3, 3, 3]], dtype=float)
    assert box_iou(a, b)[0] == pytest.approx([1.0, 1 / 3, 0.0, 0.0])
    assert box_iou(np.zeros((0, 4)), b).shape == (0, 4)


def test_suppression_is_greedy_by_score() -> None:
    # The second box overlaps the first, the third overlaps the second only: the second goes, the third stays.
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], dtype=float)
    assert suppress(boxes, np.array([0.9, 0.8, 0.7]), iou_max=0.4).tolist() == [0, 2]
    assert suppress(boxes, np.array([0.7, 0.9, 0.8]), iou_max=0.4).tolist() == [1]
    assert suppress(np.zeros((0, 4)), np.zeros(0), iou_max=0.4).tolist() == []
