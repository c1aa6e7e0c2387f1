from __future__ import annotations

import math

import numpy as np
import pytest

from slowpaths.core.body import middle
from slowpaths.core.skeleton import INDEX
from slowpaths.pose.kinematics import (
    body_scale,
    hands,
    joint_angle,
    path_length,
    principal_axis,
    speed,
    stabilise,
    velocity,
)


def standing(*, num_frames: int = 1, **joints: tuple[float, float, float]) -> np.ndarray:
    """Someone 100 px from hip to shoulder and 200 px from hip to ankle; named joints are put elsewhere."""
    pose = np.full((num_frames, 17, 3), np.nan)
    pose[..., 2] = 0.0
    places = {
        "left_shoulder": (30.0, 0.0, 1.0),
        "right_shoulder": (-30.0, 0.0, 1.0),
        "left_hip": (20.0, 100.0, 1.0),
        "right_hip": (-20.0, 100.0, 1.0),
        "left_ankle": (20.0, 300.0, 1.0),
        "right_ankle": (-20.0, 300.0, 1.0),
    } | joints
    for name, place in places.items():
        pose[:, INDEX[name]] = place
    return pose


@pytest.mark.parametrize(
    ("a", "b", "c", "expected"),
    [
        ((0, 1), (0, 0), (1, 0), 90.0),
        ((0, 1), (0, 0), (0, -3), 180.0),
        ((2, 2), (1, 1), (3, 3), 0.0),
        ((1, 0), (0, 0), (1, 1), 45.0),
        ((-1, 0), (0, 0), (1, 1), 135.0),
        ((0, 0), (0, 0), (1, 1), math.nan),
        ((math.nan, 0), (0, 0), (1, 1), math.nan),
    ],
)
def test_joint_angle(a: tuple, b: tuple, c: tuple, expected: float) -> None:
    assert joint_angle(np.array(a), np.array(b), np.array(c)) == pytest.approx(expected, nan_ok=True)


def test_scale_is_the_torso_or_the_leg_whichever_says_more() -> None:
    assert body_scale(standing()) == pytest.approx(110.0)  # .55 x 200 beats 100
    assert body_scale(standing(left_ankle=(20, 200, 1), right_ankle=(-20, 200, 1))) == pytest.approx(100.0)
    assert body_scale(standing(left_ankle=(math.nan, math.nan, 0))) == pytest.approx(100.0)
    bent = standing(left_shoulder=(60, 90, 1), right_shoulder=(0, 90, 1))
    assert body_scale(bent) == pytest.approx(110.0)
    assert math.isnan(body_scale(standing(left_hip=(math.nan, math.nan, 0))))


def test_middle_needs_both_sides() -> None:
    assert middle(standing(), "shoulder").tolist() == [[0.0, 0.0]]
    assert np.isnan(middle(standing(left_hip=(math.nan, math.nan, 0)), "hip")).all()


def test_hands_weigh_wrists_by_confidence() -> None:
    pose = standing(left_wrist=(0, 100, 0.75), right_wrist=(40, 140, 0.25))
    assert hands(pose)[0] == pytest.approx([10.0, 110.0, 0.625])


def test_one_wrist_stands_for_both() -> None:
    pose = standing(left_wrist=(math.nan, math.nan, 0.0), right_wrist=(40, 140, 0.25))
    assert hands(pose)[0] == pytest.approx([40.0, 140.0, 0.25])


@pytest.mark.parametrize(("gap_px", "is_good"), [(65.0, True), (67.0, False)])
def test_hands_apart_are_not_on_the_bat(gap_px: float, is_good: bool) -> None:
    pose = standing(left_wrist=(0, 100, 0.5), right_wrist=(gap_px, 100, 0.5))  # .6 x 110 = 66
    found = hands(pose)[0]
    assert np.isfinite(found[:2]).all() == is_good
    assert found[2] == (0.5 if is_good else 0.0)


