"""One ball as it happens on the field: who does what, where the ball goes, and what comes of it.

Legend: T instants. Times are seconds from impact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.world.ball import BallPath, make_ball
from slowpaths.world.batters import Batter
from slowpaths.world.body import Body, Joints
from slowpaths.world.cast import PITCH_M, Action, bowler, fielder, keeper, non_striker, stand
from slowpaths.world.kinematics import Bat, Jitter, StrokeMotion, draw_jitter
from slowpaths.world.strokes import stroke

# Where fielders stand for a right-hander, metres from the striker's stumps.
_FIELD = (
    (25.0, 2.0),
    (25.0, 17.0),
    (9.0, 36.0),
    (-10.0, 36.0),
    (-25.0, 16.0),
    (-25.0, -1.0),
    (-30.0, -42.0),
    (26.0, -46.0),
)
# A stroke that is mistaken for another: pairs whose key poses lie close together.
NEIGHBOURS: dict[str, tuple[str, ...]] = {
    "leave": ("bf_defence", "ff_defence"),
    "ff_defence": ("straight_drive", "cover_drive"),
    "bf_defence": ("bf_punch", "flick_glance"),
    "cover_drive": ("straight_drive", "loft_straight_off"),
    "straight_drive": ("on_drive", "cover_drive"),
    "on_drive": ("straight_drive", "flick_glance"),
    "bf_punch": ("bf_defence", "cut"),
    "cut": ("bf_punch",),
    "pull_hook": ("flick_glance",),
    "sweep": ("loft_leg_slog",),
    "reverse_sweep_ramp": ("sweep",),
    "flick_glance": ("on_drive", "pull_hook"),
    "loft_straight_off": ("straight_drive", "cover_drive"),
    "loft_leg_slog": ("on_drive", "pull_hook"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Hold how often things go wrong (design choices).

    Args:
        ambiguous: Share of strokes that are blends of two.
        miss: Share of strokes that miss the ball.
        edge: Share of strokes that edge it.
        jitter: Factor on the jitter of the key poses.
    """

    ambiguous: float = 0.10
    miss: float = 0.06
    edge: float = 0.04
    jitter: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """Hold one ball.

    Args:
        number: Number of the ball in the match, from 0.
        batter: The striker.
        partner: The non-striker.
        stroke: Stroke that is played (the label).
        intended: Stroke that was meant; differs for a blend.
        weight: Share of `stroke` in the blend.
        contact: "middle", "edge", "miss" or "none" (a leave).
        runs: Runs that come of it.
        is_wicket: Whether the striker is out.
        action: The bowler.
        release_s: When the ball leaves the hand (negative).
        jitter: What differs this time.
        run_s: When the batters run; NaN for no run.
        flight: Azimuth (positive to +x), elevation (degrees) and speed of the ball after impact.
        boundary_m: Radius of the rope.
        is_nets: Practice nets: striker and bowler alone.
    """

    number: int
    batter: Batter
    partner: Batter
    stroke: str
    intended: str
    weight: float
    contact: str
    runs: int
    is_wicket: bool
    action: Action
    release_s: float
    jitter: Jitter
    run_s: float
    flight: tuple[float, float, float]
    boundary_m: float
    is_nets: bool = False
    phases: tuple[float, ...] = field(default=(0.0,) * 16)

    @cached_property
    def motion(self) -> StrokeMotion:
        """Return the striker's movement."""
        sign = 1.0 if self.batter.is_right_handed else -1.0
        return StrokeMotion(
            name=self.stroke,
            other=self.intended,
            weight=self.weight,
            is_right_handed=self.batter.is_right_handed,
            style=self.batter.style,
            jitter=self.jitter,
            azimuth_deg=sign * self.flight[0],
            run_s=self.run_s,
        )

    @cached_property
    def ball(self) -> BallPath:
        """Return the path of the ball."""
        body = Body()
        at_release = bowler(
            np.array([self.release_s - 0.02, self.release_s]), self.action, release_s=self.release_s, body=body
        )
        hand = at_release.joint("right_wrist" if self.action.is_right_arm else "left_wrist")[1]
        _, bat = self.motion.move(np.array([-0.01, 0.0]))
        target = bat.sweet_T3[1].copy()
        if self.contact in ("miss", "none"):
            # The ball passes by: outside the bat on the off side, or over the stumps' line.
            away = 1.0 if self.batter.is_right_handed else -1.0
            target = np.array(
                [away * (0.42 if self.contact == "none" else 0.26), 1.0, 0.55 + 0.25 * self.phases[0] / 7]
            )
        target[2] = max(target[2], 0.08)
        return make_ball(
            release_s=self.release_s,
            release_3=hand + np.array([0.0, -0.1, 0.05]),
            bounce_m=stroke(self.stroke).bounce_m + 0.4 * (self.phases[1] - 3.0) / 3.0,
            impact_3=target,
            azimuth_deg=self.flight[0],
            elevation_deg=self.flight[1],
            speed=self.flight[2],
            boundary_m=3.6 if self.is_nets else self.boundary_m,
            stop_y_m=None if self.contact in ("middle", "edge") else (-2.6 if self.is_nets else self._keeper_y),
        )

    @property
    def _keeper_y(self) -> float:
        return -12.4 if self.action.is_pace else -1.2

    def striker(self, times_T: np.ndarray) -> tuple[Joints, Bat]:
        """Return the striker and the bat."""
        return self.motion.move(np.asarray(times_T, dtype=np.float64))

    def others(self, times_T: np.ndarray) -> dict[str, Joints]:
        """Return everybody else by role; fielders are "fielder0" and so on."""
        times_T = np.asarray(times_T, dtype=np.float64)
        ball, body = self.ball, Body().scaled(0.97 + 0.008 * self.phases[2])
        people = {"bowler": bowler(times_T, self.action, release_s=self.release_s, body=body)}
        if self.is_nets:
            return people
        off = 1.0 if self.batter.is_right_handed else -1.0
        aside = -1.15 * np.sign(self.action.x)
        people["keeper"] = keeper(times_T, is_pace=self.action.is_pace, ball=ball, body=Body().scaled(0.98))
        people["non_striker"] = non_striker(
            times_T, side=aside, run_s=self.run_s, release_s=self.release_s, body=Body().scaled(1.01)
        )
        people["umpire"] = stand(
            times_T, body=Body(), place=(0.25 * off, PITCH_M + 1.9), yaw_deg=-90.0, hands="back", phase=self.phases[3]
        )
        places = [(off * x, y) for x, y in _FIELD]
        if self.action.is_pace:
            places.insert(0, (off * 1.9, -13.6))
        else:
            places.insert(0, (off * 1.5, -2.6))
        end = ball.position(np.array([ball.end_s]))[0, :2]
        chaser = int(np.argmin([np.hypot(*(np.array(place) - end)) for place in places]))
        is_hit = self.contact in ("middle", "edge")
        for index, place in enumerate(places):
            people[f"fielder{index}"] = fielder(
                times_T,
                place=place,
                ball=ball,
                body=Body().scaled(0.97 + 0.01 * self.phases[4 + index % 8]),
                is_chasing=is_hit and index == chaser,
                phase=self.phases[4 + index % 8],
            )
        return people


