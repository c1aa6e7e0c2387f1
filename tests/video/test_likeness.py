from __future__ import annotations

import cv2
import numpy as np
import pytest

from slowpaths.video.likeness import block_histograms, camera_explains, chi_square, held_blocks, hsv_difference
from tests.factories import moving_scene


def test_camera_explains_a_pan_and_not_a_cut() -> None:
    one = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in moving_scene(num_frames=2, seed=1, pan_px=25)]
    other = cv2.cvtColor(moving_scene(num_frames=1, seed=2)[0], cv2.COLOR_RGB2GRAY)
    assert camera_explains(one[0], one[0]) == 1.0
    assert camera_explains(*one) > 0.8
    assert camera_explains(one[0], other) < 0.4


def test_block_measures() -> None:
    lab = np.zeros((36, 64, 3), dtype=np.uint8)
    other = lab.copy()
    other[:9, :16] = 200  # one block of sixteen has nothing in common
    distance = chi_square(block_histograms(lab), block_histograms(other))
    np.testing.assert_allclose(distance, [1.0] + [0.0] * 15)
    red, nearly = (np.array([[[hue, 0, 0]]], np.uint8) for hue in (2, 178))
    assert hsv_difference(red, nearly) == pytest.approx(4 / 3)  # hue is a circle
    corners = np.array([[10, 10], [12, 10], [100, 10], [100, 100]])
    assert held_blocks(corners, np.array([True, False, True, False]), shape=(108, 192)) == pytest.approx(2 / 3)
    assert held_blocks(np.empty((0, 2)), np.empty(0, bool), shape=(108, 192)) == 0.0


def test_a_score_bug_alone_holds_no_picture() -> None:
    """Between a plain lawn and another view only the graphics have corners, and they stay."""
    rng = np.random.default_rng(3)
    lawn = np.full((108, 192), 90, np.uint8) + rng.integers(0, 3, (108, 192)).astype(np.uint8)
    other = cv2.cvtColor(moving_scene(num_frames=1, seed=8)[0], cv2.COLOR_RGB2GRAY)
    bug = (rng.random((10, 170)) > 0.5).astype(np.uint8) * 200
    for picture in (lawn, other):
        picture[94:104, 10:180] = bug
    assert camera_explains(lawn, other) < 0.5
    assert camera_explains(lawn, np.roll(lawn, 3, axis=1)) >= 0.5
