"""One ball: flight, the people around it, and how it ends."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.strokes import STROKES
from slowpaths.world.action.ball import make_ball
from slowpaths.world.action.batters import make_batters
from slowpaths.world.action.cast import BOWLING_CREASE_Y_M, Action, bowler, draw_action, stand
from slowpaths.world.action.limbs import Body
from slowpaths.world.action.scene import Scene, draw_scene
from slowpaths.world.presets import VENUES
from slowpaths.world.world_settings import PartSettings, WorldSettings

ACTION = Action(is_pace=True, is_right_arm=True, speed=5.4, step_s=0.3, run_up_m=15.0, x=0.6)
ALL_ALIKE = np.ones(14) / 14


def chances(**rates: float) -> WorldSettings:
    return WorldSettings(name="w", parts={"a": PartSettings()}, **rates)


USUAL = chances()


def scenes(
    count: int, *, settings: WorldSettings = USUAL, seed: int = 0, venue: str = "northfield", **more
) -> list[Scene]:
    random = np.random.default_rng(seed)
    batters = make_batters(4, seed=1)
    return [
        draw_scene(
            random,
            number=number,
            batter=batters[number % 4],
            partner=batters[(number + 1) % 4],
            action=draw_action(random),
            settings=settings,
            profile=ALL_ALIKE,
            venue=VENUES[venue],
            **more,
        )
        for number in range(count)
    ]


def test_the_ball_passes_release_bounce_and_impact():
    ball = make_ball(
        release_s=-0.55, release_3=np.array([0.5, 18.6, 2.0]), bounce_m=6.0, impact_3=np.array([0.1, 1.8, 0.6]),
        azimuth_deg=90.0, elevation_deg=0.0, speed=25.0, boundary_m=65.0,
    )  # fmt: skip
    points = ball.position(np.array([-0.6, ball.release_s, ball.bounce_s, 0.0, 1.0]))
    assert np.isnan(points[0]).all()
    assert points[1] == pytest.approx(ball.release_3)
    assert points[2, 1:] == pytest.approx([6.0, 0.036], abs=1e-6)
    assert points[3] == pytest.approx(ball.impact_3)
    assert points[4, 0] > 15.0 and abs(points[4, 1] - 1.8) < 0.5  # square on the off side
    heights = ball.position(np.arange(-0.55, 5.0, 0.01))[:, 2]
    assert heights.min() > 0.0


def test_the_ball_stops_at_the_rope_or_with_the_keeper():
    common = {"release_s": -0.5, "release_3": np.array([0.5, 18.6, 2.0]), "bounce_m": 6.0, "elevation_deg": 2.0}
    far = make_ball(**common, impact_3=np.array([0.0, 1.8, 0.5]), azimuth_deg=10.0, speed=40.0, boundary_m=50.0)
    assert np.hypot(*(far.position(np.array([6.9]))[0, :2] - [0, 10.06])) == pytest.approx(50.0, abs=1.0)
    past = make_ball(
        **common, impact_3=np.array([0.3, 1.0, 0.6]), azimuth_deg=180.0, speed=28.0, boundary_m=50.0, stop_y_m=-12.0
    )
    assert past.position(np.array([6.9]))[0, 1] == pytest.approx(-12.0, abs=0.5)


@pytest.mark.parametrize("is_pace", [True, False])
def test_the_bowler_lets_go_above_the_head_at_the_crease(is_pace):
    action = Action(is_pace=is_pace, is_right_arm=False, speed=5.4 if is_pace else 2.6, step_s=0.3, run_up_m=8.0, x=0.6)
    joints = bowler(np.array([-4.0, -0.56, -0.55]), action, release_s=-0.55, body=Body())
    wrist, nose = joints.joint("left_wrist")[-1], joints.joint("nose")[-1]
    assert wrist[2] > nose[2] + 0.15
    assert wrist[1] == pytest.approx(BOWLING_CREASE_Y_M, abs=0.6)
    assert joints.joint("left_hip")[0, 1] > BOWLING_CREASE_Y_M + 5.0


def test_the_bowlers_feet_stand_still_while_planted():
    times = np.arange(-2.0, 0.2, 0.01)
    joints = bowler(times, ACTION, release_s=-0.5, body=Body())
    for side in ("left", "right"):
        moved = np.linalg.norm(np.diff(joints.joint(f"{side}_ankle"), axis=0), axis=1)
        down = moved[joints.joint(f"{side}_ankle")[1:, 2] < Body().ankle + 1e-6]
        assert len(down) > 25 and np.median(down) < 1e-6


def test_a_squat_is_lower_and_unknown_hands_are_refused():
    times = np.arange(2.0)
    tall, low = (stand(times, body=Body(), place=(0, 0), yaw_deg=90, crouch=crouch) for crouch in (0.0, 1.0))
    assert low.joint("nose")[0, 2] < tall.joint("nose")[0, 2] - 0.4
    with pytest.raises(ValueError, match="pockets"):
        stand(times, body=Body(), place=(0, 0), yaw_deg=0, hands="pockets")


def test_a_hit_ball_meets_the_bat_and_a_missed_one_does_not():
    drawn = scenes(60, settings=chances(ambiguous=0.0, miss=0.3, edge=0.0))
    for scene in drawn:
        _, bat = scene.striker(np.array([0.0, 0.1]))
        gap = np.linalg.norm(bat.sweet_T3[0] - scene.ball.impact_3)
        assert (gap < 0.1) == (scene.contact == "middle")
        if scene.contact in ("none", "miss"):
            assert scene.runs == 0
            assert scene.ball.position(np.array([0.4]))[0, 1] < 0.0
    assert {scene.contact for scene in drawn} == {"middle", "miss", "none"}


def test_leg_side_strokes_go_to_leg_for_both_hands():
    drawn = scenes(40, settings=chances(ambiguous=0.0, miss=0.0, edge=0.0), strokes=("pull_hook",))
    for scene in drawn:
        x = scene.ball.position(np.array([1.0]))[0, 0]
        assert (x < 0) == scene.batter.is_right_handed


def test_shares_of_blends_misses_and_edges_are_those_asked_for():
    drawn = [scene for scene in scenes(600) if scene.stroke != "leave"]
    rates = {
        "blend": np.mean([scene.intended != scene.stroke for scene in drawn]),
        "miss": np.mean([scene.contact == "miss" for scene in drawn]),
        "edge": np.mean([scene.contact == "edge" for scene in drawn]),
    }
    assert rates["blend"] == pytest.approx(0.10, abs=0.04)
    assert rates["miss"] == pytest.approx(0.06, abs=0.03)
    assert rates["edge"] == pytest.approx(0.04, abs=0.03)
    assert all(0.55 < scene.weight <= 1.0 for scene in drawn)
    assert {scene.stroke for scene in drawn} == set(STROKES) - {"leave"}


def test_everybody_is_there_and_nobody_in_the_nets():
    people = scenes(1)[0].others(np.array([-0.5, 0.0, 0.5]))
    assert {"bowler", "keeper", "non_striker", "umpire", "fielder0", "fielder8"} <= set(people)
    assert len(people) == 4 + 9
    assert set(scenes(1, venue="academy_nets")[0].others(np.array([0.0, 0.1]))) == {"bowler"}


def test_batters_come_again_from_a_seed_and_one_in_five_is_left_handed():
    first, second = make_batters(300, seed=5), make_batters(300, seed=5)
    assert [b.number for b in first] == [b.number for b in second]
    assert np.mean([not b.is_right_handed for b in first]) == pytest.approx(0.22, abs=0.08)
    assert all(b.profile.sum() == pytest.approx(1.0) for b in first)
    shifted = make_batters(300, seed=5, is_shifted=True)
    assert np.mean([b.style.stance_m for b in shifted]) > np.mean([b.style.stance_m for b in first]) + 0.01
