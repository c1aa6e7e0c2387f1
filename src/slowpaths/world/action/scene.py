"""One ball as it happens on the field: who does what, where the ball goes, and how it ends.

Legend: T instants. Times are seconds from impact.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.world.action.ball import BallPath, make_ball
from slowpaths.world.action.batters import Batter
from slowpaths.world.action.cast import PITCH_M, Action, bowler, fielder, keeper, non_striker, stand
from slowpaths.world.action.key_poses import stroke
from slowpaths.world.action.limbs import Body, Joints
from slowpaths.world.action.stroke_motion import Bat, Jitter, StrokeMotion, draw_jitter
from slowpaths.world.presets import Venue
from slowpaths.world.world_settings import WorldSettings

# Where fielders stand for a right-hander, metres from the striker's stumps.
_FIELD = (
    (25.0, 2.0), (25.0, 17.0), (9.0, 36.0), (-10.0, 36.0), (-25.0, 16.0), (-25.0, -1.0), (-30.0, -42.0), (26.0, -46.0),
)  # fmt: skip
# A stroke that is mistaken for another: pairs whose key poses lie close together.
NEIGHBOURS: dict[str, tuple[str, ...]] = {
    "leave": ("bf_defence", "ff_defence"), "ff_defence": ("straight_drive", "cover_drive"),
    "bf_defence": ("bf_punch", "flick_glance"), "cover_drive": ("straight_drive", "loft_straight_off"),
    "straight_drive": ("on_drive", "cover_drive"), "on_drive": ("straight_drive", "flick_glance"),
    "bf_punch": ("bf_defence", "cut"), "cut": ("bf_punch",), "pull_hook": ("flick_glance",),
    "sweep": ("loft_leg_slog",), "reverse_sweep_ramp": ("sweep",), "flick_glance": ("on_drive", "pull_hook"),
    "loft_straight_off": ("straight_drive", "cover_drive"), "loft_leg_slog": ("on_drive", "pull_hook"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """Hold one ball."""

    number: int  # number of the ball in the match, from 0
    batter: Batter  # the striker
    partner: Batter  # the non-striker
    stroke: str  # stroke that is played (the label)
    intended: str  # stroke that was meant; differs for a blend
    weight: float  # share of `stroke` in the blend
    contact: str  # "middle", "edge", "miss" or "none" (a leave)
    runs: int  # runs that are scored
    is_wicket: bool  # whether the striker is out
    action: Action  # the bowler
    release_s: float  # when the ball leaves the hand (negative)
    jitter: Jitter  # what differs this time
    run_s: float  # when the batters run; NaN for no run
    flight: tuple[float, float, float]  # azimuth (positive to +x), elevation (degrees), speed of the ball after impact
    venue: Venue  # the ground; in practice nets there are striker and bowler alone
    phases: tuple[float, ...]  # sixteen numbers in 0..6.2 that set people and balls apart

    @property
    def is_hit(self) -> bool:
        """Return whether the bat meets the ball."""
        return self.contact in ("middle", "edge")

    @cached_property
    def motion(self) -> StrokeMotion:
        """Return the striker's movement."""
        return StrokeMotion(
            name=self.stroke, other=self.intended, weight=self.weight, is_right_handed=self.batter.is_right_handed,
            style=self.batter.style, jitter=self.jitter, azimuth_deg=self.batter.off * self.flight[0],
            run_s=self.run_s,
        )  # fmt: skip

    @cached_property
    def ball(self) -> BallPath:
        """Return the path of the ball."""
        times_T = np.array([self.release_s - 0.02, self.release_s])
        at_release = bowler(times_T, self.action, release_s=self.release_s, body=Body())
        hand = at_release.joint("right_wrist" if self.action.is_right_arm else "left_wrist")[1]
        _, bat = self.motion.move(np.array([-0.01, 0.0]))
        target = bat.sweet_T3[1].copy()
        if self.contact in ("miss", "none"):
            # The ball passes by: outside the bat on the off side, or over the stumps' line.
            away = self.batter.off * (0.42 if self.contact == "none" else 0.26)
            target = np.array([away, 1.0, 0.55 + 0.25 * self.phases[0] / 7])
        target[2] = max(target[2], 0.08)
        stop_y_m = -2.6 if self.venue.is_nets else -12.4 if self.action.is_pace else -1.2
        return make_ball(
            release_s=self.release_s, release_3=hand + np.array([0.0, -0.1, 0.05]),
            bounce_m=stroke(self.stroke).bounce_m + 0.4 * (self.phases[1] - 3.0) / 3.0, impact_3=target,
            azimuth_deg=self.flight[0], elevation_deg=self.flight[1], speed=self.flight[2],
            boundary_m=3.6 if self.venue.is_nets else self.venue.boundary_m,
            stop_y_m=None if self.is_hit else stop_y_m,
        )  # fmt: skip

    def striker(self, times_T: np.ndarray) -> tuple[Joints, Bat]:
        """Return the striker and the bat."""
        return self.motion.move(times_T)

    def others(self, times_T: np.ndarray, roles: Collection[str] | None = None) -> dict[str, Joints]:
        """Return everybody else (or only these roles) by role; fielders are "fielder0" and so on."""
        if roles is not None and not set(roles) - {"striker", "ball"}:
            return {}
        makers = self._makers()
        return {role: make(times_T) for role, make in makers.items() if roles is None or role in roles}

    def _makers(self) -> dict[str, Callable[[np.ndarray], Joints]]:
        off, is_pace, sizes, body = self.batter.off, self.action.is_pace, self.phases, Body().scaled
        makers: dict[str, Callable[[np.ndarray], Joints]] = {
            "bowler": partial(bowler, action=self.action, release_s=self.release_s, body=body(0.97 + 0.008 * sizes[2]))
        }
        if self.venue.is_nets:
            return makers
        makers["keeper"] = partial(keeper, is_pace=is_pace, ball=self.ball, body=body(0.98))
        backing_up = partial(non_striker, side=-1.15 * np.sign(self.action.x), body=body(1.01))
        makers["non_striker"] = partial(backing_up, run_s=self.run_s, release_s=self.release_s)
        watching = partial(stand, body=Body(), yaw_deg=-90.0, hands="back", phase=sizes[3])
        makers["umpire"] = partial(watching, place=(0.25 * off, PITCH_M + 1.9))
        slip = (off * 1.9, -13.6) if is_pace else (off * 1.5, -2.6)
        places = [slip, *((off * x, y) for x, y in _FIELD)]
        end = self.ball.position(np.array([self.ball.end_s]))[0, :2]
        chaser = int(np.argmin([np.hypot(*(np.array(place) - end)) for place in places]))
        for index, place in enumerate(places):
            phase = sizes[4 + index % 8]
            makers[f"fielder{index}"] = partial(
                fielder, place=place, ball=self.ball, body=body(0.97 + 0.01 * phase), phase=phase,
                is_chasing=self.is_hit and index == chaser,
            )  # fmt: skip
        return makers