def test_no_wrist_no_hands() -> None:
    assert np.isnan(hands(standing())[0, :2]).all()
    assert hands(standing())[0, 2] == 0.0


def test_speed_of_even_motion_on_uneven_times() -> None:
    pts_s = np.array([0.0, 0.04, 0.05, 0.12, 0.16])
    xy_T2 = np.column_stack([30 * pts_s, 40 * pts_s])
    assert speed(xy_T2, pts_s) == pytest.approx(np.full(5, 50.0))


def test_zero_time_step_gives_no_infinite_speed() -> None:
    pts_s = np.array([0.0, 0.04, 0.04, 0.08])
    xy_T2 = np.array([[0, 0], [1, 0], [3, 0], [4, 0]], dtype=float)
    assert speed(xy_T2, pts_s) == pytest.approx([50.0, 50.0, 50.0, 50.0])


def test_speed_says_nothing_across_long_gaps() -> None:
    pts_s = np.array([0.0, 0.04, 0.5, 0.54, 1.0])
    xy_T2 = np.array([[0, 0], [4, 0], [100, 0], [100, 2], [0, 0]], dtype=float)
    assert speed(xy_T2, pts_s) == pytest.approx([100.0, 100.0, 50.0, 50.0, math.nan], nan_ok=True)


def test_velocity_leaves_unseen_rows_out() -> None:
    values = np.array([[0.0], [math.nan], [2.0]])
    assert velocity(values, np.array([0.0, 0.1, 0.2])) == pytest.approx(np.array([[10], [math.nan], [10]]), nan_ok=True)


@pytest.mark.parametrize(
    ("points", "angle", "linearity"),
    [
        ([[0, 0], [0, 5], [0, 9]], 0.0, 1.0),
        ([[0, 0], [7, 0]], 90.0, 1.0),
        ([[0, 0], [1, math.sqrt(3)]], 30.0, 1.0),
        ([[0, 0], [-1, math.sqrt(3)]], 30.0, 1.0),
        ([[-2, 0], [2, 0], [0, -1], [0, 1]], 90.0, 0.8),
        ([[math.nan, 0], [0, 0], [0, 1]], 0.0, 1.0),
    ],
)
def test_principal_axis(points: list, angle: float, linearity: float) -> None:
    assert principal_axis(np.array(points, dtype=float)) == pytest.approx((angle, linearity), abs=1e-9)


@pytest.mark.parametrize("points", [[], [[1, 2]], [[1, 2], [1, 2]]])
def test_principal_axis_of_a_point_is_unknown(points: list) -> None:
    assert all(math.isnan(value) for value in principal_axis(np.array(points, dtype=float).reshape(-1, 2)))


def test_principal_axis_of_a_small_cloud_is_unknown() -> None:
    line = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 2.0]])  # standard deviation 1 along the axis
    assert principal_axis(line, least_spread=0.99) == pytest.approx((0.0, 1.0))
    assert all(math.isnan(value) for value in principal_axis(line, least_spread=1.01))


def test_path_length_bridges_unseen_points() -> None:
    assert path_length(np.array([[0, 0], [3, 4], [math.nan, 0], [3, 10]])) == pytest.approx(11.0)
    assert math.isnan(path_length(np.array([[0.0, 0.0]])))


def test_stabilise_undoes_pan_tilt_and_zoom() -> None:
    centre = (320.0, 180.0)
    still = np.array([[100.0, 50.0], [400.0, 300.0]])
    camera_T3 = np.array([[0.0, 0.0, 0.0], [12.0, -7.0, math.log(2.0)]])
    seen = np.stack([still, 2.0 * (still - centre) + centre - (12.0, -7.0)])
    assert stabilise(seen, camera_T3, centre_xy=centre) == pytest.approx(np.stack([still, still]))
    with_confidence = np.concatenate([seen, np.full((2, 2, 1), 0.5)], axis=2)
    assert (stabilise(with_confidence, camera_T3, centre_xy=centre)[..., 2] == 0.5).all()
