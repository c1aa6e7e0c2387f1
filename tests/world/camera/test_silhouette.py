"""What a camera sees of a figure: the box of the body, and whether it is in the picture at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slowpaths.world.action.capsules import dress
from slowpaths.world.action.cast import stand
from slowpaths.world.action.limbs import Body
from slowpaths.world.action.outfits import WHITE, Kit
from slowpaths.world.action.stroke_motion import StrokeMotion
from slowpaths.world.camera.cameras import Aim
from slowpaths.world.camera.silhouette import SUBFRAMES, Silhouette, project

KIT = Kit(shirt=(200, 40, 40), trousers=(40, 200, 40), skin=(90, 120, 170), hat=(20, 20, 20), pads=WHITE)


def seen(*, pan_deg: float = 0.0, place: tuple[float, float] = (0.0, 0.0)) -> Silhouette:
    ones = np.ones(SUBFRAMES)
    aim = Aim(place_3=np.array([0.0, -20.0, 1.0]), pan_T=np.deg2rad(pan_deg) * ones, tilt_T=0 * ones, roll_T=0 * ones,
              fov_T=np.deg2rad(10) * ones, size=(160, 120))  # fmt: skip
    joints = stand(np.arange(SUBFRAMES) * 0.001, body=Body(), place=place, yaw_deg=-90.0)
    _, bat = StrokeMotion(name="cut").move(np.zeros(SUBFRAMES))
    return project(dress(joints, KIT, bat=bat), aim)


def test_the_box_of_the_body_leaves_the_bat_out():
    figure = seen()
    body, everything = figure.body_T4[0], figure.box_T4[0]
    assert 55 < body[3] - body[1] < 75  # 1.8 m at 34.3 pixels a metre
    assert (everything[2] - everything[0]) > (body[2] - body[0]) + 5


def test_who_is_outside_the_picture_or_behind_the_camera_is_not_seen():
    assert seen().is_seen((160, 120))
    assert not replace(seen(), box_T4=np.add(seen().box_T4, [500, 0, 500, 0])).is_seen((160, 120))
    assert not seen(pan_deg=60).is_seen((160, 120))
    assert not seen(pan_deg=180).is_seen((160, 120))
