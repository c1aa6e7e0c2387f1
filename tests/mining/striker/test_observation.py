"""Looking closely at a made shot: repeats, camera, tracks with dense boxes, flow."""

from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest
from tests.factories import moving_scene
from tests.mining.contexts import shot_context

from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.striker.observation import Observation, observe, repeats
from slowpaths.mining.striker.person_flow import CELLS
from slowpaths.pose.protocol import People, no_keypoints

FPS = 25
SETTINGS = MiningSettings(detect_fps=5.0)


class Tape:
    """A decoder over pictures in memory."""

    def __init__(self, frames_THWC, fps=FPS):
        self._frames = frames_THWC
        self.pts_s = np.arange(len(frames_THWC)) / fps
        self.height, self.width = frames_THWC.shape[1:3]

    def __len__(self):
        return len(self._frames)

    def iterate(self, *, start=0, stop=None, step=1, height=None):
        for index in range(start, len(self) if stop is None else stop, step):
            frame = self._frames[index]
            if height not in (None, self.height):
                frame = cv2.resize(frame, (round(self.width * height / self.height), height))
            yield index, frame


class OnePerson:
    """Detects one person whose box moves a fixed way, and counts its calls."""

    name, reason, has_keypoints_in_detect = "one", "", False

    def __init__(self, box_at):
        self._box_at, self.detected, self.posed = box_at, [], []

    def detect(self, frames_THWC, *, at):
        self.detected += at.indices_T.tolist()
        boxes = [np.array([self._box_at(index)]) * at.scale for index in at.indices_T]
        return [People(boxes_N4=box, scores_N=np.ones(1), keypoints_NJC=no_keypoints(1)) for box in boxes]

    def keypoints(self, frames_THWC, boxes, *, at):
        self.posed += at.indices_T.tolist()
        poses = []
        for box in boxes:
            pose = np.ones((1, 17, 3))
            pose[..., :2] = (box[:, None, :2] + box[:, None, 2:]) / 2
            poses.append(pose)
        return poses


def look_at(frames, pose, settings=SETTINGS, **where) -> Observation:
    observation = observe(shot_context(Tape(frames), pose=pose, settings=settings, **where))
    assert observation is not None
    return observation


def still_box(_):
    return [80.0, 30.0, 110.0, 90.0]


def _noise(num, height=108, width=192):
    rng = np.random.default_rng(5)
    return rng.integers(0, 3, (num, height, width, 3)).astype(np.uint8)


def test_people_are_looked_for_on_a_grid_and_boxed_on_every_frame():
    pose = OnePerson(lambda index: [60.0 + index, 30.0, 90.0 + index, 90.0])
    observed = look_at(moving_scene(num_frames=26, seed=0) + _noise(26), pose)
    assert len(pose.detected) <= 7
    (track,) = observed.tracks
    assert track.frames_T.tolist() == list(range(26))
    assert track.boxes_T4[:, 0] == pytest.approx(60.0 + np.arange(26), abs=0.5)
    joints = observed.joints(track)
    assert pose.posed == list(range(26))
    assert joints.keypoints_TJC[10, 0, 0] == pytest.approx(85.0, abs=0.5)


def test_the_camera_is_followed_and_boxes_with_it():
    pan = 2.0
    frames = moving_scene(num_frames=21, seed=1, pan_px=pan)
    pose = OnePerson(lambda index: [90.0 - pan * index, 30.0, 120.0 - pan * index, 90.0])  # somebody standing still
    observed = look_at(frames, pose)
    assert observed.camera_T3[-1, 0] == pytest.approx(20 * pan, abs=2.0)
    assert np.median(observed.pan_T[1:]) == pytest.approx(pan * FPS / 108, rel=0.1)
    (track,) = observed.tracks
    assert track.boxes_T4[13, 0] == pytest.approx(90.0 - 13 * pan, abs=1.5)


