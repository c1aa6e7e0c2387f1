"""Everybody but the striker: bowler, keeper, non-striker, umpire and fielders.

Legend: T instants. Times are seconds from impact (the moment the ball reaches the striker); axes as in
`world.action.limbs`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.world.action.ball import BallPath
from slowpaths.world.action.limbs import (
    Body,
    Joints,
    Step,
    build_joints,
    foot_path,
    heading,
    minimum_jerk,
    run_distance,
    unit,
)

PITCH_M = 20.12  # between the stumps (Laws of Cricket, law 6)
BOWLING_CREASE_Y_M = PITCH_M - 1.22  # popping crease at the bowler's end
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Describe how a bowler bowls."""

    is_pace: bool  # pace or spin
    is_right_arm: bool  # bowling arm
    speed: float  # run-up speed at the crease, metres a second
    step_s: float  # time from one footfall to the next
    run_up_m: float  # length of the run-up, metres
    x: float  # where the body is at release, metres to off of the stumps of a right-handed striker


def draw_action(random: np.random.Generator) -> Action:
    """Draw a bowler: three of five pace, four of five right-arm, mostly over the wicket (design choices)."""
    is_pace, is_right_arm = bool(random.random() < 0.6), bool(random.random() < 0.8)
    over = 0.62 if is_right_arm else -0.62
    return Action(
        is_pace=is_pace, is_right_arm=is_right_arm,
        speed=float(random.normal(5.4, 0.4) if is_pace else random.normal(2.6, 0.25)),
        step_s=float(random.normal(0.30, 0.015) if is_pace else random.normal(0.40, 0.02)),
        run_up_m=float(random.uniform(13, 20) if is_pace else random.uniform(4.5, 7.5)),
        x=over if random.random() < 0.85 else -1.4 * over,
    )  # fmt: skip


def bowler(times_T: np.ndarray, action: Action, *, release_s: float, body: Body) -> Joints:
    """Run in, bowl at `release_s` and follow through, with feet that do not slide."""
    y = _bowler_y(times_T - release_s, action)
    since = times_T - release_s
    stride = np.exp(-(((since + 0.05) / 0.22) ** 2))
    bob = 0.03 * np.sin(2 * np.pi * since / action.step_s) * (since < 0)
    pelvis = np.stack([np.full_like(y, action.x), y, (0.87 - 0.07 * stride + bob) * body.thigh / 0.44], axis=1)
    turn = np.exp(-(((since + 0.18) / 0.22) ** 2))
    sign = 1.0 if action.is_right_arm else -1.0
    yaw = -90.0 - sign * 62.0 * turn + sign * 25.0 * minimum_jerk(since / 0.25) * np.exp(-np.maximum(since, 0))
    lean = 8.0 + 34.0 * minimum_jerk((since + 0.08) / 0.3) * np.exp(-np.maximum(since - 0.3, 0) / 0.8)
    trunk = unit(heading(np.full_like(y, -90.0)) * np.tan(np.deg2rad(lean))[:, None] + _UP)
    return build_joints(
        body, pelvis_T3=pelvis, hip_yaw_T=-90.0 + 0.6 * (yaw + 90.0), shoulder_yaw_T=yaw, trunk_T3=trunk,
        ankles_T23=_bowler_feet(times_T, action, release_s=release_s, body=body),
        wrists_T23=_bowler_wrists(since, action, pelvis + body.torso * trunk, heading(yaw + 90.0), body),
        elbow_poles_T23=np.tile([0.0, 1.0, -0.3], (len(y), 2, 1)),
        knee_poles_T23=np.tile([0.0, -1.0, 0.0], (len(y), 2, 1)),
        gaze_T3=np.tile(unit(np.array([0.0, -1.0, -0.08])), (len(y), 1)), foot_yaw_T2=np.full((len(y), 2), -90.0),
    )  # fmt: skip


def _bowler_y(since: np.ndarray, action: Action) -> np.ndarray:
    """Return where the body is along the pitch, by seconds since release."""
    slow_s = 0.75 if action.is_pace else 0.5  # after release the body slows down within about 3 m
    before = np.maximum(action.speed * since, -action.run_up_m - 0.4 * (1 - np.exp(np.minimum(since, 0) / 3)))
    after = action.speed * slow_s * (1 - np.exp(-np.maximum(since, 0) / slow_s))
    return BOWLING_CREASE_Y_M - 0.25 - np.where(since < 0, before, after)


