"""A replay is placed by the ball it repeats: slower, from another side, without sound."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.mining.stick import IMPACT_S, stick_track

from slowpaths.core.records import PoseTrack
from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.oracle import NOTHING
from slowpaths.mining.pipeline import _strokes
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.replay_alignment import Heights, alignment_density

SWING = {"hands_velocity": (-1.5, 2.5), "moves": {"nose": (0.0, -0.3)}}


def slowed(track: PoseTrack, pace: float) -> PoseTrack:
    """Show the same at a pace, impact at the same time on the clock, and from the other side."""
    keypoints_TKC = track.keypoints_TKC.copy()
    keypoints_TKC[..., 0] = 640.0 - keypoints_TKC[..., 0]
    return replace(track, keypoints_TKC=keypoints_TKC, pts_s=IMPACT_S + (track.pts_s - IMPACT_S) / pace)


def density(replay: PoseTrack, live: PoseTrack, times_s: np.ndarray) -> np.ndarray:
    shown, known = Heights.of(replay), Heights.of(live)
    assert shown is not None and known is not None
    return alignment_density(times_s, replay=shown, live=known, live_impact_s=IMPACT_S)


@pytest.mark.parametrize("pace", [1.0, 0.5, 0.33])
def test_the_impact_lies_where_the_movement_fits(pace: float) -> None:
    live = stick_track(fps=25.0 / pace, **SWING)
    times_s = np.arange(IMPACT_S - 2.0, IMPACT_S + 2.0, STEP_S)
    found = density(slowed(live, pace), live, times_s)
    assert found.mean() == pytest.approx(1.0)
    assert abs(times_s[found.argmax()] - IMPACT_S) <= 0.08 / pace
    assert found[np.abs(times_s - IMPACT_S) > 0.4 / pace].sum() < 0.1 * found.sum()


def test_a_batter_who_stands_still_tells_nothing() -> None:
    still = stick_track(hands_velocity=(0.0, 0.0), hands_at_impact=(0.1, 0.2), hands_top=(0.1, 0.2))
    times_s = np.arange(IMPACT_S - 0.5, IMPACT_S + 0.5, STEP_S)
    found = density(still, still, times_s)
    assert found.max() < 1.5


def test_what_the_shot_cuts_off_is_not_compared() -> None:
    live = stick_track(**SWING)
    rows = live.pts_s < IMPACT_S - 1.2
    names = ("frames_T", "pts_s", "keypoints_TKC", "boxes_T4", "camera_T3")
    early = replace(live, **{name: getattr(live, name)[rows] for name in names})
    times_s = np.arange(early.pts_s[0], early.pts_s[-1], STEP_S)
    assert (density(early, live, times_s) == 1.0).all()


def test_a_track_without_a_body_has_no_heights() -> None:
    track = stick_track()
    unseen = track.keypoints_TKC.copy()
    unseen[..., 2] = 0.0
    assert Heights.of(replace(track, keypoints_TKC=unseen)) is None


@dataclass
class Shown:
    """Stands for a shot that was watched; remembers what it was compared with."""

    shot_id: str
    strokes_found: list[str]
    replay_of: str | None = None
    compared: list[str | None] = field(default_factory=list)

    @property
    def cues(self) -> SimpleNamespace:
        is_replay = self.replay_of is not None
        return SimpleNamespace(
            shot=SimpleNamespace(shot_id=self.shot_id, is_replay=is_replay, replay_of=self.replay_of)
        )

    def as_live(self, live: str | None, *, picture_size: tuple[int, int]) -> Shown:
        self.compared.append(live)
        return self

    def strokes(self, heard_L: np.ndarray, **_: object) -> list[str]:
        return self.strokes_found


def test_replays_are_compared_with_the_last_stroke_of_the_shot_they_repeat() -> None:
    watched = [
        Shown("r0", ["replay of nothing found"], replay_of="p0"),
        Shown("p1", ["first", "second"]),
        Shown("r1", ["again"], replay_of="p1"),
    ]
    found = _strokes(
        watched,
        [np.ones(1)] * 3,
        picture_size=(640, 360),
        settings=MiningSettings(),
        given=NOTHING,
    )
    assert [one.compared for one in watched] == [[None], [], ["second"]]
    assert sorted(found) == ["again", "first", "replay of nothing found", "second"]
