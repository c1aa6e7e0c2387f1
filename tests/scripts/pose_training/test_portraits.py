"""Single frames of many matches, for training."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scripts.pose_training.portraits import Portrait, portraits

from slowpaths.world.camera.match import plan_match
from slowpaths.world.picture.studio import Studio
from slowpaths.world.world_settings import PartSettings, WorldSettings


@pytest.fixture(scope="module")
def some() -> list[Portrait]:
    return list(itertools.islice(portraits(seed=5, num_frames=70), 70))


def test_the_same_seed_gives_the_same_frames(some):
    again = list(portraits(seed=5, num_frames=3))
    assert len(again) == 3
    for one, other in zip(some, again, strict=False):
        assert (one.frame_HWC == other.frame_HWC).all()
        np.testing.assert_array_equal(one.joints_PJ2, other.joints_PJ2)
    (different,) = portraits(seed=6, num_frames=1)
    assert different.frame_HWC.shape != some[0].frame_HWC.shape or (different.frame_HWC != some[0].frame_HWC).any()


def test_matches_look_different(some):
    assert len({portrait.camera for portrait in some}) >= 3
    by_match = [portrait.frame_HWC.mean(axis=(0, 1)) for portrait in (some[0], some[-1])]
    assert np.abs(by_match[0] - by_match[1]).max() > 4


def test_people_have_joints_inside_their_boxes_and_one_is_the_striker(some):
    for portrait in some:
        assert portrait.joints_PJ2.shape == (len(portrait.roles_P), 17, 2)
        assert portrait.boxes_P4.shape == (len(portrait.roles_P), 4)
        assert portrait.roles_P.count("striker") <= 1
        low_N2, high_N2 = portrait.joints_PJ2.min(axis=1), portrait.joints_PJ2.max(axis=1)
        assert (low_N2 >= portrait.boxes_P4[:, :2] - 1).all() and (high_N2 <= portrait.boxes_P4[:, 2:] + 1).all()
    assert sum("striker" in portrait.roles_P for portrait in some) > 40


def test_held_out_frames_come_from_the_ground_that_is_kept_out(monkeypatch):
    seen = []
    film = Studio.glimpse

    def watched(self, number, frames_T):
        seen.append((self.match.venue.name, self.match.broadcaster.name))
        return film(self, number, frames_T)

    monkeypatch.setattr(Studio, "glimpse", watched)
    list(portraits(seed=1, num_frames=2, is_held_out=True))
    list(portraits(seed=1, num_frames=2))
    venues, stations = zip(*seen, strict=True)
    assert set(venues[:1]) <= {"westdown", "academy_nets"} and stations[0] == "Fox Overseas"
    assert venues[-1] == "any" and stations[-1] == "Any"


def test_a_glimpse_shows_what_the_whole_shot_shows():
    part = PartSettings(
        mode="nets", balls_per_match=1, width=96, height=64, num_batters=2,
        venues=("academy_nets",), cameras=("nets_static",),
    )  # fmt: skip
    match = plan_match(WorldSettings(name="g", parts={"n": part}), seed=3, part="n", number=0)
    whole, glimpse = Studio(match), Studio(match)
    frames = list(whole.film())
    chosen = np.array([10, 40])
    for frame, seen in zip(chosen, glimpse.glimpse(0, chosen), strict=True):
        # The noise of the sensor is drawn anew; everything else is the same.
        assert np.corrcoef(frames[frame].ravel(), seen.ravel())[0, 1] > 0.9
    for one, other in zip(whole.truths[0].people, glimpse.truths[0].people, strict=True):
        np.testing.assert_allclose(one.pixels_TJ2[chosen], other.pixels_TJ2, atol=1e-3)
