"""Wipes among the shots of a camera: what they are called, and what they say of the shots beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.factories import moving_scene
from tests.mining.contexts import video_context
from tests.mining.shots.test_replays import shots_of, video
from tests.mining.shots.test_survey import WholeTape
from tests.mining.striker.test_observation import FPS, OnePerson, still_box

from slowpaths.mining.pipeline import play_parts
from slowpaths.mining.settings import MiningSettings
from slowpaths.mining.shots.naming import _mark_replays, name_shots
from slowpaths.mining.shots.replays import mark_replays
from slowpaths.mining.shots.survey import survey


def test_a_wipe_is_of_view_other_and_nothing_is_searched_in_it():
    frames = np.concatenate([moving_scene(num_frames=50, seed=seed, pan_px=1.0) for seed in (0, 1)])
    for number in range(20):  # a plain colour that passes
        left, right = (round(192 * share) for share in (max(number / 8 - 1.5, 0), min((number + 1) / 8, 1)))
        frames[40 + number, :, left:right] = (240, 61, 69)
    context = video_context(WholeTape(frames), pose=OnePerson(still_box), settings=MiningSettings(min_view_p=0.0))
    shots, play_p = name_shots(context, survey(context))
    assert [shot.transition for shot in shots] == ["start", "wipe", "cut"]
    wipe = shots[1]
    assert wipe.view == "other" and wipe.view_probability == 1.0 and not wipe.is_replay
    assert abs(wipe.first_frame - 40) <= 1 and abs(wipe.last_frame - 59) <= 1
    assert wipe.span.end_s == shots[2].span.start_s == (wipe.last_frame + 1) / FPS
    assert play_p[1] == 0.0 < min(play_p[[0, 2]])
    context = replace(context, settings=MiningSettings())
    parts = list(play_parts(context, shots, np.array([0.9, play_p[1], 0.9]), None))
    assert [(part.first_frame, part.last_frame) for part in parts] == [
        (shots[0].first_frame, shots[0].last_frame),
        (shots[2].first_frame, shots[2].last_frame),
    ]
    assert parts[0].following == wipe


def test_wipes_say_the_same_of_their_neighbours_whether_or_not_they_are_shots():
    views = ["pitch_endon", "field", "closeup", "other", "pitch_side", "other", "crowd", "field"]
    shots = shots_of(views, transitions={3: "wipe", 5: "wipe"})
    marks = _mark_replays(shots, video(8, hidden={4}))
    assert [p > 0.5 for p, _ in marks] == [False, False, False, False, True, False, False, False]
    assert marks[4][1] == shots[0].shot_id
    assert marks[3] == marks[5] == (0.0, None)
    filmed = [shots[0], shots[1], shots[2], replace(shots[4], transition="wipe"), replace(shots[6], transition="wipe")]
    again = mark_replays([*filmed, shots[7]], video(8, hidden={4}))
    assert again == [mark for index, mark in enumerate(marks) if index not in (3, 5)]
