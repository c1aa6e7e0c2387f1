"""What the network is asked to say."""

from __future__ import annotations

import numpy as np
import pytest
from scripts.pose_training.losses import collate
from scripts.pose_training.targets import make_targets

from slowpaths.pose.compact.decode import PictureMaps, peaks, people

SIDE = 160


def standing(x: float, y: float, tall: float) -> tuple[np.ndarray, np.ndarray]:
    """Return joints spread over a box of this height around a point, and the box."""
    random = np.random.default_rng(int(x))
    wide = 0.4 * tall
    box = np.array([x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2])
    joints_J2 = box[:2] + random.uniform(0.05, 0.95, size=(17, 2)) * [wide, tall]
    joints_J2[3:5] = box[:2] + np.array([[0.45 * wide, 0.08 * tall], [0.55 * wide, 0.08 * tall]])  # ears: the head
    return joints_J2, box


def test_what_is_asked_decodes_to_what_is_true() -> None:
    everyone = [standing(50.0, 80.0, 96.0), standing(115.0, 61.0, 70.0)]
    joints_NJ2, boxes_N4 = (np.stack(column) for column in zip(*everyone, strict=True))
    target = make_targets(joints_NJ2, boxes_N4, size=(SIDE, SIDE))
    batch = collate([target])
    maps = PictureMaps(
        heads_hw=target.heads_hw,
        box_4hw=np.zeros((4, 20, 20)),
        joints_J2hw=np.zeros((17, 2, 20, 20)),
        heat_Jhw=np.log(np.clip(target.heat_Jhw, 1e-6, 0.999) / (1 - np.clip(target.heat_Jhw, 1e-6, 0.999))),
    )
    _, rows, columns = batch.cells_P3.unbind(dim=1)
    maps.box_4hw[:, rows, columns] = batch.box_P4.T.numpy()
    maps.joints_J2hw[:, :, rows, columns] = batch.joints_PJ2.permute(1, 2, 0).numpy()
    found_N4, scores_N, found_NJC = people(maps, score_min=0.3)
    order = np.argsort(found_N4[:, 0])
    assert found_N4[order] == pytest.approx(boxes_N4, abs=0.01)
    assert (scores_N > 0.6).all()
    assert np.linalg.norm(found_NJC[order][..., :2] - joints_NJ2, axis=2).max() < 1.5
    assert (found_NJC[..., 2] > 0.7).all()
    assert batch.num_people == 2
    assert batch.num_joints == 34


def test_batter_and_keeper_a_few_steps_apart_are_two_people() -> None:
    everyone = [standing(72.0, 80.0, 80.0), standing(85.0, 77.0, 64.0)]
    joints_NJ2, boxes_N4 = (np.stack(column) for column in zip(*everyone, strict=True))
    heads_hw = make_targets(joints_NJ2, boxes_N4, size=(SIDE, SIDE)).heads_hw
    _, columns = peaks(heads_hw, score_min=0.5)
    assert sorted((4 * columns).tolist()) == pytest.approx([72.0, 85.0], abs=2.0)


def test_joints_outside_weigh_less_and_show_no_bump() -> None:
    joints_J2, box_4 = standing(80.0, 80.0, 96.0)
    joints_J2[5], joints_J2[6] = (-10.0, 40.0), (np.nan, np.nan)
    target = make_targets(joints_J2[None], box_4[None], size=(SIDE, SIDE))
    assert target.weights_NJ[0, 5] == pytest.approx(0.25)
    assert target.weights_NJ[0, 6] == 0.0
    assert target.weights_NJ[0, 7] == 1.0
    assert target.heat_Jhw[5].max() < 1e-6
    assert target.heat_Jhw[6].max() < 1e-6
    assert np.isfinite(target.joints_NJ2).all()


def test_the_small_and_the_cut_off_are_neither_asked_for_nor_counted() -> None:
    tiny, cut = standing(40.0, 40.0, 12.0), standing(80.0, 190.0, 96.0)
    joints_NJ2, boxes_N4 = (np.stack(column) for column in zip(tiny, cut, strict=True))
    target = make_targets(joints_NJ2, boxes_N4, size=(SIDE, SIDE))
    assert target.heads_hw.max() == 0.0
    assert (target.owner_hw == -1).all()
    assert target.mask_hw[10, 10] == 0.0
    assert target.mask_hw[39, 20] == 0.0
    assert target.mask_hw[20, 4] == 1.0


def test_whoever_shows_no_head_is_neither_asked_for_nor_counted() -> None:
    joints_J2, box_4 = standing(80.0, 40.0, 96.0)
    target = make_targets(joints_J2[None], box_4[None], size=(SIDE, SIDE))
    assert target.heads_hw.max() == 0.0
    assert target.mask_hw[10, 20] == 0.0


def test_a_box_is_the_part_in_the_picture() -> None:
    joints_J2, box_4 = standing(10.0, 80.0, 96.0)
    target = make_targets(joints_J2[None], box_4[None], size=(SIDE, SIDE))
    right = box_4[2]
    assert target.box_N4[0] == pytest.approx([right / 2, 80.0, right, 96.0])


def test_nobody_asks_for_nothing() -> None:
    target = make_targets(np.zeros((0, 17, 2)), np.zeros((0, 4)), size=(SIDE, SIDE))
    batch = collate([target, target])
    assert batch.heat.shape == (2, 17, 40, 40)
    assert batch.heads.shape == (2, 1, 40, 40)
    assert len(batch.cells_P3) == 0
    assert batch.num_people == 0
