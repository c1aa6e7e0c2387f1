"""Decoding hand-made maps."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.pose.compact.decode import PictureMaps, joints_at, joints_of_one, people

H, W = 12, 16  # cells at stride 8


def empty_maps() -> PictureMaps:
    return PictureMaps(
        heads_hw=np.full((2 * H, 2 * W), 0.01, dtype=np.float32),
        box_4hw=np.zeros((4, H, W), dtype=np.float32),
        joints_J2hw=np.zeros((17, 2, H, W), dtype=np.float32),
        heat_Jhw=np.full((17, 2 * H, 2 * W), -9.0, dtype=np.float32),
    )


def put_person(maps: PictureMaps, *, row: int, column: int, score: float, size: tuple[float, float]) -> None:
    maps.heads_hw[2 * row, 2 * column] = score
    maps.box_4hw[:, row, column] = (0.25, -0.25, np.log(size[0] / 8), np.log(size[1] / 8))


def put_bump(maps: PictureMaps, *, joint: int, at: tuple[float, float], top: float = 0.9) -> None:
    """Write a Gaussian bump around a pixel."""
    rows, columns = np.mgrid[: 2 * H, : 2 * W]
    squares = (columns - at[0] / 4) ** 2 + (rows - at[1] / 4) ** 2
    value = np.clip(top * np.exp(-0.5 * squares), 1e-4, 1 - 1e-4)
    maps.heat_Jhw[joint] = np.maximum(maps.heat_Jhw[joint], np.log(value / (1 - value)))


def test_a_person_is_a_peak_with_a_box() -> None:
    maps = empty_maps()
    put_person(maps, row=5, column=6, score=0.8, size=(24.0, 60.0))
    maps.heads_hw[10, 13] = 0.7  # no peak: its neighbour is surer
    put_person(maps, row=9, column=13, score=0.4, size=(16.0, 30.0))
    put_person(maps, row=2, column=2, score=0.2, size=(16.0, 30.0))  # not sure enough
    boxes_N4, scores_N, joints_NJC = people(maps, score_min=0.3)
    assert scores_N == pytest.approx([0.8, 0.4])
    assert boxes_N4[0] == pytest.approx([6.25 * 8 - 12, 4.75 * 8 - 30, 6.25 * 8 + 12, 4.75 * 8 + 30], abs=1e-4)
    assert joints_NJC.shape == (2, 17, 3)


def test_nobody_gives_empty_arrays() -> None:
    boxes_N4, scores_N, joints_NJC = people(empty_maps(), score_min=0.3)
    assert boxes_N4.shape == (0, 4)
    assert scores_N.shape == (0,)
    assert joints_NJC.shape == (0, 17, 3)


def test_joints_go_to_the_top_of_the_nearby_bump_between_cells() -> None:
    maps = empty_maps()
    put_person(maps, row=5, column=6, score=0.8, size=(24.0, 60.0))
    maps.joints_J2hw[3, :, 5, 6] = (1.0, -2.0)  # guessed at 56, 24
    put_bump(maps, joint=3, at=(58.5, 26.0))
    joints_NJC = joints_at(maps, np.array([10]), np.array([12]), np.array([[38.0, 8.0, 62.0, 68.0]]))
    assert joints_NJC[0, 3, :2] == pytest.approx([58.5, 26.0], abs=0.4)
    assert joints_NJC[0, 3, 2] > 0.6


def test_joints_without_a_bump_stay_where_the_head_puts_them_and_are_unsure() -> None:
    maps = empty_maps()
    put_person(maps, row=5, column=6, score=0.8, size=(24.0, 60.0))
    maps.joints_J2hw[4, :, 5, 6] = (1.5, 2.25)
    joints_NJC = joints_at(maps, np.array([10]), np.array([12]), np.array([[38.0, 8.0, 62.0, 68.0]]))
    assert joints_NJC[0, 4] == pytest.approx([60.0, 58.0, 0.0], abs=1e-2)


def test_the_bump_of_somebody_else_is_not_taken() -> None:
    maps = empty_maps()
    put_person(maps, row=5, column=6, score=0.8, size=(24.0, 60.0))
    maps.joints_J2hw[9, :, 5, 6] = (0.0, 0.0)  # guessed at 48, 40
    put_bump(maps, joint=9, at=(50.0, 41.0), top=0.5)
    put_bump(maps, joint=9, at=(76.0, 40.0), top=0.95)  # half a body away
    joints_NJC = joints_at(maps, np.array([10]), np.array([12]), np.array([[38.0, 8.0, 62.0, 68.0]]))
    assert joints_NJC[0, 9, :2] == pytest.approx([50.0, 41.0], abs=0.6)


def test_joints_outside_the_picture_are_guessed_without_confidence() -> None:
    maps = empty_maps()
    put_person(maps, row=0, column=0, score=0.8, size=(24.0, 60.0))
    maps.joints_J2hw[0, :, 0, 0] = (-3.0, -4.0)
    joints_NJC = joints_at(maps, np.array([0]), np.array([0]), np.array([[-12.0, -30.0, 12.0, 30.0]]))
    assert joints_NJC[0, 0] == pytest.approx([-24.0, -32.0, 0.0])


def test_joints_of_one_person_are_the_tops_between_cells() -> None:
    maps = empty_maps()
    put_bump(maps, joint=3, at=(41.0, 22.5))
    put_bump(maps, joint=9, at=(8.0, 60.0), top=0.4)
    joints_JC = joints_of_one(maps.heat_Jhw)
    assert joints_JC[3, :2] == pytest.approx([41.0, 22.5], abs=0.6)
    assert joints_JC[9, :2] == pytest.approx([8.0, 60.0], abs=0.6)
    assert joints_JC[9, 2] == pytest.approx(0.4, abs=0.01)  # a cell lies at its top
    assert 0.7 < joints_JC[3, 2] < 0.9
    assert joints_JC[0, 2] < 0.01
