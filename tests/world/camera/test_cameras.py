"""Cameras: projection, the direction conventions of each view, and operators who come late and overshoot."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.views import VIEWS
from slowpaths.world.action.ball import make_ball
from slowpaths.world.camera.cameras import make_camera, work
from slowpaths.world.presets import CAMERAS, VIEW_OF


def aim(name: str, times: np.ndarray | None = None, **more):
    times = np.array([-2.0, -1.0]) if times is None else times
    camera = make_camera(name, np.random.default_rng(0), size=(640, 360))
    return camera, work(camera, times, ball=more.get("ball"))


def seen(name: str, point: tuple[float, float, float]) -> np.ndarray:
    _, direction = aim(name)
    pixels, _ = direction.project(np.tile(np.array(point), (2, 1, 1)))
    return pixels[0, 0]


def hit(azimuth_deg: float):
    return make_ball(
        release_s=-0.55, release_3=np.array([0.5, 18.6, 2.0]), bounce_m=6.0, impact_3=np.array([0.0, 1.8, 0.6]),
        azimuth_deg=azimuth_deg, elevation_deg=0.0, speed=28.0, boundary_m=68.0,
    )  # fmt: skip


def test_every_camera_has_a_view():
    assert set(CAMERAS) < set(VIEW_OF)
    assert set(VIEW_OF.values()) <= set(VIEWS)


def test_off_is_left_from_the_bowlers_end_and_right_from_the_keepers():
    for name, sign in (("bowler_end", -1), ("keeper_end", 1), ("nets_static", -1)):
        middle, off = seen(name, (0.0, 1.2, 1.0)), seen(name, (1.0, 1.2, 1.0))
        assert np.sign(off[0] - middle[0]) == sign
        above = seen(name, (0.0, 1.2, 2.0))
        assert above[1] < middle[1]


def test_the_point_that_is_aimed_at_is_in_the_middle():
    camera, direction = aim("side_on")
    pixels, depth = direction.project(np.tile(camera.aim_3, (2, 1, 1)))
    assert pixels[:, 0] == pytest.approx(np.array([[320, 180]] * 2), abs=0.5)
    assert depth[0, 0] == pytest.approx(np.linalg.norm(camera.aim_3 - camera.place_3), rel=1e-6)


def test_points_behind_the_camera_are_nan():
    camera, direction = aim("bowler_end")
    pixels, _ = direction.project(np.tile(camera.place_3 + np.array([0, 5.0, 0]), (2, 1, 1)))
    assert np.isnan(pixels).all()


def test_the_operator_starts_late_and_overshoots():
    times = np.arange(-1.0, 2.5, 0.02)
    camera, still = aim("bowler_end", times)
    _, moved = aim("bowler_end", times, ball=hit(60.0))
    turned = np.abs(moved.pan_T - still.pan_T)
    begin_s = times[np.argmax(turned > np.deg2rad(0.05))]
    assert camera.lag_s <= begin_s < camera.lag_s + 0.2
    assert 0.12 <= camera.lag_s <= 0.25
    assert camera.damping < 1.0


def test_the_camera_pans_to_the_side_of_the_ball():
    times = np.arange(-0.5, 1.2, 0.02)
    for azimuth, sign in ((70.0, -1), (-70.0, 1)):  # off is image left from the bowler's end
        _, direction = aim("bowler_end", times, ball=hit(azimuth))
        right = direction.rotation_T33()[0, 0]
        later = direction.rotation_T33()[-1, 2]
        assert np.sign(later @ right) == sign


def test_an_unknown_camera_is_a_usage_error():
    with pytest.raises(UsageError, match="unknown camera 'drone'"):
        make_camera("drone", np.random.default_rng(0), size=(640, 360))
