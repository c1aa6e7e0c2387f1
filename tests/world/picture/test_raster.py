"""Drawing: capsules land where they project, near ones hide far ones, fast ones blur, shadows darken."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.strokes import STROKES
from slowpaths.world.action.capsules import Capsules, dress
from slowpaths.world.action.outfits import WHITE, Kit
from slowpaths.world.action.stroke_motion import StrokeMotion
from slowpaths.world.camera.cameras import Aim
from slowpaths.world.camera.silhouette import SUBFRAMES, project
from slowpaths.world.picture.raster import draw, draw_ball, draw_shadow, prepare

SUN = np.array([0.5, 0.3, 0.8]) / np.linalg.norm([0.5, 0.3, 0.8])
KIT = Kit(shirt=(200, 40, 40), trousers=(40, 200, 40), skin=(90, 120, 170), hat=(20, 20, 20), pads=WHITE)


def looking_at_origin() -> Aim:
    ones = np.ones(SUBFRAMES)
    return Aim(place_3=np.array([0.0, -20.0, 1.0]), pan_T=0 * ones, tilt_T=0 * ones, roll_T=0 * ones,
               fov_T=np.deg2rad(10) * ones, size=(160, 120))  # fmt: skip


def rod(start, end, *, colour=(0, 0, 250), drift=(0.0, 0.0, 0.0)) -> Capsules:
    shift = np.linspace(-1, 1, SUBFRAMES)[:, None] * np.array(drift)
    return Capsules(
        starts_TP3=(np.array(start) + shift)[:, None],
        ends_TP3=(np.array(end) + shift)[:, None],
        radii_P2=np.array([[0.1, 0.1]]),
        colours_P3=np.array([colour], dtype=float),
        lift_P=np.zeros(1),
        shade_P=np.ones(1, dtype=bool),
        num_body=1,
    )


def drawn(*capsules: Capsules, shadow: float = 0.0) -> np.ndarray:
    frame = np.full((120, 160, 3), 100, dtype=np.uint8)
    aim = looking_at_origin()
    sprites = [prepare(project(item, aim), aim, sun_3=SUN, shadow=shadow) for item in capsules]
    for sprite in sprites:
        draw_shadow(frame, sprite, 0, strength=0.5)
    for sprite in sorted(sprites, key=lambda item: -item.depth_T[0]):
        draw(frame, sprite, 0)
    return frame


def test_a_rod_is_drawn_where_it_projects():
    frame = drawn(rod((0, 0, 0.2), (0, 0, 1.8)))
    red = frame[..., 2].astype(int) - frame[..., 0] > 60
    lines, columns = np.nonzero(red)
    # 120 pixels over 10 degrees at 20 m: 34.3 pixels a metre.
    assert columns.mean() == pytest.approx(80, abs=1)
    assert lines.max() - lines.min() == pytest.approx(1.8 * 34.3, abs=4)
    assert np.ptp(columns) == pytest.approx(0.2 * 34.3, abs=3)


def test_the_near_one_hides_the_far_one_whatever_the_order():
    near, far = rod((0, -2, 0.5), (0, -2, 1.5), colour=(250, 0, 0)), rod((-1, 2, 1), (1, 2, 1))
    for pair in ((near, far), (far, near)):
        middle = drawn(*pair)[60, 80]
        assert middle[0] > 100 and middle[2] < 60


def test_a_fast_one_is_blurred_and_a_still_one_is_not():
    still, fast = drawn(rod((0, 0, 0.5), (0, 0, 1.5))), drawn(rod((0, 0, 0.5), (0, 0, 1.5), drift=(0.3, 0, 0)))

    def width(frame: np.ndarray) -> int:
        return int((frame[60, :, 2].astype(int) - frame[60, :, 0] > 15).sum())

    assert width(fast) > width(still) + 10
    assert fast[60, :, 2].max() < still[60, :, 2].max()


def test_a_shadow_falls_away_from_the_sun():
    frame = drawn(rod((0, 0, 0.0), (0, 0, 1.6)), shadow=1.0)
    dark = (frame < 70).all(axis=2)
    assert dark.any()
    assert np.nonzero(dark)[1].mean() < 80  # the sun is on the right


def test_what_is_behind_the_camera_is_not_drawn():
    frame = drawn(rod((0, -30, 0.5), (0, -30, 1.5)))
    assert (frame == 100).all()


@pytest.mark.parametrize("name", STROKES)
def test_the_clothes_cover_the_joints_of_every_stroke(name):
    joints, bat = StrokeMotion(name=name).move(np.array([-0.5, 0.0, 0.4]))
    capsules = dress(joints, KIT, bat=bat)
    points = joints.keypoints_TJ3[:, None]
    start, way = capsules.starts_TP3[:, :, None], (capsules.ends_TP3 - capsules.starts_TP3)[:, :, None]
    share = np.sum((points - start) * way, axis=-1) / np.maximum(np.sum(way**2, axis=-1), 1e-9)
    nearest = start + np.clip(share, 0, 1)[..., None] * way
    gap = np.linalg.norm(points - nearest, axis=-1).min(axis=1)
    assert gap.max() < 0.15


def test_the_ball_is_a_dot_or_a_streak_and_nothing_before_release():
    frame = np.zeros((40, 40, 3), dtype=np.uint8)
    draw_ball(frame, np.full((3, 2), np.nan), 2.0, colour=(255, 255, 255))
    assert frame.max() == 0
    draw_ball(frame, np.tile([20.0, 20.0], (3, 1)), 2.0, colour=(255, 255, 255))
    dot = int((frame > 128).any(axis=2).sum())
    draw_ball(frame, np.array([[5.0, 20.0], [20.0, 20.0], [35.0, 20.0]]), 2.0, colour=(255, 255, 255))
    assert dot < 40 < int((frame > 128).any(axis=2).sum())
