"""What the teacher is taught on: simulated strokes through random cameras and errors, without any footage."""

import sys

import numpy as np
import pytest
from scripts.stroke_teacher.pose_errors import estimate
from scripts.stroke_teacher.strokes import FPS, film_stroke

from scripts.stroke_teacher import strokes, train
from slowpaths.core.body import body_scales, middle
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.teacher import load_teacher


def test_strokes_are_filmed_with_their_impact_where_it_is_said_to_be():
    for seed in range(6):
        filmed = film_stroke(np.random.default_rng(seed), is_archive=seed % 2 == 0)
        assert filmed.stroke in STROKES
        num_frames = len(filmed.pixels_TJ2)
        assert filmed.camera_T3.shape == (num_frames, 3)
        assert filmed.camera_T3[0] == pytest.approx(0.0)
        assert 0 <= filmed.impact_s <= num_frames / 25


def test_hands_are_held_lower_and_further_to_off_before_impact_than_key_poses_say(monkeypatch):
    def highest():
        found = []
        for seed in range(40):
            filmed = film_stroke(np.random.default_rng([3, seed]), is_archive=False)
            if filmed.camera != "bowler_end":
                continue
            pixels_TJC = np.dstack([filmed.pixels_TJ2, np.ones(filmed.pixels_TJ2.shape[:2])])
            hands_T2 = middle(pixels_TJC, "wrist") - middle(pixels_TJC, "hip")
            up_T = -hands_T2[:, 1] / np.nanmedian(body_scales(pixels_TJC))
            first = max(int(filmed.impact_s * FPS) - 2, 1)
            found.append(up_T[:first].max())
        return np.median(found)

    held = highest()
    monkeypatch.setattr(strokes, "MOST_LOW", 0.0)
    assert held < highest() - 0.15


def test_errors_square_a_body_up_and_lose_frames():
    gaps, losses = [], []
    for seed in range(60):
        random = np.random.default_rng([7, seed])
        pixels_TJ2 = film_stroke(random, is_archive=True).pixels_TJ2
        found = estimate(random, pixels_TJ2, is_archive=True)
        size = np.nanmedian(np.abs(middle(found, "shoulder") - middle(found, "hip"))[:, 1])
        gaps.append([np.nanmedian(one[:, 5, 0] - one[:, 6, 0]) / size for one in (pixels_TJ2, found)])
        losses.append(np.isnan(found[..., 0]).mean())
    true_gap, found_gap = np.median(gaps, axis=0)
    assert found_gap > true_gap + 0.1
    assert 0.0 < np.mean(losses) < 0.2


def test_the_command_goes_on_and_writes_a_teacher_that_loads(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train, "PART", 60)
    monkeypatch.setattr(train, "MEMBERS", 1)
    weights = tmp_path / "teacher.npz"
    monkeypatch.setattr(sys, "argv", ["train", "--num", "60", "--out", str(tmp_path / "kept"), "--write", str(weights)])
    train.main()
    first = capsys.readouterr().out
    assert "as in an archive" in first
    before = weights.read_bytes()
    monkeypatch.setattr(train, "measured_part", None)  # what is kept is not played again
    train.main()
    assert capsys.readouterr().out == first
    assert weights.read_bytes() == before
    said = load_teacher(str(weights))(load_teacher(str(weights)).median_F[None])
    assert said.sum() == pytest.approx(1.0)
