"""The bench on real clips, on a small made set of clips with gold."""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.evaluation.mined import delivery, shot
from tests.factories import bar_video
from tests.store.gold import write_gold

from scripts import loss_sheets, real_clips
from slowpaths.core.records import Delivery, PoseTrack, Shot, VideoRef
from slowpaths.store.mined_folder import MinedFolder

LENGTHS = {"a.mp4": 100, "b.mov": 10, "c.mp4": 10, "golf.mp4": 30}


def track() -> PoseTrack:
    """Return somebody who stands away from the gold box of the second delivery of a.mp4 (contact in frame 60)."""
    frames_T = np.arange(40, 100)
    return PoseTrack(
        video_id="a",
        shot_id="s",
        track_id=0,
        frames_T=frames_T,
        pts_s=frames_T / 25,
        keypoints_TJC=np.zeros((60, 17, 3)),
        boxes_T4=np.tile([100.0, 10.0, 140.0, 90.0], (60, 1)),
        camera_T3=np.zeros((60, 3)),
    )


def write_mined(folder: Path, names: list[str], shots: list[Shot], claims: list[Delivery]) -> None:
    videos = [
        VideoRef(video_id=Path(name).stem, path=name, fps=Fraction(25), num_frames=LENGTHS[name], width=160, height=96)
        for name in names
    ]
    MinedFolder(folder).write_mined(footage=videos, shots=shots, deliveries=claims, poses=[track()])


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    gold = write_gold(tmp_path / "shared" / "footage_b")
    for name, folder in (("a.mp4", "clips"), ("b.mov", "clips"), ("c.mp4", "clips"), ("golf.mp4", "negatives")):
        (gold / folder).mkdir(exist_ok=True)
        bar_video(gold / folder / name, num_frames=LENGTHS[name])
    out = tmp_path / "out"
    shots = [shot("a", 0, 1.6, "other"), shot("a", 1.6, 4, "pitch_endon"), shot("b", 0, 0.4, "nets_side")]
    shots.append(shot("c", 0, 0.4, "field"))
    write_mined(
        out / "b", ["a.mp4", "b.mov", "c.mp4"], shots, [delivery("a", 2.48), replace(delivery("b", 0.2), event_p=0.25)]
    )
    write_mined(out / "negatives_b", ["golf.mp4"], [shot("golf", 0, 1.2, "pitch_side")], [delivery("golf", 0.6)])
    options = ["--shared", str(tmp_path / "shared"), "--out", str(out), "--only", "b", "--no-mine", "--no-sheets"]
    options += ["--least", "0.05"]
    monkeypatch.setattr(sys, "argv", ["real_clips.py", *options])
    real_clips.main()
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_delivery_and_every_false_claim_has_a_row(out: Path) -> None:
    losses = rows(out / "losses.csv")
    assert [(row["video"], row["outcome"], row["kind"], row["group"]) for row in losses] == [
        ("a.mp4", "view", "broadcast", "scene"),
        ("a.mp4", "wrong person", "broadcast", "scene"),
        ("b.mov", "found", "phone", "somebody/one"),
    ]
    (false,) = rows(out / "false_claims.csv")
    assert (false["video"], false["fault"], false["kind"]) == ("golf.mp4", "clip without a stroke", "unknown")


def test_losses_are_counted_by_set_half_view_and_kind(out: Path) -> None:
    counts = {(row["by"], row["name"], row["word"]): int(row["count"]) for row in rows(out / "loss_counts.csv")}
    assert counts["all", "all", "found"] == 1 and counts["all", "all", "evidence weak"] == 0
    assert counts["kind", "broadcast", "view"] == 1 and counts["true_view", "nets_side", "found"] == 1
    assert sum(count for (by, _, _), count in counts.items() if by == "half") == 4