def _bowler_feet(times_T: np.ndarray, action: Action, *, release_s: float, body: Body) -> np.ndarray:
    feet = []
    # A foot stays down while the body passes over it: about .55 m of way, which legs of this length can reach.
    stance_s = 0.55 / action.speed
    for side, sign in enumerate((1.0, -1.0)):
        # The front foot at release is opposite to the bowling arm.
        is_front = (side == 0) == action.is_right_arm
        landing = release_s - 0.10 - (0.0 if is_front else action.step_s)
        lands = np.array([landing + 2 * action.step_s * k for k in range(-26, 4)])
        x = action.x + (0.02 if is_front else 0.10) * sign
        at = _bowler_y(lands + 0.5 * stance_s - release_s, action)
        if is_front:
            at[26] = BOWLING_CREASE_Y_M - 0.35  # at release
        leaves, lift = lands - 2 * action.step_s + stance_s, 0.05 * action.speed
        steps = [
            Step(start_s=up, end_s=down, x=x, y=y, lift=lift) for up, down, y in zip(leaves, lands, at, strict=True)
        ]
        first_y = float(_bowler_y(np.array([lands[0] - 1.5 * action.step_s - release_s]), action)[0])
        feet.append(foot_path(times_T, (x, first_y), steps, ankle=body.ankle))
    return np.stack(feet, axis=1)


def _bowler_wrists(since: np.ndarray, action: Action, neck: np.ndarray, across: np.ndarray, body: Body) -> np.ndarray:
    """Return both wrists: arms pump in the run-up, then the bowling arm comes over and the other one leads it."""
    arm = 0.985 * (body.upper_arm + body.forearm)
    running = 55.0 * np.sin(np.pi * since / action.step_s) * (since < -0.3)
    # Bowling arm: from the hip back, over and down, vertical at release.
    swing = np.interp(since, [-0.42, -0.30, -0.15, 0.0, 0.12, 0.30, 0.9], [-200, -180, -100, -6, 95, 170, 182])
    lead = np.interp(since, [-0.45, -0.28, -0.12, 0.05, 0.25, 0.9], [150, 25, 60, 150, 200, 182])
    is_bowling = minimum_jerk((since + 0.44) / 0.12) > 0.5
    bend = np.where(is_bowling, 1.0, 0.72)
    wrists = []
    for side, sign in enumerate((1.0, -1.0)):
        circle = (swing if (side == 1) == action.is_right_arm else lead) % 360
        angle = np.deg2rad(np.where(is_bowling, circle, 180.0 - sign * running))
        shoulder = neck + sign * body.shoulder * across
        way = np.sin(angle)[:, None] * np.array([0.0, -1.0, 0.0]) + np.cos(angle)[:, None] * _UP
        wrists.append(shoulder + (arm * bend)[:, None] * unit(way + 0.10 * sign * across))
    return np.stack(wrists, axis=1)


_HANDS = {  # forward, left, up in metres from mid-shoulder, for the left hand
    "sides": (0.06, 0.24, -0.52), "knees": (0.26, 0.20, -0.50), "together": (0.34, 0.05, -0.42),
    "back": (-0.14, 0.06, -0.42), "hips": (0.02, 0.27, -0.40), "bat": (0.20, 0.06, -0.42),
}  # fmt: skip


