from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.skeleton import SWAP
from slowpaths.pose.crops import cut_square, mean_of_looks, square_around


def test_square_is_a_quarter_larger_than_the_longer_side() -> None:
    assert square_around(np.array([100.0, 100.0, 140.0, 260.0])) == (20, 80, 200)
    assert square_around(np.array([0.0, 0.0, 0.2, 0.1])) == (-1, -1, 2)


def test_crop_is_black_outside_the_frame() -> None:
    frame = np.full((100, 100, 3), 200, dtype=np.uint8)
    crop = cut_square(frame, x_px=-96, y_px=0, side_px=192, input_px=192)
    assert (crop[:, :96] == 0).all()
    assert (crop[:100, 96:] == 200).all()
    assert (crop[100:] == 0).all()
    assert (cut_square(frame, x_px=500, y_px=500, side_px=40, input_px=192) == 0).all()
    assert cut_square(frame, x_px=0, y_px=0, side_px=40, input_px=256).shape == (256, 256, 3)


def test_two_looks_that_agree_give_the_same_joints() -> None:
    plain_JC = np.random.default_rng(0).uniform(0.1, 0.9, (17, 3))
    mirrored_JC = plain_JC[SWAP].copy()
    mirrored_JC[:, 0] = 1.0 - mirrored_JC[:, 0]
    assert mean_of_looks(plain_JC, mirrored_JC, swap_J=SWAP, side=1.0) == pytest.approx(plain_JC)


def test_the_surer_look_counts_for_more_and_doubt_stays() -> None:
    plain_JC, mirrored_JC = np.zeros((2, 3)), np.zeros((2, 3))
    plain_JC[0] = 10.0, 4.0, 0.9
    mirrored_JC[1] = 80.0, 8.0, 0.3  # the mirror image calls joint 0 joint 1, and sees it at 100 - 80 = 20
    mean_JC = mean_of_looks(plain_JC, mirrored_JC, swap_J=np.array([1, 0]), side=100.0)
    assert mean_JC[0] == pytest.approx([12.5, 5.0, 0.6])
    assert mean_JC[1, 2] == 0.0
    assert np.isfinite(mean_JC).all()
