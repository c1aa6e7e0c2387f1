"""What the teacher is taught on: simulated strokes through random cameras and errors, without any footage."""

import re
import sys
from dataclasses import asdict

import numpy as np
import pytest
from scripts.stroke_teacher.pose_errors import estimate
from scripts.stroke_teacher.strokes import FPS, film_stroke

from scripts.stroke_teacher import strokes, train
from slowpaths.core.body import body_scales, middle
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.teacher import FEATURES_READ, load_teacher


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
    assert "calibration error" in first
    teacher = load_teacher(str(weights))
    assert np.isfinite(teacher.temperature) and teacher.temperature != 1.0
    assert teacher.strokes_C.tolist() == list(STROKES)
    said = load_teacher(str(weights))(load_teacher(str(weights)).median_F[None])
    assert said.sum() == pytest.approx(1.0)


def test_a_temperature_is_fitted_on_strokes_that_are_not_judged_and_nothing_else_changes(tmp_path, monkeypatch, capsys):
    random = np.random.default_rng(0)
    shipped = load_teacher()
    features_NF = shipped.median_F + shipped.spread_F * random.normal(size=(400, len(FEATURES_READ)))
    flat_NC = shipped(features_NF) ** 0.5
    flat_NC /= flat_NC.sum(axis=1, keepdims=True)
    drawn_N = np.array([random.choice(len(STROKES), p=row) for row in flat_NC])
    played = train.Measured(features_NF=features_NF, strokes_N=drawn_N, is_archive_N=np.arange(400) % 2 == 0)
    monkeypatch.setattr(train, "_played", lambda *given, **how: played)
    weights = tmp_path / "teacher.npz"
    np.savez(weights, **asdict(shipped))
    monkeypatch.setattr(sys, "argv", ["train", "--calibrate", str(weights)])
    train.main()
    load_teacher.cache_clear()
    found = load_teacher(str(weights))
    assert float(found.temperature) == pytest.approx(2.0, abs=0.4)
    assert found(features_NF) == pytest.approx(shipped(features_NF))
    before, temperature, after = map(float, re.findall(r"\d\.\d+", capsys.readouterr().out))
    assert temperature == pytest.approx(float(found.temperature), abs=0.01)
    assert after < before
