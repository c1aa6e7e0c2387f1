"""The edit: live balls in order, replays between wipes, batters who change ends."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from slowpaths.world.camera.match import plan_match
from slowpaths.world.world_settings import PartSettings, WorldSettings


def test_the_edit_follows_the_grammar():
    settings = WorldSettings(name="g", fps=10, parts={"g": PartSettings(balls_per_match=60, num_batters=6)})
    match = plan_match(settings, seed=1, part="g", number=0)
    kinds = [shot.camera for shot in match.shots]
    assert {"bowler_end", "field", "closeup", "crowd"} <= set(kinds)
    replays = [number for number, shot in enumerate(match.shots) if shot.is_replay]
    assert 5 <= len(replays) <= 35
    for number in replays:
        shot = match.shots[number]
        source = match.shots[shot.replay_of]
        assert shot.transition == "wipe" and match.shots[number + 1].transition == "wipe"
        assert not shot.has_bug and 0.33 <= shot.speed <= 0.5
        assert shot.camera != source.camera and shot.scene == source.scene and not source.is_replay
    live = [shot.scene for shot in match.shots if shot.camera == "bowler_end" and not shot.is_replay]
    assert live == list(range(60))
    strikers = [scene.batter.batter_id for scene in match.scenes]
    changes = [a != b for a, b in pairwise(strikers)]
    assert 0.2 < np.mean(changes) < 0.8
    for (scene, following), score in zip(pairwise(match.scenes), match.scores, strict=False):
        is_over = (score.balls + 1) % 6 == 0
        if not scene.is_wicket and (scene.runs % 2 == 1) == is_over and scene.partner is following.partner:
            assert scene.batter is following.batter


def test_times_of_the_action_are_shown_where_the_edit_puts_them():
    settings = WorldSettings(name="g", fps=10, parts={"g": PartSettings(balls_per_match=6, num_batters=2)})
    match = plan_match(settings, seed=2, part="g", number=0)
    assert match.first_frames[0] == 0 and len(match.first_frames) == len(match.shots) + 1
    for number, shot in enumerate(match.shots):
        assert match.first_frames[number + 1] - match.first_frames[number] == shot.num_frames
        first_s = match.first_frames[number] / match.fps
        assert match.shown_s(number, shot.start_s) == first_s
        assert np.isclose(match.shown_s(number, shot.start_s + shot.speed) - first_s, 1.0)
