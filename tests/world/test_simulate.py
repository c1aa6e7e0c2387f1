"""Truth without a picture: exactly what a build writes, for the striker alone as for everybody."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from slowpaths.core.skeleton import INDEX
from slowpaths.core.strokes import STROKES
from slowpaths.store.tables import read_shots, read_table
from slowpaths.store.world_folder import WorldFolder
from slowpaths.world.build import build_world
from slowpaths.world.camera.match import plan_match
from slowpaths.world.picture import raster, scenery
from slowpaths.world.simulate import simulate, simulate_match
from slowpaths.world.truth_tables import BALLS, FRAMES, JOINTS, ball_rows, write_truth
from slowpaths.world.world_settings import PartSettings, WorldSettings

SETTINGS = WorldSettings(
    name="test",
    fps=10,
    width=128,
    height=72,
    parts={
        "b": PartSettings(balls_per_match=3, num_batters=2, broadcasters=("Willow Park",)),
        "c": PartSettings(mode="clip", balls_per_match=2, width=64, height=64, num_batters=2),
        "n": PartSettings(mode="nets", balls_per_match=1, num_batters=2, venues=("academy_nets",),
                          cameras=("nets_handheld",)),
    },
)  # fmt: skip
SEED = 11


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> WorldFolder:
    folder = tmp_path_factory.mktemp("world") / "w"
    build_world(settings=SETTINGS, out=folder, seed=SEED)
    return WorldFolder(folder)


@pytest.mark.parametrize("part", SETTINGS.parts)
def test_the_tables_of_a_simulated_match_are_those_of_the_build_to_the_byte(world, tmp_path, part):
    match = plan_match(SETTINGS, seed=SEED, part=part, number=0)
    video_id = read_shots(world.truth.file(match.match_id, "shots"))[0].video_id
    written = read_table(world.truth.file(match.match_id, "balls"), BALLS).to_pylist()
    truth = simulate_match(match)
    rows = ball_rows(truth, video=f"{match.match_id}.mp4", video_id=video_id, offset_s=written[0]["audio_offset_s"])
    again = WorldFolder(tmp_path).truth
    write_truth(again, truth, video_id=video_id, rows=rows)
    for table in ("shots", "poses", "joints", "frames", "balls"):
        files = [folder.file(match.match_id, table).read_bytes() for folder in (world.truth, again)]
        assert files[0] == files[1], table
    assert read_table(again.file(match.match_id, "joints"), JOINTS).num_rows > 0
    assert read_table(again.file(match.match_id, "frames"), FRAMES).num_rows == match.first_frames[-1]


def test_simulated_strokes_agree_with_the_tables_of_the_build(world):
    balls = read_table(world.truth.balls_file, BALLS).to_pylist()
    strokes = list(simulate(SETTINGS, seed=SEED))
    assert len(strokes) == len(balls) >= 6
    for shown, ball in zip(strokes, balls, strict=True):
        told = (shown.stroke, shown.scene.batter.hand, shown.view, shown.truth.shot.camera, shown.truth.shot.is_replay)
        assert told == tuple(ball[name] for name in ("stroke", "handedness", "view", "camera", "is_replay"))
        assert (shown.impact_s, shown.span.start_s, shown.span.end_s) == (
            ball["impact_s"], ball["start_s"], ball["end_s"],
        )  # fmt: skip
        np.testing.assert_array_equal(shown.box_4, [ball[f"box_{corner}"] for corner in ("x1", "y1", "x2", "y2")])
        stem = Path(ball["video"]).stem
        (pose,) = (p for p in world.truth.poses(stem) if p.track_id == 0 and p.shot_id == ball["shot_id"])
        assert shown.striker is not None
        np.testing.assert_array_equal(pose.keypoints_TJC[..., :2], shown.striker.pixels_TJ2.astype(np.float32))
        np.testing.assert_array_equal(pose.boxes_T4, shown.striker.boxes_T4.astype(np.float32))
        np.testing.assert_array_equal(pose.camera_T3, shown.truth.camera_T3.astype(np.float32))


@pytest.mark.parametrize("part", SETTINGS.parts)
def test_the_striker_alone_is_who_they_are_among_everybody(part):
    match = plan_match(SETTINGS, seed=SEED, part=part, number=0)
    everybody, alone = simulate_match(match), simulate_match(match, roles=("striker",), only_strokes=True)
    assert {person.role for shot in alone.shots for person in shot.people} == {"striker"}
    assert len(alone.shots) < len(everybody.shots) or part != "b"
    for one, other in zip(alone.strokes(), everybody.strokes(), strict=True):
        assert one.truth.number == other.truth.number
        np.testing.assert_array_equal(one.striker.points_TJ3, other.striker.points_TJ3)
        np.testing.assert_array_equal(one.striker.pixels_TJ2, other.striker.pixels_TJ2)
        np.testing.assert_array_equal(one.striker.boxes_T4, other.striker.boxes_T4)
        assert np.isnan(one.truth.ball_T3).all() and np.isfinite(other.truth.ball_T3[-1]).all()


def test_nothing_is_drawn(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("drawn")

    for module, name in ((raster, "draw"), (scenery, "paint"), (cv2, "fillConvexPoly"), (cv2, "cvtColor")):
        monkeypatch.setattr(module, name, refuse)
    assert len(list(itertools.islice(simulate(SETTINGS, seed=2), 4))) == 4


def test_times_count_from_impact_and_the_batter_swings_then():
    for shown in itertools.islice(simulate(SETTINGS, seed=5), 6):
        assert shown.stroke in STROKES
        wrist_T3 = shown.striker.points_TJ3[:, INDEX["right_wrist"]]
        assert shown.truth.times_T.shape == (len(wrist_T3),)
        frame = int(np.abs(shown.truth.times_T).argmin())
        shown_s = (shown.truth.first_frame + frame) / SETTINGS.fps
        assert abs(shown_s - shown.impact_s) <= 0.5 / SETTINGS.fps + 1e-9
        speed = np.linalg.norm(np.diff(wrist_T3, axis=0), axis=1)
        if shown.stroke != "leave" and not shown.truth.shot.is_replay:
            times_T = shown.truth.times_T[1:]
            assert speed[np.abs(times_T) < 0.4].mean() > 3 * speed[times_T < -1.0].mean()


def test_another_seed_is_another_world():
    first, second = ([shown.stroke for shown in simulate(SETTINGS, seed=seed)] for seed in (1, 2))
    assert first != second


def test_the_frames_that_a_wipe_touches_are_a_shot_between_two_others(world):
    num_wipes = 0
    for part in SETTINGS.parts:
        match = plan_match(SETTINGS, seed=SEED, part=part, number=0)
        shots = read_shots(world.truth.file(match.match_id, "shots"))
        planned = [number for number, shot in enumerate(match.shots) if shot.transition == "wipe"]
        wipes = [index for index, shot in enumerate(shots) if shot.transition == "wipe"]
        assert len(shots) == len(match.shots) + len(planned) and len(wipes) == len(planned)
        for index, number in zip(wipes, planned, strict=True):
            before, wipe, after = shots[index - 1 : index + 2]
            middle = match.first_frames[number]
            assert wipe.view == "other" and not wipe.is_replay and after.transition == "cut"
            assert wipe.last_frame - wipe.first_frame + 1 == match.broadcaster.wipe_frames
            assert middle - wipe.first_frame in (wipe.last_frame + 1 - middle, wipe.last_frame - middle)
            assert (before.last_frame + 1, wipe.last_frame + 1) == (wipe.first_frame, after.first_frame)
            assert (before.span.end_s, wipe.span.end_s) == (wipe.span.start_s, after.span.start_s)
            assert wipe.span.end_s == pytest.approx((wipe.last_frame + 1) / match.fps)
        num_wipes += len(planned)
    assert num_wipes > 0