def test_reduced_pictures_give_full_size_pixels():
    frames = moving_scene(num_frames=11, seed=2, pan_px=4.0, width=384, height=216)
    box = [160.0, 60.0, 220.0, 180.0]
    observed = look_at(frames, OnePerson(lambda _: box), settings=replace(SETTINGS, work_height=108))
    assert observed.tracks[0].boxes_T4[0] == pytest.approx(box, abs=0.5)
    assert observed.camera_T3[-1, 0] == pytest.approx(40.0, abs=4.0)
    assert observed.context.footage.picture_size == (384, 216)
    assert observed.joints(observed.tracks[0]).keypoints_TJC[0, 0, :2] == pytest.approx([190.0, 120.0], abs=1.0)


def test_repeated_pictures_are_left_out():
    fresh = moving_scene(num_frames=20, seed=3, pan_px=3.0)
    twice = np.repeat(fresh, 2, axis=0) + _noise(40) // 2
    look = look_at(twice, OnePerson(still_box))
    assert look.frames_T.tolist() == list(range(0, 40, 2))


def test_a_quiet_scene_has_no_repeats():
    still = np.repeat(moving_scene(num_frames=1, seed=4), 20, axis=0).astype(np.int16)
    noisy = (still + np.random.default_rng(0).normal(0, 2, still.shape)).clip(0, 255).astype(np.uint8)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in noisy]
    assert not repeats(greys).any()
    assert repeats(greys[:1]).tolist() == [False]


def test_fast_footage_is_thinned_and_a_piece_keeps_its_frames():
    frames = moving_scene(num_frames=40, seed=5, pan_px=1.0)
    context = shot_context(
        Tape(frames, fps=60), first_frame=10, last_frame=29, pose=OnePerson(still_box), settings=SETTINGS
    )
    look = observe(context)
    assert look.frames_T.min() == 10 and look.frames_T.max() <= 29
    assert np.diff(look.frames_T).min() == 2


def swinging(num, *, swing, pan_px=0.0):
    """A scene with a dark bar beside a person that moves from frame to frame where `swing` says so."""
    frames = moving_scene(num_frames=num, seed=6, pan_px=pan_px) + _noise(num)
    place = 0.0
    for index in range(num):
        place += swing[index]
        left = round(96 + place - pan_px * index)
        frames[index, 40:70, left : left + 8] = (15, 15, 15)
    return frames


def test_flow_tells_a_swing_from_a_pan():
    swing = np.zeros(20)
    swing[10:13] = 3.0
    for pan_px in (0.0, 2.0):
        pose = OnePerson(lambda index, pan_px=pan_px: [80.0 - pan_px * index, 30.0, 110.0 - pan_px * index, 90.0])
        observed = look_at(swinging(20, swing=swing, pan_px=pan_px), pose)
        flow = observed.flow(observed.tracks[0])
        energy, horizontal = flow.energy_T, flow.horizontal_T
        assert np.isnan(energy[0])
        assert np.nanargmax(energy) in (10, 11, 12)
        assert np.nanmax(energy) > 4 * np.nanmedian(energy)
        assert horizontal[np.nanargmax(energy)] > 0.8


def test_a_movement_from_one_frame_to_the_next_lies_between_them():
    swing = np.zeros(20)
    swing[10] = 6.0  # the bar jumps between frames 9 and 10
    observed = look_at(swinging(20, swing=swing), OnePerson(still_box))
    energy = observed.flow(observed.tracks[0]).energy_T
    assert observed.between_s[np.nanargmax(energy)] == pytest.approx(9.5 / FPS)


def test_flow_that_is_known_is_not_looked_at_again():
    look = look_at(swinging(20, swing=np.full(20, 2.0)), OnePerson(still_box))
    track = look.tracks[0]
    every = look.flow(track)
    some = look.flow(track, every_s=0.2)
    rows = [0, 5, 10, 15, 19]
    assert np.isfinite(some.energy_T).nonzero()[0].tolist() == rows[1:]
    looks = (every, some, look.flow(track, known=some))
    for whole, part, rest in zip(*(asdict(one).values() for one in looks), strict=True):
        np.testing.assert_array_equal(whole[rows], part[rows])
        np.testing.assert_array_equal(whole, rest)
    told = replace(every, energy_T=np.full(20, 7.0))
    assert look.flow(track, known=told).energy_T.tolist() == [7.0] * 20


