"""Where the bat points: the network on drawn bats, the looks about an impact, and the features."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from scripts.calibration.drawn_bats import draw_bat, vary

from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX
from slowpaths.mining.features.bat_features import LEAST_SURE, bat_features
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.striker import bat as module
from slowpaths.mining.striker.bat import LOOKS_S, NOT_SEEN, look_at_bat
from slowpaths.mining.striker.bat_network import load_bat_network, pointing


def grounds(num: int) -> list[np.ndarray]:
    """Return pictures (160, 160, 3) of turf and a pitch."""
    random, pictures = np.random.default_rng(5), []
    for _ in range(num):
        picture = np.full((160, 160, 3), random.integers(60, 140, 3) * [0.6, 1.0, 0.5])
        picture[random.integers(90, 130) :] = random.integers(130, 200, 3) * [1.0, 0.9, 0.7]
        noisy = picture + 12 * random.standard_normal((160, 160, 1))
        pictures.append(cv2.GaussianBlur(noisy, (0, 0), 1.5).clip(0, 255).astype(np.uint8))
    return pictures


def test_a_drawn_bat_is_seen_where_it_points_and_none_where_there_is_none():
    random, pictures, angles = np.random.default_rng(3), [], []
    for ground in grounds(60):
        picture, angle = vary(*draw_bat(ground, random), random)
        pictures.append(picture)
        angles.append(angle)
    pointing_N2 = pointing(load_bat_network()(pictures))
    off = np.angle(np.exp(1j * (np.arctan2(pointing_N2[:, 0], pointing_N2[:, 1]) - np.array(angles))))
    sure_N = np.linalg.norm(pointing_N2, axis=1)
    is_sure = sure_N >= LEAST_SURE
    assert is_sure.mean() > 0.5
    assert (np.abs(off[is_sure]) < np.pi / 4).mean() > 0.85  # by chance a quarter
    bare_N = np.linalg.norm(pointing(load_bat_network()(grounds(60))), axis=1)
    assert (bare_N >= LEAST_SURE).mean() < 0.2


def test_no_picture_is_no_answer():
    assert load_bat_network()([]).shape == (0, 25)


def track(num: int = 30, *, wrists: bool = True) -> PoseTrack:
    """Return somebody who stands with both hands at (100, 120), torso 40 pixels."""
    keypoints_TJC = np.full((num, 17, 3), [100.0, 100.0, 0.9])
    for name, y in (("shoulder", 80), ("hip", 120), ("knee", 150), ("ankle", 180), ("wrist", 120)):
        for side, x in (("left", 95), ("right", 105)):
            keypoints_TJC[:, INDEX[f"{side}_{name}"], :2] = [x, y]
    if not wrists:
        for side in ("left", "right"):
            keypoints_TJC[:, INDEX[f"{side}_wrist"]] = [np.nan, np.nan, 0.0]
    return PoseTrack(
        video_id="v", shot_id="s", track_id=0, frames_T=np.arange(num), pts_s=np.arange(num) / 25,
        keypoints_TJC=keypoints_TJC, boxes_T4=np.tile([80.0, 60, 120, 190], (num, 1)), camera_T3=np.zeros((num, 3)),
    )  # fmt: skip


@pytest.fixture
def context(monkeypatch):
    """Return footage of grey pictures, and let the network say that the bat points up."""
    asked = []

    def frames(rows, *, height):
        asked.append((list(rows), height))
        return np.full((len(rows), height, height, 3), 90, np.uint8)

    def says_up(pictures):
        assert all(picture.shape == (160, 160, 3) for picture in pictures)
        return np.eye(25)[np.zeros(len(pictures), int)]

    monkeypatch.setattr(module, "load_bat_network", lambda path: says_up)
    decoder = SimpleNamespace(height=400, frames=frames)
    return SimpleNamespace(decoder=decoder, work_height=200, settings=MiningSettings(), asked=asked)


def test_frames_about_the_impact_are_looked_at_once(context):
    seen = look_at_bat(context, track(), impact_s=0.48)
    np.testing.assert_allclose(seen.times_N, LOOKS_S, atol=0.021)
    np.testing.assert_allclose(seen.pointing_N2, [[0, 1]] * len(LOOKS_S))
    assert context.asked == [([11, 12, 13, 14, 15, 16, 17], 200)]


def test_frames_beyond_the_shot_and_unseen_hands_are_left_out(context):
    assert len(look_at_bat(context, track(), impact_s=1.16).times_N) == 2  # the shot ends with the impact
    assert look_at_bat(context, track(wrists=False), impact_s=0.48) is NOT_SEEN
    lost = track()
    lost = replace(lost, keypoints_TJC=np.full_like(lost.keypoints_TJC, np.nan))
    assert look_at_bat(context, lost, impact_s=0.48) is NOT_SEEN


TIMES_N = np.array([-0.04, 0.0, 0.04, 0.10, 0.18])


def features(pointing_N2, *, view: str = "pitch_endon", right: bool = True) -> dict[str, float]:
    """Return the features of a bat that was looked at five times."""
    return bat_features(TIMES_N, np.array(pointing_N2, float), view=view, is_right_handed=right)


def test_a_cut_lies_across_to_off_and_a_pull_comes_round_to_leg():
    # End-on, off is image left for a right-hander.
    pull = features([[-0.9, 0], [-0.9, 0], [-0.9, 0], [0.8, 0], [0.8, 0]])
    assert pull == pytest.approx({"bat_across": 1, "bat_off": 1, "bat_off_after": -1, "bat_up_after": 0})
    left = features([[0.9, 0], [0.9, 0], [0.9, 0], [-0.8, 0], [-0.8, 0]], right=False)
    assert left == pytest.approx(pull)
    block = features([[0, -0.9]] * 5)
    assert block == pytest.approx({"bat_across": 0, "bat_off": 0, "bat_off_after": 0, "bat_up_after": -1})


def test_the_surer_look_counts_more_and_the_unsure_not_at_all():
    mixed = features([[-0.8, 0], [0, -0.4], [0.3, 0], [0.1, 0.1], [0, 0.5]])
    assert mixed["bat_across"] == pytest.approx(0.8 / 1.2)
    assert mixed["bat_off_after"] == pytest.approx(0) and mixed["bat_up_after"] == pytest.approx(1)


def test_what_is_not_seen_is_not_measured():
    unsure = features([[0.1, 0.2]] * 5)
    assert np.isnan(list(unsure.values())).all()
    none = bat_features(np.zeros(0), np.zeros((0, 2)), view="pitch_endon", is_right_handed=True)
    assert none.keys() == unsure.keys() and np.isnan(list(none.values())).all()
    side = features([[0.9, 0]] * 5, view="pitch_side")  # from the side nothing points to off
    assert np.isnan(side["bat_off"]) and np.isnan(side["bat_off_after"]) and side["bat_across"] == pytest.approx(1)
