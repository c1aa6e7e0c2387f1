"""Who faces the ball, from made tracks."""

import numpy as np
import pytest
from tests.mining.stick import stick_track

from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX
from slowpaths.mining.striker.striker_scores import choose, guard_frames, place_scores

HEIGHT, WIDTH, FPS = 360, 640, 25
SHOT = dict(height=HEIGHT, width=WIDTH, start_s=0.0, end_s=4.0)


def person(x, feet, tall, *, number=0, start=0, stop=100, moves=(0.0, 0.0), rises=0):
    """A standing person: middle x, feet y, height in pixels, walking `moves` a frame; twice as tall in the end."""
    frames = np.arange(start, stop)
    steps = (frames - start)[:, None] * np.array(moves)
    box = np.tile([x - 0.2 * tall, feet - tall, x + 0.2 * tall, feet], (len(frames), 1))
    box[len(frames) - rises :, 1] -= tall
    return PoseTrack(
        video_id="v",
        shot_id="s",
        track_id=number,
        frames_T=frames,
        pts_s=frames / FPS,
        keypoints_TJC=np.zeros((len(frames), 17, 3)),
        boxes_T4=box + np.tile(steps, 2),
        camera_T3=np.zeros((len(frames), 3)),
    )


BATTER = person(325, 150, 80)
KEEPER = person(315, 128, 55)
UMPIRE = person(330, 330, 140)
BOWLER = person(240, 350, 130, stop=80, moves=(1.0, -1.6))
NON_STRIKER = person(430, 310, 130)
SLIP = person(200, 125, 55)


def best(tracks, view="pitch_endon"):
    return int(np.argmax(place_scores(tracks, view=view, **SHOT)))


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [3, 5, 0, 2, 1, 4]])
def test_the_striker_stands_at_the_far_end_before_the_keeper(order):
    cast = [BATTER, KEEPER, UMPIRE, BOWLER, NON_STRIKER, SLIP]
    assert order[best([cast[index] for index in order])] == 0


@pytest.mark.parametrize("keeper", [person(322, 74, 40), person(322, 74, 40, rises=35)])
def test_a_keeper_who_stands_far_back_is_not_the_striker(keeper):
    """Back to fast bowling a keeper is as far from the striker, in heights, as the people at the bowler's end."""
    far_slip = person(285, 72, 62)
    for cast in ([BATTER, keeper, NON_STRIKER], [BATTER, keeper, far_slip, BOWLER, NON_STRIKER]):
        assert best(cast) == 0
    assert best([person(325, 200, 90), person(330, 330, 140)]) == 0  # the one at the bowler's end has nobody nearer


def test_in_a_tight_picture_legs_at_the_edge_are_nobody():
    batter = person(300, 330, 230)
    slips = person(310, 90, 90)  # cut off by the upper edge
    assert best([slips, batter]) == 1


def test_whoever_leaves_early_is_not_the_striker():
    brief = person(325, 150, 80, stop=40)
    assert best([brief, person(340, 152, 80)]) == 1


def test_from_the_side_the_large_one_who_stays_is_the_striker():
    batter, keeper = person(350, 300, 180), person(180, 300, 120)
    runner = person(600, 300, 180, stop=100, moves=(-6.0, 0.0))
    assert best([runner, keeper, batter], view="pitch_side") == 2


def test_a_panning_camera_makes_nobody_run():
    still = place_scores([BATTER], view="pitch_side", **SHOT)[0]
    pan = np.zeros((100, 3))
    pan[:, 0] = 3.0 * np.arange(100)
    seen = BATTER.boxes_T4.copy()
    seen[:, [0, 2]] -= pan[:, :1]
    panned = PoseTrack(
        **{name: getattr(BATTER, name) for name in ("video_id", "shot_id", "track_id", "frames_T", "pts_s")},
        keypoints_TJC=BATTER.keypoints_TJC,
        boxes_T4=seen,
        camera_T3=pan,
    )
    centred = place_scores([panned], view="pitch_side", **SHOT)[0]
    walking = place_scores([person(325, 150, 80, moves=(-3.0, 0.0))], view="pitch_side", **SHOT)[0]
    assert centred > walking
    assert still >= centred


def test_nobody_gives_no_scores():
    assert place_scores([], view="pitch_endon", **SHOT).shape == (0,)


def test_guard_is_seen_before_the_stroke_and_not_in_the_follow_through():
    track = stick_track(guard={"left_shoulder": (-0.30, 0.9), "right_shoulder": (-0.50, 0.9)})
    guard = guard_frames(track)
    early = track.pts_s < 4.0
    assert guard[early].mean() > 0.9
    upright = stick_track(guard={"left_shoulder": (0.15, 1.0), "right_shoulder": (-0.15, 1.0)}, wrist_gap=(0.0, 0.9))
    assert guard_frames(upright).mean() < 0.1


def test_a_keeper_in_a_squat_is_not_in_guard():
    bent = {"left_shoulder": (-0.30, 0.9), "right_shoulder": (-0.50, 0.9)}
    squat = bent | {"left_ankle": (0.0, -0.6), "right_ankle": (0.0, -0.6)}
    early = stick_track().pts_s < 4.0
    assert guard_frames(stick_track(guard=bent))[early].mean() > 0.9
    assert guard_frames(stick_track(guard=squat))[early].mean() < 0.1
    hidden = stick_track(guard=bent)
    hidden.keypoints_TJC[:, [INDEX["left_ankle"], INDEX["right_ankle"]]] = [np.nan, np.nan, 0.0]
    assert guard_frames(hidden)[early].mean() > 0.9


def test_choose_weighs_the_best_against_the_rest_and_none():
    number, chance = choose(np.log([0.6, 0.3]))
    assert number == 0 and chance == pytest.approx(0.6)
    assert choose(np.array([-20.0, -21.0]))[1] < 0.01