def test_joints_that_are_known_are_not_looked_for_again():
    pose = OnePerson(still_box)
    look = look_at(swinging(20, swing=np.full(20, 2.0)), pose)
    some = look.joints(look.tracks[0], every_s=0.4)
    assert np.isfinite(some.keypoints_TJC[:, 0, 0]).nonzero()[0].tolist() == [0, 10, 19]
    every = look.joints(some)
    assert pose.posed == [0, 10, 19, *(frame for frame in range(20) if frame not in (0, 10, 19))]
    assert np.isfinite(every.keypoints_TJC[:, 0, 0]).all()


def test_what_moves_in_the_box_of_another_is_not_ours():
    swing = np.zeros(20)
    swing[10:13] = 3.0
    look = look_at(swinging(20, swing=swing), OnePerson(lambda _: [30.0, 30.0, 60.0, 90.0]))
    mine = look.tracks[0]
    other = replace(mine, boxes_T4=np.tile([80.0, 30.0, 125.0, 90.0], (len(mine.frames_T), 1)), track_id=1)
    wide = replace(mine, boxes_T4=np.tile([30.0, 30.0, 75.0, 90.0], (len(mine.frames_T), 1)))
    moved = replace(wide, boxes_T4=wide.boxes_T4 + np.array([20, 0, 20, 0]))
    alone = replace(look, tracks=[]).flow(moved)
    beside = replace(look, tracks=[mine, other]).flow(moved)
    assert np.nanmax(beside.energy_T) < 0.5 * np.nanmax(alone.energy_T)


def test_cells_say_where_and_which_way_the_picture_moves():
    """A bar to the right of a person moves right by three pixels a frame for three frames, then stays."""
    swing = np.zeros(20)
    swing[10:13] = 3.0
    look = look_at(swinging(20, swing=swing), OnePerson(lambda _: [60.0, 30.0, 90.0, 90.0]))
    cells_TYXV = look.flow(look.tracks[0]).cells_TYXV
    assert cells_TYXV.shape == (20, *CELLS, 4) and np.isnan(cells_TYXV[0]).all()
    speed_YX, right_YX, down_YX, fast_YX = np.moveaxis(np.nanmean(cells_TYXV[10:13], axis=0), -1, 0)
    # the reach goes from 39 to 111 across and from 18 to 90 down; the bar is 8 wide and spans 40 to 70 down
    row, column = np.unravel_index(np.nanargmax(speed_YX), CELLS)
    assert row in (1, 2, 3) and column == 3
    assert (
        right_YX[row, column] > 0.8 * speed_YX[row, column] and abs(down_YX[row, column]) < 0.2 * speed_YX[row, column]
    )
    assert fast_YX[row, column] > 1.2 * speed_YX[row, column]
    assert np.nanmax(speed_YX[:, 0]) < 0.1 * speed_YX[row, column]
    assert np.nanmax(cells_TYXV[15:, ..., 0]) < 0.1 * speed_YX[row, column]


def test_cells_outside_the_picture_or_of_somebody_else_are_unknown():
    swing = np.full(20, 2.0)
    look = look_at(swinging(20, swing=swing), OnePerson(lambda _: [2.0, 30.0, 22.0, 90.0]))
    mine = look.tracks[0]
    assert np.isnan(look.flow(mine).cells_TYXV[1:, :, 0]).all()  # the reach begins 24 pixels left of the picture
    assert np.isfinite(look.flow(mine).cells_TYXV[1:, :, 2:]).all()
    other = replace(mine, boxes_T4=np.tile([28.0, 0.0, 150.0, 108.0], (20, 1)), track_id=1)
    assert np.isnan(replace(look, tracks=[mine, other]).flow(mine).cells_TYXV[1:, :, 3]).all()


def test_without_stabilising_the_camera_is_seen_but_not_taken_out():
    pan_px = 2.0
    pose = OnePerson(lambda index: [80.0 - pan_px * index, 30.0, 110.0 - pan_px * index, 90.0])
    frames = moving_scene(num_frames=21, seed=1, pan_px=pan_px)
    observed = look_at(frames, pose, settings=replace(SETTINGS, stabilise=False))
    assert np.median(observed.pan_T[1:]) == pytest.approx(pan_px * FPS / 108, rel=0.1)
    assert not observed.camera_T3.any() and not observed.tracks[0].camera_T3.any()
