"""The synthetic footage must be what its truth says it is."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from slowpaths.core.skeleton import INDEX
from slowpaths.core.strokes import STROKES
from slowpaths.pose.kinematics import body_scale, hands, stabilise
from slowpaths.store.tables import read_poses
from tests.batter import stick_match, stroke_take, write_takes
from tests.stick_figures import batter

TIMES_S = np.arange(-1.0, 0.6, 0.04)
TORSO = 0.52


def play(stroke: str, *, is_right_handed: bool = True) -> np.ndarray:
    return batter(stroke, TIMES_S, is_right_handed=is_right_handed, rng=np.random.default_rng(0))[0]


def at(time_s: float) -> int:
    return int(np.argmin(np.abs(TIMES_S - time_s)))


@pytest.mark.parametrize("stroke", STROKES)
def test_every_stroke_is_a_whole_body_of_constant_bones(stroke: str) -> None:
    joints = play(stroke)
    assert np.isfinite(joints).all()
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
        for side in ("left", "right"):
            bone = np.linalg.norm(joints[:, INDEX[f"{side}_{a}"]] - joints[:, INDEX[f"{side}_{b}"]], axis=1)
            assert np.ptp(bone) < 1e-6
    assert (joints[..., 2] > -0.05).all()


@pytest.mark.parametrize("stroke", STROKES)
def test_a_left_hander_is_the_mirror_image(stroke: str) -> None:
    right, left = play(stroke), play(stroke, is_right_handed=False)
    assert left[:, INDEX["left_wrist"]] == pytest.approx(right[:, INDEX["right_wrist"]] * (-1, 1, 1))


def test_strokes_differ_the_way_they_should() -> None:
    def travel(stroke: str, joint: str, axis: int) -> float:
        track = play(stroke)[:, INDEX[joint], axis]
        return (track[at(0.0)] - track[0]) / TORSO

    assert travel("cover_drive", "left_ankle", 1) > 1.0
    assert travel("bf_punch", "right_ankle", 1) < -0.3

    def off_sweep(stroke: str) -> float:
        wrist = -play(stroke)[:, INDEX["left_wrist"], 0]  # off is to the left
        return (wrist[at(0.12)] - wrist[at(-0.12)]) / TORSO

    assert off_sweep("cut") > 0.5 > -0.5 > off_sweep("pull_hook")
    assert abs(off_sweep("straight_drive")) < 0.2
    finish = {s: play(s)[at(0.36), INDEX["left_wrist"], 2] for s in ("ff_defence", "loft_straight_off")}
    assert finish["loft_straight_off"] > finish["ff_defence"] + 0.6
    knee = play("sweep")[at(0.0), INDEX["right_knee"], 2]
    assert knee < 0.25


def test_right_handers_show_their_chest_to_the_left(tmp_path: Path) -> None:
    take = stroke_take("cover_drive", TIMES_S, rng=np.random.default_rng(0))
    points, _ = take.cameras[0].project(take.actors[0].joints_TJ3[0])
    assert points[INDEX["nose"], 0] < points[INDEX["left_ear"], 0]
    # The left shoulder is the one nearer to the bowler's camera: its depth is smaller, its scale larger.
    _, per_m = take.cameras[0].project(take.actors[0].joints_TJ3[0])
    assert per_m[INDEX["left_shoulder"]] > per_m[INDEX["right_shoulder"]]


def test_truth_lies_on_the_picture_and_the_camera_is_undone(tmp_path: Path) -> None:
    take = stroke_take("cover_drive", TIMES_S, size=(320, 180), rng=np.random.default_rng(0))
    take.impact_s = 1.0
    write_takes(tmp_path / "a.mp4", [take])
    tracks = read_poses(tmp_path / "truth" / "a.poses.parquet")
    striker, umpire = tracks[0], tracks[4]
    assert len(striker.pts_s) == len(TIMES_S)
    wrists = striker.keypoints_TJC[:, [INDEX["left_wrist"], INDEX["right_wrist"]], :2]
    assert np.isfinite(wrists).all()
    ankle = umpire.keypoints_TJC[:, INDEX["left_ankle"]]
    assert np.ptp(ankle[:, 0]) > 3.0
    stable = stabilise(ankle, umpire.camera_T3, centre_xy=(160.0, 90.0))
    assert np.ptp(stable[:, 0]) < 0.25 * np.ptp(ankle[:, 0])
    assert 8 < body_scale(striker.keypoints_TJC) < 20
    assert np.isfinite(hands(striker.keypoints_TJC)[:, 0]).mean() > 0.9


def test_the_crack_of_the_bat_is_at_impact(tmp_path: Path) -> None:
    take = stroke_take("cut", TIMES_S, size=(320, 180), rng=np.random.default_rng(0))
    take.impact_s = 1.0
    write_takes(tmp_path / "a.mp4", [take])
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = list(container.decode(audio=0))
    start_s = float(frames[0].pts * frames[0].time_base)
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert start_s + np.abs(samples).argmax() / 16000 == pytest.approx(1.0, abs=0.01)


def test_a_match_has_cuts_truth_and_every_stroke(tmp_path: Path) -> None:
    truth = stick_match(tmp_path, num_deliveries=3, deliveries_per_video=2, size=(160, 90), seed=1, replay_share=1.0)
    with truth.open() as stream:
        rows = list(csv.DictReader(stream))
    live = [row for row in rows if row["is_replay"] == "0"]
    assert len(live) == 3
    assert len(rows) == 6
    assert len({row["label"] for row in live}) == 3
    assert {row["match_id"] for row in rows} == {"match_00", "match_01"}
    for row in rows:
        assert float(row["start_s"]) < float(row["impact_s"]) < float(row["end_s"])
    with av.open(str(tmp_path / "match_00.mp4")) as container:
        images = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    jumps = [float(cv2.absdiff(a, b).mean()) for a, b in itertools.pairwise(images)]
    tracks = read_poses(tmp_path / "truth" / "match_00.poses.parquet")
    starts = sorted({int(track.frames_T[0]) for track in tracks if track.track_id == 0})[1:]
    assert min(jumps[start - 1] for start in starts) > 4 * float(np.median(jumps))


def test_the_same_seed_gives_the_same_match(tmp_path: Path) -> None:
    for name in ("a", "b"):
        stick_match(tmp_path / name, num_deliveries=1, size=(160, 90), seed=3)
    for path in ("match_00.mp4", "truth.csv", "truth/match_00.poses.parquet"):
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
