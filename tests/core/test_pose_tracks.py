"""The batter's track is the one with the delivery's box at its impact."""

from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.mined import delivery

from slowpaths.core.pose_tracks import rows_of, striker_of
from slowpaths.core.records import Box, PoseTrack

AT = replace(delivery("v", 2.0), box=Box(x1=10.0, y1=10.0, x2=30.0, y2=90.0))


def track(track_id: int, *, left: float = 10.0, first_s: float = 1.0, num: int = 50) -> PoseTrack:
    frames_T = np.arange(num) + round(first_s * 25)
    return PoseTrack(
        video_id="v", shot_id="s", track_id=track_id, frames_T=frames_T, pts_s=frames_T / 25,
        keypoints_TJC=np.full((num, 17, 3), float(track_id)), camera_T3=np.zeros((num, 3)),
        boxes_T4=np.tile([left, 10.0, left + 20.0, 90.0], (num, 1)),
    )  # fmt: skip


def test_nobody_where_there_is_no_track():
    assert striker_of(AT, []) is None


def test_who_has_the_box_is_the_striker_and_who_is_not_seen_is_not():
    unseen = track(3)
    unseen = replace(unseen, boxes_T4=np.full_like(unseen.boxes_T4, np.nan))
    assert striker_of(AT, [unseen, track(1, left=200.0), track(0)]).track_id == 0
    assert striker_of(AT, [unseen]).track_id == 3  # nobody else


def test_a_track_of_another_stroke_at_the_same_place_gives_way_to_the_one_at_the_impact():
    earlier, own = track(1, first_s=0.0, num=25), track(2, left=14.0)
    assert striker_of(AT, [earlier, own]).track_id == 2
    assert striker_of(AT, [earlier]).track_id == 1


def test_frames_that_a_table_repeats_count_once():
    twice = rows_of(track(0), np.tile(np.arange(50), 2))
    assert striker_of(AT, [twice]).frames_T.tolist() == track(0).frames_T.tolist()
    assert striker_of(AT, [twice]).pts_s == pytest.approx(track(0).pts_s)