def draw_scene(
    random: np.random.Generator, *, number: int, batter: Batter, partner: Batter, action: Action,
    settings: WorldSettings, profile: np.ndarray, venue: Venue, strokes: tuple[str, ...] = (),
) -> Scene:  # fmt: skip
    """Draw one ball, of today's `profile` (probability of each stroke (14,)) among `strokes` (all where empty).

    `settings` say how often things go wrong; the other arguments are fields of `Scene`.
    """
    allowed = np.array([not strokes or name in strokes for name in STROKES])
    weights = np.where(allowed, profile + 1e-6, 0.0)
    name = str(random.choice(STROKES, p=weights / weights.sum()))
    other, weight = name, 1.0
    if random.random() < settings.ambiguous:
        other, weight = str(random.choice(NEIGHBOURS[name])), float(random.uniform(0.56, 0.75))
    roll = random.random()
    contact = "none" if name == "leave" else "middle"
    if name != "leave" and roll < settings.miss:
        contact = "miss"
    elif name != "leave" and roll < settings.miss + settings.edge:
        contact = "edge"
    key = stroke(name)
    flight = (key.azimuth_deg, key.elevation_deg, key.speed)
    azimuth, elevation, speed = (float(random.normal(*mean_spread)) for mean_spread in flight)
    if contact == "edge":
        azimuth, elevation, speed = float(random.normal(150, 14)), float(random.normal(8, 6)), speed * 0.8
    elif contact == "miss":
        azimuth, elevation, speed = float(random.normal(180, 1.5)), 4.0, 28.0 if action.is_pace else 20.0
    speed = max(speed, 2.0)
    runs, is_wicket = _outcome(random, name=name, contact=contact, speed=speed, elevation_deg=elevation)
    is_running = runs in (1, 2, 3) or (runs == 4 and random.random() < 0.3)
    # A pace ball takes about .55 s to the batter, a spinner's about .88 s.
    flight_s = random.normal(0.55, 0.035) if action.is_pace else random.normal(0.88, 0.05)
    return Scene(
        number=number, batter=batter, partner=partner, stroke=name, intended=other, weight=weight, contact=contact,
        runs=runs, is_wicket=is_wicket, action=action, release_s=-float(np.clip(flight_s, 0.42, 1.05)),
        jitter=draw_jitter(random, amount=settings.difficulty),
        run_s=float(random.uniform(0.5, 0.9)) if is_running and not venue.is_nets else float("nan"),
        flight=(batter.off * azimuth, elevation, speed), venue=venue,
        phases=tuple(float(value) for value in random.uniform(0, 6.2, size=16)),
    )  # fmt: skip


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
