"""Quantiles of what errs, on a body whose numbers are known."""

import numpy as np
import pytest
from scripts.stroke_teacher.compare import JOINTS, measured, quantiles, simulated, told_apart

from slowpaths.labelling.teacher import FEATURES_READ


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


def test_strokes_are_told_apart_by_what_differs_and_not_by_what_is_unknown():
    random = np.random.default_rng(0)
    made, real = random.normal(size=(300, 17)), random.normal(size=(60, 17))
    real[:, 3] = np.nan
    assert told_apart(real, made) == pytest.approx(0.5, abs=0.12)
    real[:, 5] += 3.0
    assert told_apart(real, made) > 0.95


def test_simulated_strokes_are_measured_from_either_side():
    made = measured(24, seed=1, is_archive=False)
    assert set(made) == {"E", "S"}
    assert all(rows.shape[1] == len(FEATURES_READ) for rows in made.values())
    assert np.isnan(made["S"]).all(axis=0).any(), "side-on, what lies along off cannot be seen"
    assert set(measured(4, seed=1, is_archive=True)) == {"E"}
