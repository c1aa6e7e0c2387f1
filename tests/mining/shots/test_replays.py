"""Hints at replays on made shots."""

import numpy as np
import pytest

from slowpaths.core.records import Shot
from slowpaths.core.spans import Span
from slowpaths.mining.shots.replays import (
    Hints,
    Thumbnails,
    changes_of,
    log_odds,
    mark_replays,
    overlay_shares,
    repeat_period,
)
from slowpaths.video.picture_file import PictureFile

FPS = 25
NOTHING = dict(
    overlay_share=np.nan, repeat_period=0.0, transition="cut", next_transition="cut", since_play_s=np.nan,
    is_play=True, sees_other_view=False,
)  # fmt: skip


def odds(**hints):
    return log_odds(Hints(**(NOTHING | hints)))


def test_a_plain_shot_is_live():
    assert odds() < 0


@pytest.mark.parametrize(
    "hint", [{"overlay_share": 0.0}, {"repeat_period": 1.0}, {"transition": "wipe"}, {"next_transition": "wipe"}]
)
def test_every_hint_speaks_for_a_replay(hint):
    assert odds(**hint) > odds()


def test_visible_graphics_speak_for_live_play():
    assert odds(overlay_share=1.0) < odds()


def test_play_from_another_side_soon_after_play_is_a_replay():
    assert odds(since_play_s=6.0, sees_other_view=True) > 0
    assert odds(since_play_s=40.0, sees_other_view=True) < 0
    assert odds(since_play_s=6.0, sees_other_view=True, is_play=False) < 0


def test_irregular_repeats_are_no_slow_motion():
    rng = np.random.default_rng(0)
    regular = np.tile([4.0, 0.05, 0.05], 20)
    irregular = np.where(rng.random(60) < 0.5, 4.0, 0.05)
    assert repeat_period(regular) > 0.9
    assert repeat_period(irregular) < 0.5
    assert repeat_period(np.full(60, 0.01)) == 0.0
    assert repeat_period(np.zeros(3)) == 0.0


def video(num_shots, *, hidden=()):
    """Thumbnails of shots one second long, a white score line below except in the hidden ones."""
    rng = np.random.default_rng(1)
    pictures = []
    for shot in range(num_shots):
        frames = np.full((FPS, 36, 64, 3), rng.integers(20, 200), np.uint8)
        frames += rng.integers(0, 8, frames.shape).astype(np.uint8)
        if shot not in hidden:
            frames[:, 32:35, 4:30] = 250
        pictures.append(frames)
    return thumbnails_of(np.concatenate(pictures))


def thumbnails_of(frames, *, distinct=None):
    kept = PictureFile((36, 64, 3))
    for frame in frames if distinct is None else frames[distinct]:
        kept.append(frame)
    return Thumbnails(pictures=kept, distinct_frames=np.arange(len(frames)) if distinct is None else np.array(distinct))


def test_changes_of_a_long_shot_are_those_of_the_whole_and_a_part_is_held_at_a_time():
    frames = np.random.default_rng(2).integers(0, 256, (600, 36, 64, 3)).astype(np.uint8)
    asked = []

    class Watched(Thumbnails):
        def of(self, first_frame, last_frame):
            asked.append(last_frame - first_frame)
            return thumbnails_of(frames).of(first_frame, last_frame)

    shown = Watched(pictures=PictureFile((36, 64, 3)), distinct_frames=np.arange(600))
    whole = np.abs(np.diff(frames[3:590].astype(np.int16), axis=0)).mean(axis=(1, 2, 3))
    np.testing.assert_array_equal(changes_of(shown, 3, 589), whole)
    assert max(asked) <= 256
    assert changes_of(shown, 5, 5).shape == (0,)


def test_a_frame_that_repeats_looks_like_the_one_before():
    frames = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((36, 64, 3), np.uint8)
    kept = thumbnails_of(frames, distinct=[0, 1, 4])
    assert kept.of(0, 5)[:, 0, 0, 0].tolist() == [0, 1, 1, 1, 4, 4]
    assert kept.of(2, 4)[:, 0, 0, 0].tolist() == [1, 1, 4]


def shots_of(views, *, seconds=1.0, transitions=None):
    return [
        Shot(
            shot_id=f"v-s{index:04d}",
            video_id="v",
            span=Span(index * seconds, (index + 1) * seconds),
            first_frame=index * FPS,
            last_frame=(index + 1) * FPS - 1,
            view=view,
            transition=(transitions or {}).get(index, "cut"),
        )
        for index, view in enumerate(views)
    ]


def test_the_score_line_is_missed_where_it_is_hidden():
    shares = overlay_shares(video(8, hidden={3}), [(index * FPS, index * FPS + FPS - 1) for index in range(8)])
    assert shares[3] < 0.3
    assert np.delete(shares, 3).min() > 0.9
    assert np.isnan(overlay_shares(video(3), [(0, 24), (25, 49), (50, 74)])).all()


def test_marks_the_side_view_after_a_wipe_and_names_its_source():
    views = ["pitch_endon", "field", "closeup", "pitch_side", "crowd", "field"]
    shots = shots_of(views, transitions={3: "wipe", 4: "wipe"})
    marks = mark_replays(shots, video(6, hidden={3}))
    assert [p > 0.5 for p, _ in marks] == [False, False, False, True, False, False]
    assert marks[3][1] == shots[0].shot_id
    assert all(source is None for index, (_, source) in enumerate(marks) if index != 3)


@pytest.mark.parametrize(
    ("views", "seconds"),
    [
        (["other", "pitch_side", "crowd", "field"], 2.0),  # nothing was there to be repeated
        (["pitch_endon", "pitch_side", "crowd", "field"], 1.2),  # the ball is not over yet
        (["pitch_endon", "field", "closeup", "field"], 4.0),  # no view of play
        (["pitch_endon", "crowd", "field", "pitch_side"], 25.0),  # long ago
    ],
)
def test_what_cannot_repeat_a_ball_is_no_replay_whatever_it_looks_like(views, seconds):
    shots = shots_of(views, seconds=seconds, transitions={1: "wipe", 2: "wipe", 3: "wipe"})
    assert mark_replays(shots, video(4, hidden={1, 3})) == [(0.0, None)] * 4


def test_a_shot_of_one_frame_can_be_marked():
    shot = Shot(shot_id="v-s0000", video_id="v", span=Span(0.0, 0.04), first_frame=0, last_frame=0, view="pitch_endon")
    ((replay_p, source),) = mark_replays([shot], video(1))
    assert replay_p < 0.5 and source is None
