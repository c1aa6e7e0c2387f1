"""Skeletons of the review page lie where the crop of the clip puts them."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from slowpaths.apps._overlay import skeleton_films, skeletons
from slowpaths.core.records import Box, Delivery, PoseTrack, Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.store import tables
from slowpaths.store.mined_folder import ClipSpec, MinedFolder
from slowpaths.store.schema import POSES
from slowpaths.video.open import open_video
from slowpaths.video.write import write_clip


@pytest.fixture
def mined(tmp_path) -> MinedFolder:
    """Return a folder with somebody who stands still, 100 pixels wide and 200 high about (400, 300), for 60 frames."""
    folder = MinedFolder(tmp_path)
    joints_TJC = np.tile(np.array([400.0, 300.0, 0.9]), (60, 17, 1))
    joints_TJC[:, 0, 1] = 220.0  # the nose, a quarter of the crop's side above its middle
    joints_TJC[:, 1, 2] = 0.1  # an eye that is not sure
    joints_TJC[:, 2, 0] = 900.0  # one outside the clip
    track = PoseTrack(
        video_id="v", shot_id="s", track_id=0, frames_T=np.arange(60), pts_s=np.arange(60) / 25,
        keypoints_TJC=joints_TJC,
        boxes_T4=np.tile([350.0, 200.0, 450.0, 400.0], (60, 1)), camera_T3=np.zeros((60, 3)),
    )  # fmt: skip
    span = Span(0.0, 2.4)
    delivery = Delivery(
        delivery_id="v-d1", video_id="v", shot_id="s", span=span, impact_s=1.2, impact_uncertainty_s=0.1, event_p=1.0,
        view="pitch_endon", handedness_p=0.9, box=Box(x1=350, y1=200, x2=450, y2=400),
    )  # fmt: skip
    video = VideoRef(video_id="v", path="v.mp4", fps=Fraction(25), num_frames=60, duration_s=2.4, width=800, height=600)
    shot = Shot(shot_id="s", video_id="v", span=span, first_frame=0, last_frame=59)
    folder.write_mined(footage=[video], shots=[shot], deliveries=[delivery], poses=[track])
    return folder


def joints_of(mined: MinedFolder) -> np.ndarray:
    drawn = skeletons(mined, ["v-d1", "unknown"])
    assert set(drawn) == {"v-d1"}
    return np.frombuffer(base64.b64decode(drawn["v-d1"]), dtype=np.uint8).reshape(52, 17, 2)


def test_joints_lie_where_the_crop_puts_them(mined):
    joints_TJ2 = joints_of(mined)
    middle, quarter = 1 + round(254 * 0.5), 1 + round(254 * 0.25)  # the crop is 1.6 * 200 = 320 pixels wide
    assert joints_TJ2[30, 5].tolist() == [middle, middle]
    assert joints_TJ2[30, 0].tolist() == [middle, quarter]
    assert joints_TJ2[30, 1].tolist() == joints_TJ2[30, 2].tolist() == [0, 0]


def test_the_clip_lies_about_the_impact_as_mined_and_as_the_folder_was_set(mined):
    before = joints_of(mined)
    (delivery,) = mined.deliveries()
    tables.write_deliveries(mined.moved_file, [delivery])
    tables.write_deliveries(mined.path / "deliveries.parquet", [replace(delivery, impact_s=0.6)])
    np.testing.assert_array_equal(joints_of(mined), before)
    mined.configuration_file.write_text(json.dumps({"mining": {"crop_scale": 3.2, "other": 1}}))
    assert joints_of(mined)[30, 0].tolist() == [128, 1 + round(254 * 0.375)]


def test_without_poses_there_are_none(mined):
    mined.file(POSES).unlink()
    assert skeletons(mined, ["v-d1"]) == {}


def test_a_film_shows_the_joints_over_the_clip(mined, tmp_path):
    grey = np.full((52, 64, 64, 3), 60, dtype=np.uint8)
    write_clip(mined.clip_file("v-d1"), grey, fps=25)
    mined.describe(clip=ClipSpec(fps=25, num_frames=52, size=64, impact_frame=30))
    films = skeleton_films(["v-d1"], folder=mined, into=tmp_path)
    assert films == {"v-d1": tmp_path / "v-d1.mp4"}
    with open_video(films["v-d1"]) as decoder:
        frames = decoder.frames(range(52)).astype(int)
    changed_HW = np.abs(frames[30] - 60).max(axis=2) > 40
    assert changed_HW[29:36, 29:36].any()  # where every joint but the nose lies, and no limb leads to the nose
    assert not changed_HW[:24].any() and not changed_HW[41:].any()
    mined.file(POSES).unlink()
    assert skeleton_films(["v-d1"], folder=mined, into=tmp_path) == {"v-d1": mined.clip_file("v-d1")}