def draw_scene(
    random: np.random.Generator,
    *,
    number: int,
    batter: Batter,
    partner: Batter,
    action: Action,
    chances: Chances,
    profile: np.ndarray,
    boundary_m: float,
    is_nets: bool = False,
    strokes: tuple[str, ...] = (),
) -> Scene:
    """Draw one ball.

    Args:
        random: Source of chance.
        number: Number of the ball in the match.
        batter: The striker.
        partner: The non-striker.
        action: The bowler.
        chances: How often things go wrong.
        profile: Probability of each stroke today (14,).
        boundary_m: Radius of the rope, metres.
        is_nets: Practice nets.
        strokes: Strokes that are allowed; all where empty.
    """
    allowed = np.array([not strokes or name in strokes for name in STROKES])
    weights = np.where(allowed, profile + 1e-6, 0.0)
    name = str(random.choice(STROKES, p=weights / weights.sum()))
    other, weight = name, 1.0
    if random.random() < chances.ambiguous:
        other, weight = str(random.choice(NEIGHBOURS[name])), float(random.uniform(0.56, 0.75))
    roll = random.random()
    contact = "none" if name == "leave" else "middle"
    if name != "leave" and roll < chances.miss:
        contact = "miss"
    elif name != "leave" and roll < chances.miss + chances.edge:
        contact = "edge"
    shot = stroke(name).shot
    draws = [float(random.normal(mean, spread)) for mean, spread in (shot.azimuth_deg, shot.elevation_deg, shot.speed)]
    azimuth, elevation, speed = draws
    if contact == "edge":
        azimuth, elevation, speed = float(random.normal(150, 14)), float(random.normal(8, 6)), speed * 0.8
    elif contact == "miss":
        azimuth, elevation, speed = float(random.normal(180, 1.5)), 4.0, 28.0 if action.is_pace else 20.0
    speed = max(speed, 2.0)
    runs, is_wicket = _outcome(random, name=name, contact=contact, speed=speed, elevation_deg=elevation)
    is_running = runs in (1, 2, 3) or (runs == 4 and random.random() < 0.3)
    # A pace ball takes about .55 s to the batter, a spinner's about .88 s.
    flight_s = random.normal(0.55, 0.035) if action.is_pace else random.normal(0.88, 0.05)
    sign = 1.0 if batter.is_right_handed else -1.0
    return Scene(
        number=number,
        batter=batter,
        partner=partner,
        stroke=name,
        intended=other,
        weight=weight,
        contact=contact,
        runs=runs,
        is_wicket=is_wicket,
        action=action,
        release_s=-float(np.clip(flight_s, 0.42, 1.05)),
        jitter=draw_jitter(random, amount=chances.jitter),
        run_s=float(random.uniform(0.5, 0.9)) if is_running and not is_nets else float("nan"),
        flight=(sign * azimuth, elevation, speed),
        boundary_m=boundary_m,
        is_nets=is_nets,
        phases=tuple(float(value) for value in random.uniform(0, 6.2, size=16)),
    )


def _outcome(
    random: np.random.Generator, *, name: str, contact: str, speed: float, elevation_deg: float
) -> tuple[int, bool]:
    """Return runs and whether the striker is out."""
    if contact == "none":
        return 0, False
    if contact == "miss":
        return 0, bool(random.random() < 0.12)
    if contact == "edge":
        return (0, True) if random.random() < 0.35 else (int(random.choice([0, 1, 4], p=[0.4, 0.3, 0.3])), False)
    if name in ("ff_defence", "bf_defence"):
        return int(random.random() < 0.08), False
    if elevation_deg > 20:
        return (6, False) if speed > 31 else (int(random.choice([4, 2, 1, 0])), bool(random.random() < 0.3))
    if speed > 24:
        return int(random.choice([4, 2, 1, 0], p=[0.4, 0.1, 0.25, 0.25])), False
    return int(random.choice([0, 1, 2, 4], p=[0.4, 0.42, 0.13, 0.05])), False