def test_measures_of_all_parts_stand_in_one_table(out: Path) -> None:
    measures = {(row["part"], row["measure"]): row for row in rows(out / "measures.csv")}
    near = "mining_recall_near"
    assert {part for part, _ in measures} == {"b", "half 0", "half 1", "all"}
    assert float(measures["b", near]["value"]) == pytest.approx(2 / 3, abs=1e-5)
    assert sum(int(measures[half, near]["num"]) for half in ("half 0", "half 1")) == 3
    clean = measures["all", "clean_videos"]  # c.mp4 is clean, golf.mp4 is not; its claim is none of the precision
    assert (float(clean["value"]), clean["num"]) == (0.5, "2")
    assert float(measures["all", "mining_precision_near"]["value"]) == 1.0


def test_operating_points_count_the_claims_that_are_probable_enough(out: Path) -> None:
    points = {(row["least_probability"], row["part"]): row for row in rows(out / "operating_points.csv")}
    assert len(points) == len(real_clips.LEAST) * 3
    found = [float(points[str(least), "all"]["found"]) for least in real_clips.LEAST]
    assert found == pytest.approx([2 / 3] * 5 + [1 / 3] * 3, abs=1e-4)
    assert float(points["0.1", "all"]["harmonic_mean"]) == pytest.approx(0.8, abs=1e-3)  # of 2/3 and 1


def test_the_factor_on_uncertainties_is_where_two_thirds_lie_within() -> None:
    ratios = np.abs(np.random.default_rng(0).normal(size=4000)) * 1.6
    factor = real_clips.within_factor(ratios.tolist())
    assert factor == pytest.approx(1.6, rel=0.05)
    assert real_clips.share_within(ratios.tolist(), factor) == pytest.approx(0.683, abs=0.001)
    assert np.isnan(real_clips.within_factor([])) and np.isnan(real_clips.share_within([], 1.0))


def test_uncertainties_of_a_half_are_judged_by_the_factor_of_the_other(out: Path) -> None:
    found = {row["part"]: row for row in rows(out / "uncertainty.csv")}
    # One impact is two claimed uncertainties late, the one of the other half is exact.
    assert [float(found[part]["factor"]) for part in ("half 0", "half 1")] == [0.0, 2.0]
    assert [float(found[part]["factor_of_other_half"]) for part in ("half 0", "half 1")] == [2.0, 0.0]
    assert [float(found[part]["within_by_other_half"]) for part in ("half 0", "half 1", "all")] == [1.0, 0.0, 0.5]


def test_claims_are_held_against_what_is_true(out: Path) -> None:
    found = [{key: float(value) for key, value in row.items()} for row in rows(out / "reliability.csv")]
    assert [(row["from"], row["num"], row["claimed"], row["true"]) for row in found] == [
        (0.2, 1, 0.25, 1.0), (0.8, 1, 0.8, 1.0)
    ]  # fmt: skip


def test_every_loss_is_drawn(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["loss_sheets.py", str(out), "--shared", str(tmp_path / "shared")])
    loss_sheets.main()
    page = (out / "sheets" / "index.html").read_text()
    assert [page.count(f">{word} (1)<") for word in ("view", "wrong person", "false claim: clip without a stroke")] == [
        1
    ] * 3
    assert sorted(path.name for path in (out / "sheets").glob("*.jpg")) == ["000.jpg", "001.jpg", "002.jpg"]
    sheet = cv2.imread(str(out / "sheets" / "001.jpg")).astype(int)  # blue, green, red
    is_green = sheet[..., 1] - np.maximum(sheet[..., 0], sheet[..., 2]) > 40  # thin lines are dull after compression
    is_magenta = np.minimum(sheet[..., 0], sheet[..., 2]) - sheet[..., 1] > 40
    assert is_green.sum() > 40 and is_magenta.sum() > 400


def test_a_frame_shows_the_box_of_gold_and_of_who_was_followed() -> None:
    options = {"scale": 1.0, "shots": [shot("a", 0, 4, "field")], "track": track(), "mark": ""}
    plain = loss_sheets.tile(np.zeros((150, 200, 3), np.uint8), 20, 0.0, boxes={}, **options)
    marked = loss_sheets.tile(np.zeros((150, 200, 3), np.uint8), 60, 0.0, boxes={}, **options)
    assert plain.shape == (150 + loss_sheets.STRIP, 200, 3)
    assert not plain[:150].any() and marked[50, 100].tolist() == list(loss_sheets.MAGENTA)
