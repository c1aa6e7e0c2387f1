"""Camera and flow against pictures moved by a known amount."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from slowpaths.video.flow import camera_step, coarse_shift, compensated_flow, static_overlay_mask

H, W, MARGIN = 180, 320, 120


@pytest.fixture(scope="module")
def world() -> np.ndarray:
    rng = np.random.default_rng(0)
    soft = cv2.GaussianBlur(rng.normal(size=(H + 2 * MARGIN, W + 2 * MARGIN)), (0, 0), 2.0)
    return (128 + 50 * soft / soft.std()).clip(0, 255).astype(np.uint8)


def _view(world: np.ndarray, *, dx: float = 0, dy: float = 0, log_zoom: float = 0, roll: float = 0) -> np.ndarray:
    """Return the picture after the background moved by (dx, dy), grew and turned about the picture's centre."""
    scale = np.exp(log_zoom)
    turn = scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    centre = np.array([(W - 1) / 2, (H - 1) / 2])
    shift = centre + np.array([dx, dy]) - turn @ (centre + MARGIN)
    return cv2.warpAffine(world, np.column_stack([turn, shift]), (W, H), flags=cv2.INTER_CUBIC)


@pytest.mark.parametrize(
    ("dx", "dy", "log_zoom", "roll"),
    [
        (0, 0, 0, 0),
        (5.5, -3, 0, 0),
        (40, 10, 0, 0),
        (-90, 20, 0, 0),
        (0, 0, 0.05, 0),
        (0, 0, -0.03, 0),
        (3, 2, 0.02, 0.02),
    ],
)
def test_camera_step_finds_what_was_done(world: np.ndarray, dx: float, dy: float, log_zoom: float, roll: float) -> None:
    grey_a, grey_b = _view(world), _view(world, dx=dx, dy=dy, log_zoom=log_zoom, roll=roll)
    step = camera_step(grey_a, grey_b)
    assert (step.dx_px, step.dy_px) == pytest.approx((dx, dy), abs=0.15)
    assert step.log_zoom == pytest.approx(log_zoom, abs=1e-3)
    assert np.arctan2(*step.matrix_23[::-1, 0]) == pytest.approx(roll, abs=1e-3)
    assert step.inliers > 0.5
    flow = compensated_flow(grey_a, grey_b, step=step)
    assert np.percentile(np.hypot(*flow.transpose(2, 0, 1)), 95) < 0.5


def test_large_pictures_are_followed_as_exactly(world: np.ndarray) -> None:
    large = [cv2.resize(_view(world, dx=dx, log_zoom=zoom), (2 * W, 2 * H)) for dx, zoom in ((0, 0), (5.5, 0.02))]
    is_still = np.ones((2 * H, 2 * W), dtype=bool)
    is_still[:, :W] = False  # what is masked is not followed
    for mask in (None, is_still):
        step = camera_step(large[0], large[1], mask=mask)
        assert (step.dx_px, step.dy_px) == pytest.approx((11, 0), abs=0.3)
        assert step.log_zoom == pytest.approx(0.02, abs=1e-3)


def test_unrelated_pictures_have_no_camera_motion(world: np.ndarray) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (H, W), dtype=np.uint8)
    assert camera_step(_view(world), noise).inliers < 0.1
    flat = camera_step(np.full((H, W), 90, np.uint8), _view(world))
    assert (flat.inliers, flat.dx_px, flat.dy_px, flat.log_zoom) == (0, 0, 0, 0)
    np.testing.assert_array_equal(flat.matrix_23, np.eye(2, 3))


def test_the_same_pictures_give_the_same_step(world: np.ndarray) -> None:
    grey_a, grey_b = _view(world), _view(world, dx=7, log_zoom=0.01)
    first, second = camera_step(grey_a, grey_b), camera_step(grey_a, grey_b)
    np.testing.assert_array_equal(first.matrix_23, second.matrix_23)


def test_people_are_masked_out_of_the_camera(world: np.ndarray) -> None:
    grey_a, grey_b = _view(world), _view(world, dx=4)
    person = np.random.default_rng(2).integers(0, 256, (H, 220), dtype=np.uint8)
    grey_a, grey_b = grey_a.copy(), grey_b.copy()
    grey_a[:, :220] = person
    grey_b[:, :220] = np.roll(person, -6, axis=1)  # most of the picture moves the other way
    mask = np.zeros((H, W), dtype=bool)
    mask[:, 220:] = True
    assert camera_step(grey_a, grey_b).dx_px == pytest.approx(-6, abs=0.5)
    assert camera_step(grey_a, grey_b, mask=mask).dx_px == pytest.approx(4, abs=0.5)


def test_flow_keeps_what_the_camera_did_not_do(world: np.ndarray) -> None:
    grey_a, grey_b = _view(world).copy(), _view(world, dx=6).copy()
    ball = cv2.GaussianBlur(np.random.default_rng(3).normal(size=(40, 40)), (0, 0), 2)
    ball = (128 + 60 * ball / ball.std()).clip(0, 255).astype(np.uint8)
    grey_a[70:110, 100:140] = ball
    grey_b[74:114, 108:148] = ball  # moves 8 right, 4 down, the background 6 right: 2 right and 4 down are left
    step = camera_step(grey_a, grey_b)
    inside = compensated_flow(grey_a, grey_b, step=step)[84:104, 118:138].reshape(-1, 2)
    np.testing.assert_allclose(np.median(inside, axis=0), [2, 4], atol=0.4)


@pytest.mark.parametrize("shift", [(0, 0), (30, -12), (-60, 20)])
def test_coarse_shift(world: np.ndarray, shift: tuple[int, int]) -> None:
    grey_b = _view(world, dx=shift[0], dy=shift[1])
    np.testing.assert_allclose(coarse_shift(_view(world), grey_b), shift, atol=3)


def test_overlay_is_what_stays_while_the_picture_moves(world: np.ndarray) -> None:
    frames_THW = np.stack([_view(world, dx=9 * number, dy=4 * number) for number in range(10)]).copy()
    frames_THW[:, 150:172, 20:120] = 30
    frames_THW[:, 155:167, 30:110:8] = 240  # letters of a score bug
    mask = static_overlay_mask(frames_THW)
    assert mask[155:167, 30:110].mean() > 0.9
    assert mask[:140].mean() < 0.02
    assert not static_overlay_mask(frames_THW[:1].repeat(5, axis=0)).any()  # nothing moves: nothing can be told
