"""Quantiles of what errs, on a body whose numbers are known."""

import numpy as np
import pytest
from scripts.stroke_teacher.compare import JOINTS, quantiles, simulated


def test_quantiles_are_of_what_they_are_called():
    frames = np.zeros((4, 30), np.float32)
    frames[:, 2 * JOINTS.index("left_wrist")] = [0.0, 1.0, 2.0, 3.0]  # a step of one each frame, and no jerk
    frames[:, 2 * JOINTS.index("left_hip")] = 0.3
    found = quantiles([frames])
    assert found["step of left_wrist"] == pytest.approx(1.0)
    assert found["jerk of left_wrist"] == pytest.approx(0.0)
    assert found["hip left of right"] == pytest.approx(0.3)
    assert found["wrists apart"][2] == pytest.approx(1.5)
    assert found["frames"] == pytest.approx(4.0)


def test_simulated_strokes_are_sequences():
    made = simulated(5, seed=0)
    assert made and all(one.shape[1] == 30 and np.isfinite(one).all() for one in made)