def stand(
    times_T: np.ndarray, *, body: Body, place: tuple[float, float], yaw_deg: float, crouch: np.ndarray | float = 0.0,
    hands: str = "sides", phase: float = 0.0, walk_T2: np.ndarray | None = None, gaze_T3: np.ndarray | None = None,
) -> Joints:  # fmt: skip
    """Stand, crouch or walk somewhere.

    `crouch` goes from 0 upright to 1 a keeper's squat, a number or (T,). Hands are at the "sides", "knees", "together"
    (low in front, gloves up), "back", "hips" or on the "bat". `walk_T2` is the displacement from `place` along the
    ground: the feet step after it. `phase` is that of the small sway; the face points straight ahead where no gaze is
    given.

    Raises:
        ValueError: If `hands` is none of those.
    """
    crouch = np.broadcast_to(np.asarray(crouch, dtype=np.float64), times_T.shape)
    forward, left = heading(yaw_deg), heading(yaw_deg + 90.0)
    root = np.array([*place, 0.0]) + 0.01 * np.sin(0.9 * times_T + phase)[:, None] * left
    shift = np.zeros((len(times_T), 3))
    if walk_T2 is not None:
        shift[:, :2] = walk_T2
    size = body.thigh / 0.44
    pelvis = root + shift + ((0.90 - 0.42 * crouch) * size)[:, None] * _UP - (0.16 * crouch)[:, None] * forward
    spread = 0.12 + 0.12 * crouch
    travelled = np.linalg.norm(shift, axis=1)
    feet, gait = [], np.pi * travelled / 0.75
    pace = np.abs(np.gradient(travelled, times_T)) if len(times_T) > 1 else np.zeros_like(travelled)
    is_moving = np.clip(pace / 1.0, 0, 1)
    for side_sign, offset in ((1.0, 0.0), (-1.0, np.pi)):
        reach = 0.32 * np.sin(gait + offset) * is_moving
        lift = 0.12 * np.maximum(np.cos(gait + offset), 0) * is_moving
        ahead = np.array([*place, 0.0]) + shift + reach[:, None] * forward
        feet.append(ahead + (side_sign * spread)[:, None] * left + (body.ankle + lift)[:, None] * _UP)
    lean = np.deg2rad(4.0 + 40.0 * crouch + 6.0 * is_moving)
    trunk = np.cos(lean)[:, None] * _UP + np.sin(lean)[:, None] * forward
    neck = pelvis + body.torso * trunk
    swing = 0.22 * np.sin(gait) * is_moving
    if hands not in _HANDS:
        raise ValueError(f"no such place for the hands: {hands}")
    ahead, aside, below = _HANDS[hands]
    wrists = [
        neck + (ahead + sign * swing * (hands == "sides"))[:, None] * forward + sign * aside * left + below * size * _UP
        for sign in (1.0, -1.0)
    ]
    ones = np.ones((len(times_T), 1, 1))
    facing = np.full_like(times_T, yaw_deg)
    return build_joints(
        body, pelvis_T3=pelvis, hip_yaw_T=facing, shoulder_yaw_T=facing, trunk_T3=trunk,
        ankles_T23=np.stack(feet, axis=1), wrists_T23=np.stack(wrists, axis=1),
        elbow_poles_T23=ones * [-0.8 * forward + 0.5 * left, -0.8 * forward - 0.5 * left],
        knee_poles_T23=ones * [forward + 0.4 * left, forward - 0.4 * left],
        gaze_T3=ones[:, 0] * forward if gaze_T3 is None else gaze_T3,
        foot_yaw_T2=np.stack([facing + 15, facing - 15], axis=1),
    )  # fmt: skip


def keeper(times_T: np.ndarray, *, is_pace: bool, ball: BallPath, body: Body) -> Joints:
    """Squat behind the stumps, rise as the ball bounces and move across to where it comes."""
    y = -13.0 if is_pace else -1.6
    bounce_s = ball.bounce_s
    crouch = 1.0 - 0.62 * minimum_jerk((times_T - bounce_s + 0.05) / 0.35)
    behind = ball.position(np.linspace(0.0, 1.5, 40))
    is_past = (behind[:, 1] < 0) & np.isfinite(behind[:, 0])
    target = float(np.clip(behind[is_past][-1, 0], -1.2, 1.6)) if is_past.any() else 0.25
    walk = np.zeros((len(times_T), 2))
    walk[:, 0] = (target - 0.25) * minimum_jerk((times_T - bounce_s) / 0.7)
    return stand(times_T, body=body, place=(0.25, y), yaw_deg=90.0, crouch=crouch, hands="together", walk_T2=walk)


def non_striker(times_T: np.ndarray, *, side: float, run_s: float, release_s: float, body: Body) -> Joints:
    """Back up two steps as the bowler delivers, and run where the striker runs."""
    walk = np.zeros((len(times_T), 2))
    walk[:, 1] = -1.3 * minimum_jerk((times_T - release_s + 0.3) / 1.6)
    if not np.isnan(run_s):
        walk[:, 1] -= run_distance(times_T - run_s, longest_m=16.0)
    return stand(times_T, body=body, place=(side, BOWLING_CREASE_Y_M + 0.2), yaw_deg=-90.0, hands="bat", walk_T2=walk)


def fielder(
    times_T: np.ndarray, *, place: tuple[float, float], ball: BallPath, body: Body, is_chasing: bool, phase: float
) -> Joints:
    """Wait for the ball with hands on knees; chase it where it is this one's ball."""
    yaw = float(np.rad2deg(np.arctan2(-place[1], -place[0])))
    walk = None
    crouch: np.ndarray | float = 0.35 * minimum_jerk((times_T + 1.2) / 0.8)
    if is_chasing:
        end = ball.position(np.array([ball.end_s]))[0, :2]
        way = end - np.array(place)
        length = max(float(np.linalg.norm(way)), 1e-6)
        yaw = float(np.rad2deg(np.arctan2(way[1], way[0])))
        run = 6.3 * np.maximum(times_T - 0.35 - 0.4 * (1 - np.exp(-np.maximum(times_T - 0.35, 0) / 0.4)), 0.0)
        walk = np.minimum(run, length)[:, None] * (way / length)[None]
        crouch = crouch * (1 - minimum_jerk((times_T - 0.2) / 0.4))
    hands = "sides" if is_chasing else "knees"
    return stand(times_T, body=body, place=place, yaw_deg=yaw, crouch=crouch, hands=hands, phase=phase, walk_T2=walk)
