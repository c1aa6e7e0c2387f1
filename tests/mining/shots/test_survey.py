"""The first look at a video."""

import numpy as np
import pytest
from tests.factories import moving_scene
from tests.mining.contexts import video_context
from tests.mining.striker.test_observation import FPS, OnePerson, Tape, still_box

from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.survey import overlay_mask, survey


class WholeTape(Tape):
    """A tape that can also be read at random."""

    def frames(self, indices, *, height=None):
        return np.stack([next(self.iterate(start=index, height=height))[1] for index in indices])


def look(frames, pose, **settings):
    return survey(video_context(WholeTape(frames), pose=pose, settings=MiningSettings(**settings)))


def test_counts_people_twice_a_second_and_sees_every_frame():
    pose = OnePerson(still_box)
    seen = look(moving_scene(num_frames=75, seed=0, pan_px=1.0), pose, survey_looks=10)
    assert len(seen.thumbnails.of(0, 74)) == 75
    assert 5 <= len(pose.detected) <= 7
    assert list(seen.looks) == sorted(pose.detected)
    assert all(look.cues.num_people == 1 for look in seen.looks.values())


def test_measures_the_pan_and_zoom_of_the_camera():
    panned = look(moving_scene(num_frames=40, seed=1, pan_px=2.0), OnePerson(still_box))
    assert np.median([look.cues.pan for look in list(panned.looks.values())[1:]]) == pytest.approx(
        2.0 * FPS / 108, rel=0.15
    )
    zoomed = look(moving_scene(num_frames=40, seed=1, zoom=0.01), OnePerson(still_box))
    assert np.median([look.cues.zoom for look in list(zoomed.looks.values())[1:]]) == pytest.approx(
        0.01 * FPS, rel=0.15
    )


def test_graphics_do_not_hold_the_camera_still():
    frames = moving_scene(num_frames=60, seed=2, pan_px=2.0).copy()
    stripes = (np.indices((16, 120)).sum(axis=0) // 3 % 2 * 255).astype(np.uint8)
    frames[:, 88:104, 20:140] = stripes[None, ..., None]
    pans = [look.cues.pan for look in list(look(frames, OnePerson(still_box)).looks.values())[1:]]
    assert np.median(pans[1:]) == pytest.approx(2.0 * FPS / 108, rel=0.15)


def test_a_still_camera_has_no_graphics():
    still = np.repeat(moving_scene(num_frames=1, seed=3)[..., 0], 2, axis=0)
    assert not overlay_mask(list(still)).any()


def test_every_shot_is_looked_at_however_short():
    parts = [moving_scene(num_frames=num, seed=seed, pan_px=1.0) for num, seed in ((30, 4), (7, 5), (30, 6))]
    seen = look(np.concatenate(parts), OnePerson(still_box), survey_every_s=2.0)
    assert [cut.first_frame for cut in seen.boundaries] == [0, 30, 37]
    for shot in seen.boundaries:
        assert len(seen.looks_at(shot)) >= 1


def test_a_long_shot_is_looked_at_as_often_as_a_short_one_and_in_its_middle():
    parts = [moving_scene(num_frames=num, seed=seed, pan_px=1.0) for num, seed in ((120, 4), (20, 5), (300, 6))]
    pose = OnePerson(still_box)
    seen = look(np.concatenate(parts), pose, survey_every_s=0.2, survey_looks=4)
    assert [cut.first_frame for cut in seen.boundaries] == [0, 120, 140]
    assert sorted(pose.detected) == list(seen.looks)
    looked = [[index for index in seen.looks if cut.first_frame <= index <= cut.last_frame] for cut in seen.boundaries]
    assert len(looked[0]) == len(looked[2]) == 4 and 1 <= len(looked[1]) <= 4
    for cut, rows in zip(seen.boundaries[::2], looked[::2], strict=True):
        length = cut.last_frame - cut.first_frame
        assert all(0.2 < (row - cut.first_frame) / length < 0.8 for row in rows)
        assert rows[-1] - rows[0] > 0.3 * length
    assert max(np.diff(looked[2])) < 2 * min(np.diff(looked[2])) + 10
