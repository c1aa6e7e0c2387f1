"""A whole small world: videos, truth that agrees with itself and with the pictures, the same bytes again."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.skeleton import INDEX
from slowpaths.store.ledger import read_ledger
from slowpaths.store.schema import SHOTS
from slowpaths.store.tables import concat_tables, read_poses, read_table
from slowpaths.world.build import build_world
from slowpaths.world.truth_tables import BALLS, FRAMES, JOINTS
from slowpaths.world.world_settings import PartSettings, WorldSettings

SETTINGS = WorldSettings(
    name="test",
    fps=10,
    parts={
        "c": PartSettings(mode="clip", balls_per_match=2, width=64, height=64, num_batters=2),
        "t": PartSettings(balls_per_match=1, width=128, height=72, num_batters=2, broadcasters=("Willow Park",)),
    },
)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "w"
    build_world(settings=SETTINGS, out=folder, seed=3)
    return folder


def frames_of(path: Path) -> np.ndarray:
    with av.open(path) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_the_folder_holds_videos_truth_and_a_ledger(world):
    assert sorted(path.name for path in world.glob("*.mp4")) == ["c01.mp4", "t01.mp4"]
    with (world / "truth" / "truth.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len([row for row in rows if row["is_replay"] == "0"]) == 3
    assert all(float(row["start_s"]) < float(row["impact_s"]) < float(row["end_s"]) for row in rows)
    (entry,) = read_ledger(world)
    assert entry.counts["videos"] == 2 and entry.seed == 3


@pytest.mark.parametrize("stem", ["c01", "t01"])
def test_the_truth_covers_every_frame_of_the_video(world, stem):
    pictures = frames_of(world / f"{stem}.mp4")
    shots = read_table(world / "truth" / f"{stem}.shots.parquet", SHOTS).to_pylist()
    assert shots[0]["first_frame"] == 0 and shots[-1]["last_frame"] == len(pictures) - 1
    assert all(a["last_frame"] + 1 == b["first_frame"] for a, b in pairwise(shots))
    assert read_table(world / "truth" / f"{stem}.frames.parquet", FRAMES).num_rows == len(pictures)
    poses = read_poses(world / "truth" / f"{stem}.poses.parquet")
    joints = read_table(world / "truth" / f"{stem}.joints.parquet", JOINTS)
    assert joints.num_rows == sum(len(track.pts_s) for track in poses)
    video_ids = {track.video_id for track in poses} | {shot["video_id"] for shot in shots}
    assert len(video_ids) == 1 and next(iter(video_ids)).startswith(stem)


def test_the_striker_is_where_the_truth_says(world):
    pictures = frames_of(world / "c01.mp4").astype(float)
    ball = read_table(world / "truth" / "c01.balls.parquet", BALLS).to_pylist()[0]
    assert 0 <= ball["box_x1"] < ball["box_x2"] <= 64 and 20 < ball["box_y2"] - ball["box_y1"] < 60
    track = next(t for t in read_poses(world / "truth" / "c01.poses.parquet") if t.track_id == 0)
    frame = int(np.argmin(np.abs(track.pts_s - ball["impact_s"])))
    hip = track.keypoints_TJC[frame, [INDEX["left_hip"], INDEX["right_hip"]], :2].mean(axis=0).round().astype(int)
    picture = pictures[track.frames_T[frame]]
    grass = np.median(picture[:, :4].reshape(-1, 3), axis=0)
    assert np.abs(picture[hip[1], hip[0]] - grass).max() > 25


def test_release_bounce_and_impact_come_in_order_and_the_ball_is_at_the_bat(world):
    for row in read_table(world / "truth" / "balls.parquet", BALLS).to_pylist():
        assert row["release_s"] < row["bounce_s"] < row["impact_s"]
    frames = read_table(world / "truth" / "c01.frames.parquet", FRAMES).to_pylist()
    nearest = min((row for row in frames if not np.isnan(row["action_s"])), key=lambda row: abs(row["action_s"]))
    assert 0.5 < nearest["ball"][1] < 3.0  # at the popping crease, metres before the stumps


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_two_builds_have_the_same_bytes_however_many_workers(world, tmp_path, workers):
    build_world(settings=SETTINGS, out=tmp_path / "again", seed=3, workers=workers)
    for path in sorted(world.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(world)).read_bytes(), path.name


def test_a_killed_build_goes_on_where_it_was(world, tmp_path):
    folder = tmp_path / "w"
    first = replace(SETTINGS, parts={"c": SETTINGS.parts["c"]})
    build_world(settings=first, out=folder, seed=3)
    before = (folder / "c01.mp4").stat().st_mtime_ns
    (folder / "truth" / "balls.parquet").unlink()
    build_world(settings=first, out=folder, seed=3)
    assert (folder / "c01.mp4").stat().st_mtime_ns == before
    assert read_table(folder / "truth" / "balls.parquet", BALLS).num_rows == 2


def test_a_video_that_is_gone_is_filmed_again(world, tmp_path):
    folder = tmp_path / "w"
    first = replace(SETTINGS, parts={"c": SETTINGS.parts["c"]})
    build_world(settings=first, out=folder, seed=3)
    (folder / "c01.mp4").unlink()
    build_world(settings=first, out=folder, seed=3)
    assert (folder / "c01.mp4").read_bytes() == (world / "c01.mp4").read_bytes()


def test_another_world_and_a_full_folder_are_refused(world, tmp_path):
    with pytest.raises(UsageError, match="holds another world"):
        build_world(settings=SETTINGS, out=world, seed=4)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty and holds no world"):
        build_world(settings=SETTINGS, out=tmp_path, seed=3)
    with pytest.raises(UsageError, match="is a file"):
        build_world(settings=SETTINGS, out=tmp_path / "notes.txt", seed=3)


@pytest.mark.parametrize("seed", [1.5, "7", True, -1, None])
def test_a_seed_that_is_no_whole_number_is_refused(seed, tmp_path):
    with pytest.raises(UsageError, match="the seed must be a whole number"):
        build_world(settings=SETTINGS, out=tmp_path / "w", seed=seed)
    assert not (tmp_path / "w").exists()


def test_empty_shards_still_make_a_table():
    assert concat_tables([], SHOTS).num_rows == 0
