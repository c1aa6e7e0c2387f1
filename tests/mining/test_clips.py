"""Clips: which frame is shown when, and which part of it."""

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.core.records import PoseTrack, Shot
from slowpaths.core.spans import Span
from slowpaths.mining.clips import crop_square, cut_clip, frames_at, plan_crop, save_clip
from slowpaths.mining.settings import MiningSettings

SETTINGS = MiningSettings()
FPS = 25.0


def walking_track(num=60, *, height=100.0, speed=2.0):
    frames = np.arange(num)
    left = 50.0 + speed * frames
    boxes = np.stack([left, np.full(num, 40.0), left + 40.0, np.full(num, 40.0 + height)], axis=1)
    return PoseTrack(
        video_id="v",
        shot_id="v-s0000",
        track_id=0,
        frames_T=frames,
        pts_s=frames / FPS,
        keypoints_TJC=np.full((num, 17, 3), np.nan),
        boxes_T4=boxes,
        camera_T3=np.zeros((num, 3)),
    )


def plan(track, impact_s, *, pts_s=None, first=0, last=59, settings=SETTINGS):
    pts_s = np.arange(60) / FPS if pts_s is None else pts_s
    shot = Shot(shot_id="s", video_id="v", span=Span(0, 9), first_frame=first, last_frame=last)
    return plan_crop(track, shot=shot, impact_s=impact_s, pts_s=pts_s, settings=settings)


def test_a_clip_has_52_frames_with_the_impact_at_30():
    crop = plan(walking_track(), 1.2)
    assert len(crop.frames_T) == 52
    assert crop.frames_T[30] == 30  # 1.2 s at 25 frames a second
    assert (np.diff(crop.frames_T) == 1)[:29].all()


def test_frames_repeat_at_the_ends_of_the_shot_and_never_cross_them():
    crop = plan(walking_track(), 1.0, first=10, last=40)
    assert crop.frames_T.min() == 10 and crop.frames_T.max() == 40
    assert (crop.frames_T[:10] == 10).all() and (crop.frames_T[-5:] == 40).all()


@pytest.mark.parametrize("fps", [10.0, 30.0, 50.0])
def test_other_frame_rates_show_the_nearest_frame(fps):
    pts_s = np.arange(round(4 * fps)) / fps
    times_s = np.arange(52) / 25 + 0.5
    frames = frames_at(times_s, pts_s, first_frame=0, last_frame=len(pts_s) - 1)
    assert np.abs(pts_s[frames] - times_s).max() <= 0.5 / fps + 1e-9


def test_times_need_not_increase():
    frames = frames_at(np.array([0.0, 0.1, 0.2]), np.array([0.0, 0.2, 0.1, 0.1]), first_frame=0, last_frame=3)
    assert frames[0] == 0 and frames[1] in (2, 3) and frames[2] == 1


def test_the_crop_follows_the_batter_with_one_size():
    crop = plan(walking_track(), 1.2)
    assert np.ptp(crop.sides_T) == 0
    assert crop.sides_T[0] == pytest.approx(1.6 * 100.0)
    expected = 50.0 + 2.0 * np.clip(crop.frames_T, 0, 59) + 20.0
    assert crop.centres_T2[:, 0] == pytest.approx(expected, abs=0.5)
    assert crop.centres_T2[:, 1] == pytest.approx(90.0)


def test_jitter_of_the_detector_is_smoothed():
    track = walking_track(speed=0.0)
    rng = np.random.default_rng(0)
    shaky = replace(track, boxes_T4=track.boxes_T4 + 6.0 * rng.standard_normal((60, 1)))
    crop = plan(shaky, 1.2)
    assert np.abs(np.diff(crop.centres_T2[:, 0])).max() < 2.5


def test_squares_beyond_the_edge_repeat_the_border():
    frame = np.zeros((40, 60, 3), np.uint8)
    frame[:, :5] = 200
    square = crop_square(frame, centre_xy=np.array([0.0, 20.0]), side=40.0, side_px=40)
    assert (square[:, :24] == 200).all()
    assert (square[:, 26:] == 0).all()


@pytest.mark.parametrize("side", [20.0, 64.0, 150.0])
def test_the_centre_stays_in_the_middle_whatever_the_scale(side):
    frame = np.zeros((120, 160, 3), np.uint8)
    frame[58:63, 88:93] = 255
    square = crop_square(frame, centre_xy=np.array([90.0, 60.0]), side=side, side_px=64)
    rows, columns = np.nonzero(square[..., 0] > 60)
    assert rows.mean() == pytest.approx(31.5, abs=1.5) and columns.mean() == pytest.approx(31.5, abs=1.5)


class Tape:
    """A decoder whose frame i is grey value i, and that counts what it is asked for."""

    height, width = 90, 160

    def __init__(self, num):
        self.pts_s = np.arange(num) / FPS
        self.asked = []

    def frames(self, indices, *, height=None):
        self.asked += list(indices)
        return np.stack([np.full((self.height, self.width, 3), index, np.uint8) for index in indices])


def test_every_source_frame_is_read_once_and_shown_in_order():
    tape = Tape(60)
    crop = plan(walking_track(), 0.5)
    clip = cut_clip(tape, crop, side_px=32)
    assert clip.shape == (52, 32, 32, 3)
    assert clip[:, 16, 16, 0].tolist() == crop.frames_T.tolist()
    assert len(tape.asked) == len(set(tape.asked))


def test_saved_clips_are_the_same_bytes_every_time(tmp_path):
    crop = plan(walking_track(), 1.2)
    small = replace(SETTINGS, clip_px=64)
    save_clip(tmp_path / "a.mp4", Tape(60), crop, settings=small)
    save_clip(tmp_path / "b.mp4", Tape(60), crop, settings=small)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
