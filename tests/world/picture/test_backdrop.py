"""Backdrops: cutting a frame from the painted ground gives what painting the frame itself gives."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.world.action.ball import make_ball
from slowpaths.world.camera.cameras import Aim, make_camera, work
from slowpaths.world.picture.backdrop import make_backdrop
from slowpaths.world.picture.scenery import paint
from slowpaths.world.presets import VENUES

WIDTH, HEIGHT = 160, 90


def aim(name: str = "bowler_end", *, azimuth_deg: float = 20.0) -> Aim:
    ball = make_ball(
        release_s=-0.55, release_3=np.array([0.5, 18.6, 2.0]), bounce_m=6.0, impact_3=np.array([0.0, 1.8, 0.6]),
        azimuth_deg=azimuth_deg, elevation_deg=0.0, speed=20.0, boundary_m=68.0,
    )  # fmt: skip
    return work(
        make_camera(name, np.random.default_rng(1), size=(WIDTH, HEIGHT)), np.arange(-1.0, 0.8, 0.04), ball=ball
    )


def direct(venue: str, seen: Aim, index: int) -> np.ndarray:
    return paint(
        VENUES[venue],
        place_3=seen.place_3,
        rotation_33=seen.rotation_T33()[index],
        focal=float(seen.focal_T()[index]),
        centre=(WIDTH / 2, HEIGHT / 2),
        shape=(HEIGHT, WIDTH),
    )


@pytest.mark.parametrize("index", [0, -1])
def test_a_cut_frame_is_the_painted_frame(index):
    seen = aim()
    backdrop = make_backdrop(VENUES["northfield"], seen)
    cut = backdrop.cut(seen.rotation_T33()[index], float(seen.focal_T()[index]), seen.size)
    painted = direct("northfield", seen, index)
    assert np.abs(cut.astype(float) - painted).mean() < 6.0  # grain and creases blur by half a pixel
    other = direct("northfield", seen, -1 - index if index == 0 else 0)
    assert np.abs(cut.astype(float) - painted).mean() < 0.6 * np.abs(cut.astype(float) - other).mean()


def test_a_backdrop_is_kept_grown_or_made_anew():
    venue = VENUES["harbour"]
    first = make_backdrop(venue, aim())
    assert make_backdrop(venue, aim(), known=first) is first
    other = aim(azimuth_deg=-70.0)
    assert not first.covers(other)
    grown = make_backdrop(venue, other, known=first)
    assert grown.covers(other)


def test_the_pitch_is_soil_the_outfield_grass_and_the_creases_white():
    seen = aim()
    venue = VENUES["northfield"]
    picture = direct("northfield", seen, 0).astype(float)
    first = seen.at(slice(1))

    def colour(x: float, y: float) -> np.ndarray:
        pixel, _ = first.project(np.array([[[x, y, 0.0]]]))
        column, line = pixel[0, 0].round().astype(int)
        return picture[line - 1 : line + 2, column - 1 : column + 2].reshape(-1, 3).mean(axis=0)

    assert colour(0.0, 5.0) == pytest.approx(np.array(venue.soil), abs=20)
    assert colour(4.0, 5.0) == pytest.approx(np.array(venue.grass), abs=20)
    pixel, _ = first.project(np.array([[[0.9, 1.22, 0.0]]]))
    column, line = pixel[0, 0].round().astype(int)
    assert picture[line - 1 : line + 2, column].max() > 205


@pytest.mark.parametrize("name", [name for name, venue in VENUES.items() if venue.is_nets])
def test_nets_are_painted_from_every_nets_camera(name):
    for camera in ("nets_static", "nets_side"):
        picture = direct(name, aim(camera), 0)
        assert picture.std() > 10
