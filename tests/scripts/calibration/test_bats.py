"""Drawn bats, what the detector says of one, and how the answers of the network are judged."""

from __future__ import annotations

import numpy as np
import pytest
from scripts.calibration.bats import _detected, _target, measure, report
from scripts.calibration.drawn_bats import MIDDLE, draw_bat, vary
from scripts.calibration.gold import GoldVideo

from scripts.calibration import bats
from slowpaths.mining.striker.bat_network import NUM_DIRECTIONS, pointing

GREY = np.full((160, 160, 3), 100, np.uint8)


def test_what_is_drawn_lies_where_it_is_said_to_point():
    random, beyond = np.random.default_rng(1), []
    for _ in range(60):
        picture, angle = draw_bat(GREY, random)
        changed = np.abs(picture.astype(int) - 100).sum(axis=2)
        rows, columns = np.mgrid[:160, :160]
        away = np.array([np.average(columns, weights=changed), np.average(rows, weights=changed)]) - MIDDLE
        beyond.append(away @ [np.sin(angle), -np.cos(angle)])
    assert np.median(beyond) > 12  # a bat is up to 50 pixels long, and starts some ten pixels off the middle
    assert np.mean(np.array(beyond) > 0) > 0.9


def test_a_mirrored_and_turned_picture_takes_its_angle_along():
    picture = GREY.copy()
    picture[40:80, 78:83] = 250  # upwards
    seen = []
    for seed in range(30):
        varied, angle = vary(picture, 0.3, np.random.default_rng(seed))
        assert varied.shape == picture.shape and varied.dtype == np.uint8
        seen.append(angle)
    assert min(seen) < -0.1 and max(seen) > 0.5  # mirrored, and turned a little
    assert vary(picture, None, np.random.default_rng(0))[1] is None


def test_a_target_points_where_the_bat_does():
    for angle in (-3.0, -1.0, 0.0, 2.0):
        target_D = _target(angle)
        assert target_D.sum() == pytest.approx(1) and target_D[-1] == 0
        ((right, up),) = pointing(target_D[None])
        assert np.arctan2(right, up) == pytest.approx(angle, abs=0.02)
    assert _target(None)[-1] == 1 and _target(None).sum() == 1


@pytest.mark.parametrize(
    ("box", "degrees"),
    [
        ((76, 82, 84, 130), 180),
        ((82, 76, 130, 84), 90),
        ((30, 76, 78, 84), -90),
        ((82, 30, 130, 78), 45),
        ((120, 120, 128, 160), None),  # stumps
        ((78, 78, 84, 84), None),  # as small as the hands
    ],
)
def test_a_box_that_begins_at_the_hands_says_where_a_bat_points(box, degrees):
    angle = _detected(GREY, lambda picture: (np.array([box], float), np.array([0.9])))
    assert np.isnan(angle) if degrees is None else np.degrees(angle) == pytest.approx(degrees, abs=6)
    assert np.isnan(_detected(GREY, lambda picture: (np.zeros((0, 4)), np.zeros(0))))


def test_answers_are_judged_by_the_frame_that_was_annotated(tmp_path, monkeypatch, capsys):
    (tmp_path / "eye.csv").write_text("key,frame,degrees\nv,7,270\nv,9,0\nw,7,0\n")
    monkeypatch.setattr(bats, "BY_EYE", tmp_path / "eye.csv")
    hands = bats.Hands(
        video=GoldVideo(path=tmp_path / "v.mp4", key="v", group="g", source="b"),
        pictures_NSS3=np.stack([GREY] * 3), frames_N=np.array([7, 7, 8]), is_batter_N=np.array([False, True, True]),
        elbows_N2=np.zeros((3, 2)), detected_N=np.full(3, np.nan),
    )  # fmt: skip
    left_ND = np.eye(NUM_DIRECTIONS + 1)[[17]]  # 255 degrees
    rows = measure(lambda pictures: left_ND, [hands])
    assert [(source, degrees) for source, degrees, _, _ in rows] == [("b", 270.0)]
    assert rows[0][2] == pytest.approx(15) and rows[0][3] == pytest.approx(1)
    report(rows)
    assert "15 degrees off, 1.000 within 45 (were all said to hang down:  90" in capsys.readouterr().out
