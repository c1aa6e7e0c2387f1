"""A replay is placed by the ball it repeats: slower, from another side, without sound."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.mining.contexts import shot_context
from tests.mining.impact.test_evidence import silent
from tests.mining.stick import IMPACT_S, stick_track

from slowpaths.core.records import PoseTrack
from slowpaths.mining import candidates
from slowpaths.mining.candidates import ShotEvidence
from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.shots.replay_alignment import Heights, alignment_density

SWING = {"hands_velocity": (-1.5, 2.5), "moves": {"nose": (0.0, -0.3)}}


def slowed(track: PoseTrack, pace: float) -> PoseTrack:
    """Show the same at a pace, impact at the same time on the clock, and from the other side."""
    keypoints_TJC = track.keypoints_TJC.copy()
    keypoints_TJC[..., 0] = 640.0 - keypoints_TJC[..., 0]
    return replace(track, keypoints_TJC=keypoints_TJC, pts_s=IMPACT_S + (track.pts_s - IMPACT_S) / pace)


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
    names = ("frames_T", "pts_s", "keypoints_TJC", "boxes_T4", "camera_T3")
    early = replace(live, **{name: getattr(live, name)[rows] for name in names})
    times_s = np.arange(early.pts_s[0], early.pts_s[-1], STEP_S)
    assert (density(early, live, times_s) == 1.0).all()


def test_a_track_without_a_body_has_no_heights() -> None:
    track = stick_track()
    unseen = track.keypoints_TJC.copy()
    unseen[..., 2] = 0.0
    assert Heights.of(replace(track, keypoints_TJC=unseen)) is None


def evidence(shot_id: str, *, replay_of: str | None = None) -> ShotEvidence:
    tape = SimpleNamespace(pts_s=np.arange(3.0), height=9, width=16, __len__=lambda: 3)
    context = shot_context(tape, last_frame=2, shot_id=shot_id, is_replay=replay_of is not None, replay_of=replay_of)
    empty = silent(np.zeros(0), np.zeros(0))
    return ShotEvidence(
        context=context,
        striker=SimpleNamespace(track=stick_track()),
        impact=empty,
        prior_log_odds=0.0,
        pts_s=np.arange(3.0),
        inliers_T=np.ones(3),
    )


def test_replays_are_compared_with_the_last_stroke_of_the_shot_they_repeat(monkeypatch) -> None:
    strokes = {"r0": ["replay of nothing found"], "p1": ["first", "second"], "r1": ["again"], "p0": []}
    compared = []

    def found(gathered: ShotEvidence, _heard_L: np.ndarray, *, min_event_p: float) -> list[SimpleNamespace]:
        event = SimpleNamespace(impact_s=0.0, log_odds=0.0)
        return [
            SimpleNamespace(name=name, shot=SimpleNamespace(shot_id=name), event=event)
            for name in strokes[gathered.context.shot.shot_id]
        ]

    def compare(self: ShotEvidence, live: SimpleNamespace) -> ShotEvidence:
        compared.append((self.context.shot.shot_id, live.name))
        return self

    monkeypatch.setattr(candidates, "_strokes", found)
    monkeypatch.setattr(ShotEvidence, "as_replay_of", compare)
    gathered = [evidence("r0", replay_of="p0"), evidence("p1"), evidence("r1", replay_of="p1")]
    kept = candidates.find_candidates(gathered[0].context.footage, gathered, min_event_p=0.5)
    assert compared == [("r1", "second")]
    assert sorted(one.name for one in kept) == ["again", "first", "replay of nothing found", "second"]
