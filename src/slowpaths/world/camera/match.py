"""A match: who bats and bowls, every ball as it happens, the score, and the edit that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.world.action.batters import Batter, make_batters
from slowpaths.world.action.cast import draw_action
from slowpaths.world.action.scene import Scene, draw_scene
from slowpaths.world.camera.edit import PlannedShot, plan_shots
from slowpaths.world.presets import BROADCASTERS, VENUES, Broadcaster, Venue
from slowpaths.world.world_settings import PartSettings, WorldSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Hold what the score bug says before a ball is bowled."""

    team: str
    runs: int
    wickets: int
    balls: int
    batters: tuple[str, str]

    @property
    def over(self) -> str:
        """Return overs and balls, such as 12.3."""
        return f"{self.balls // 6}.{self.balls % 6}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Match:
    """Hold one match: its balls, its edit, where and by whom it is filmed."""

    match_id: str  # name in truth tables and of the video
    part: PartSettings  # settings it is made with
    size: tuple[int, int]  # width and height of the picture, pixels
    venue: Venue  # the ground
    broadcaster: Broadcaster  # who films it
    scenes: list[Scene]  # the balls
    scores: list[Score]  # what the score bug says before each ball
    shots: list[PlannedShot]  # the edit
    seed: tuple[int, ...]  # seed of everything that is drawn while rendering
    fps: int  # frames a second

    @cached_property
    def first_frames(self) -> list[int]:
        """Return the number of the first frame of each shot, and the length of the video at the end."""
        return [0, *accumulate(shot.num_frames for shot in self.shots)]

    def shown_s(self, number: int, action_s: float) -> float:
        """Return when an instant of the action (seconds from impact) is shown in a shot, seconds of video."""
        shot = self.shots[number]
        return self.first_frames[number] / self.fps + (action_s - shot.start_s) / shot.speed


def plan_match(settings: WorldSettings, *, seed: int, part: str, number: int) -> Match:
    """Draw a match of a world and cut it; `number` is that of the match in its part, from 0."""
    item = settings.parts[part]
    # Another step than the venues': the two must not always come together.
    station = item.broadcasters[(number + number // len(item.venues)) % len(item.broadcasters)]
    return play_match(
        settings, item, match_id=f"{part}{number + 1:02d}", venue=VENUES[item.venues[number % len(item.venues)]],
        broadcaster=BROADCASTERS[station], batters=batters_of(settings, part, seed=seed),
        seed=(seed, list(settings.parts).index(part), number),
    )  # fmt: skip


def batters_of(settings: WorldSettings, part: str, *, seed: int) -> list[Batter]:
    """Return the batters of a part of a world."""
    item = settings.parts[part]
    return make_batters(item.num_batters, seed=seed, is_shifted=item.is_held_out, spread=settings.difficulty)


def play_match(
    settings: WorldSettings, part: PartSettings, *, match_id: str, venue: Venue, broadcaster: Broadcaster,
    batters: Sequence[Batter], seed: tuple[int, ...],
) -> Match:  # fmt: skip
    """Play a match and cut it: `batters` is the batting order, two are in at a time and change ends."""
    random = np.random.default_rng([*seed, 1])
    scenes, scores = _play(random, settings, part, venue, batters)
    return Match(
        match_id=match_id, part=part, size=settings.size(part), venue=venue, broadcaster=broadcaster, scenes=scenes,
        scores=scores, shots=plan_shots(random, scenes, part, broadcaster, settings.fps), seed=seed, fps=settings.fps,
    )  # fmt: skip


def _play(
    random: np.random.Generator, settings: WorldSettings, part: PartSettings, venue: Venue, batters: Sequence[Batter]
) -> tuple[list[Scene], list[Score]]:
    strength = 0.0 if part.is_held_out else settings.venue_bias
    bias = np.exp(strength * np.random.default_rng(list(venue.name.encode())).normal(size=len(STROKES)))
    order = [batters[int(index)] for index in random.permutation(len(batters))]
    at_crease = [order[0], order[1 % len(order)]]
    following = 2
    bowlers = [draw_action(random), draw_action(random)]
    team = str(random.choice(["RVR", "HKS", "MNT", "DLT", "OAK", "STR"]))
    scenes, scores = [], []
    runs, wickets, striker = 37, 0, 0
    faced: dict[str, int] = {}
    first_ball = int(random.integers(0, 18 * 6))
    for number in range(part.balls_per_match):
        balls = first_ball + number
        batter, partner = at_crease[striker], at_crease[1 - striker]
        scene = draw_scene(
            random, number=number, batter=batter, partner=partner, action=bowlers[(balls // 6) % 2], settings=settings,
            profile=batter.profile * bias, venue=venue, strokes=part.strokes,
        )  # fmt: skip
        scenes.append(scene)
        names = f"{batter.batter_id.upper()} {batter.number}", partner.batter_id.upper()
        scores.append(Score(team=team, runs=runs, wickets=min(wickets, 9), balls=balls, batters=names))
        runs += scene.runs
        faced[batter.batter_id] = faced.get(batter.batter_id, 0) + 1
        if scene.is_wicket or faced[batter.batter_id] % part.retire_after == 0:
            wickets += int(scene.is_wicket)
            at_crease[striker] = order[following % len(order)]
            following += 1
            if at_crease[0] is at_crease[1]:
                at_crease[striker] = batter
        if scene.runs % 2 == 1:
            striker = 1 - striker
        if (balls + 1) % 6 == 0:
            striker = 1 - striker
    return scenes, scores
