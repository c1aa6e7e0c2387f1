"""Cues of views, measured on made pictures."""

import numpy as np
import pytest

from slowpaths.mining.shots.view_cues import measure_frame

GRASS, SOIL, PALE = (70, 140, 60), (190, 160, 120), (215, 190, 155)


def endon_frame(height=180, width=320):
    """A lawn with a lighter strip down the middle."""
    frame = np.empty((height, width, 3), np.uint8)
    frame[:] = GRASS
    frame[height // 3 :, int(0.35 * width) : int(0.65 * width)] = PALE
    return frame


def people(*places, height=180, width=320):
    """Boxes from middle x, feet y and height, all in shares of the picture."""
    return np.array(
        [[(x - 0.15 * h) * width, (y - h) * height, (x + 0.15 * h) * width, y * height] for x, y, h in places]
    ).reshape(-1, 4)


ENDON_PEOPLE = people((0.5, 0.38, 0.22), (0.47, 0.33, 0.16), (0.45, 0.85, 0.40), (0.55, 0.9, 0.42))


def test_a_strip_that_crosses_the_picture_at_the_feet_is_told_from_graphics():
    frame = np.empty((180, 320, 3), np.uint8)
    frame[:] = GRASS
    boxes = people((0.45, 0.62, 0.32), (0.1, 0.3, 0.3))
    plain = measure_frame(frame, boxes)
    frame[108:118] = SOIL
    crossed = measure_frame(frame, boxes)
    frame[:] = GRASS
    frame[160:170] = SOIL  # a graphic of that colour is at nobody's feet
    assert (plain.soil_across, measure_frame(frame, boxes).soil_across) == (0.0, 0.0)
    assert crossed.soil_across > 0.9 and crossed.soil < 0.1
    assert measure_frame(endon_frame(), ENDON_PEOPLE).soil_across < 0.5


def test_measures_a_strip_on_a_lawn():
    cues = measure_frame(endon_frame(), ENDON_PEOPLE)
    assert cues.strip_contrast > 10
    assert cues.grass > 0.6 and 0.1 < cues.soil < 0.35 and cues.ground > 0.9
    assert cues.num_people == 4 and cues.tallest == pytest.approx(0.42)
    assert cues.spread_y > 0.2


def test_black_bars_do_not_count():
    plain = measure_frame(endon_frame(), ENDON_PEOPLE)
    padded = np.pad(endon_frame(), ((0, 0), (60, 60), (0, 0)))
    barred = measure_frame(padded, ENDON_PEOPLE + np.array([60, 0, 60, 0]))
    for name in ("grass", "soil", "ground_upper", "strip_contrast", "tallest", "spread_x"):
        assert getattr(barred, name) == pytest.approx(getattr(plain, name), abs=0.02), name


def test_a_black_picture_can_be_measured():
    cues = measure_frame(np.zeros((90, 160, 3), np.uint8), np.zeros((0, 4)))
    assert cues.num_people == 0 and cues.ground == 0
    assert np.isfinite([cues.strip_contrast, cues.roughness]).all()


def test_soil_at_feet_is_looked_for_at_the_feet():
    frame = np.empty((180, 320, 3), np.uint8)
    frame[:] = GRASS
    frame[120:] = SOIL
    assert measure_frame(frame, people((0.5, 0.8, 0.4))).soil_at_feet > 0.8
    assert measure_frame(frame, people((0.5, 0.5, 0.4))).soil_at_feet < 0.1
