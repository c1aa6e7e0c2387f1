"""The edit: which camera shows which ball when, in the order a broadcaster cuts it.

Live end-on, then (where the ball travels) the field, a close-up, sometimes the crowd, sometimes a replay between two
logo wipes from another camera in slow motion without the score bug, seldom adverts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.strokes import STROKES
from slowpaths.world.batters import Batter
from slowpaths.world.cast import Action, draw_action
from slowpaths.world.graphics import Broadcaster, Score
from slowpaths.world.scene import Chances, Scene, draw_scene
from slowpaths.world.scenery import Venue
from slowpaths.world.settings import PartSettings

CLIP_BEFORE_S, CLIP_S = 1.72, 3.0
NETS_BEFORE_S, NETS_S = 4.0, 7.0  # the camera runs on between balls


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShot:
    """Describe one shot of the edit.

    Args:
        camera: One of `cameras.CAMERAS`, or "advert".
        scene: Number of the ball it shows; -1 for none.
        start_s: Time of the first frame, seconds from that ball's impact.
        speed: Seconds of action a second of film.
        num_frames: Length, frames.
        is_replay: Whether the ball was shown before.
        replay_of: Number of the shot that showed it; -1 for none.
        has_bug: Whether the score bug is on.
        transition: How it begins: "start", "cut" or "wipe".
        subject: Who fills a close-up: "striker" or "bowler".
        follow: How well the operator reads the ball: 1 right, near 0 not at all, negative on the wrong side.
    """

    camera: str
    scene: int
    start_s: float
    num_frames: int
    speed: float = 1.0
    is_replay: bool = False
    replay_of: int = -1
    has_bug: bool = True
    transition: str = "cut"
    subject: str = "striker"
    follow: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Match:
    """Hold one match: its balls, its edit, where and by whom it is filmed.

    Args:
        match_id: Name in truth tables and of the video.
        part: Settings it is made with.
        venue: The ground.
        broadcaster: Who films it.
        scenes: The balls.
        scores: What the score bug says before each ball.
        shots: The edit.
        seed: Seed of everything that is drawn while rendering.
        fps: Frames a second.
    """

    match_id: str
    part: PartSettings
    venue: Venue
    broadcaster: Broadcaster
    scenes: list[Scene]
    scores: list[Score]
    shots: list[PlannedShot]
    seed: tuple[int, ...]
    fps: int

    @property
    def num_frames(self) -> int:
        """Return the length of the video, frames."""
        return sum(shot.num_frames for shot in self.shots)

    def timed_shots(self) -> list[tuple[int, PlannedShot]]:
        """Return every shot with the number of its first frame."""
        starts = np.cumsum([0, *(shot.num_frames for shot in self.shots)])
        return [(int(start), shot) for start, shot in zip(starts, self.shots, strict=False)]

    def shown_s(self, first_frame: int, shot: PlannedShot, action_s: float) -> float:
        """Return when an instant of the action (seconds from impact) is shown in a shot, seconds of video."""
        return first_frame / self.fps + (action_s - shot.start_s) / shot.speed


def plan_match(
    *,
    match_id: str,
    part: PartSettings,
    venue: Venue,
    broadcaster: Broadcaster,
    batters: Sequence[Batter],
    chances: Chances,
    venue_bias: float,
    seed: tuple[int, ...],
    fps: int,
) -> Match:
    """Draw the balls of a match and cut it.

    Args:
        match_id: Name of the match.
        part: What is wanted.
        venue: The ground.
        broadcaster: Who films it.
        batters: Batting order; two are in at a time and change ends.
        chances: How often things go wrong.
        venue_bias: Strength of the spurious tie between venue and strokes; 0 for none.
        seed: Seed.
        fps: Frames a second.
    """
    random = np.random.default_rng([*seed, 1])
    bias = np.exp(venue_bias * np.random.default_rng(list(venue.name.encode())).normal(size=len(STROKES)))
    scenes, scores = _play(random, part, venue, batters, chances, bias)
    shots: list[PlannedShot] = []
    camera = str(random.choice(part.cameras)) if part.mode == "nets" else ""  # one for the whole session
    before_s, length_s = (NETS_BEFORE_S, NETS_S) if part.mode == "nets" else (CLIP_BEFORE_S, CLIP_S)
    for scene in scenes:
        if part.mode == "broadcast":
            shots += _cut_broadcast(random, scene, part, broadcaster, fps, first=len(shots))
        else:
            shots.append(
                PlannedShot(
                    camera=camera or str(random.choice(part.cameras)),
                    scene=scene.number,
                    start_s=-before_s + float(random.uniform(-0.12, 0.12)),
                    num_frames=round(length_s * fps),
                    has_bug=False,
                )
            )
    shots[0] = replace(shots[0], transition="start")
    return Match(
        match_id=match_id,
        part=part,
        venue=venue,
        broadcaster=broadcaster,
        scenes=scenes,
        scores=scores,
        shots=shots,
        seed=seed,
        fps=fps,
    )


def _play(
    random: np.random.Generator,
    part: PartSettings,
    venue: Venue,
    batters: Sequence[Batter],
    chances: Chances,
    bias: np.ndarray,
) -> tuple[list[Scene], list[Score]]:
    order = [batters[int(index)] for index in random.permutation(len(batters))]
    at_crease = [order[0], order[1 % len(order)]]
    following = 2
    bowlers = [draw_action(random), draw_action(random)]
    team = str(random.choice(["RVR", "HKS", "MNT", "DLT", "OAK", "STR"]))
    scenes, scores = [], []
    runs, wickets, striker = 0, 0, 0
    faced: dict[str, int] = {}
    first_ball = int(random.integers(0, 18 * 6))
    for number in range(part.balls_per_match):
        balls = first_ball + number
        batter, partner = at_crease[striker], at_crease[1 - striker]
        action: Action = bowlers[(balls // 6) % 2]
        scene = draw_scene(
            random,
            number=number,
            batter=batter,
            partner=partner,
            action=action,
            chances=chances,
            profile=batter.profile * bias,
            boundary_m=venue.boundary_m,
            is_nets=venue.is_nets,
            strokes=part.strokes,
        )
        scenes.append(scene)
        scores.append(
            Score(
                team=team,
                runs=runs + 37,
                wickets=min(wickets, 9),
                balls=balls,
                batters=(f"{batter.batter_id.upper()} {batter.number}", partner.batter_id.upper()),
            )
        )
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


def _cut_broadcast(
    random: np.random.Generator, scene: Scene, part: PartSettings, broadcaster: Broadcaster, fps: int, *, first: int
) -> list[PlannedShot]:
    """Cut one ball; `first` is the number its first shot gets in the edit."""

    def frames(seconds: float) -> int:
        return max(round(seconds * fps), 8)

    def shot(camera: str, seconds: float, start_s: float, **fields) -> PlannedShot:
        return PlannedShot(camera=camera, scene=scene.number, start_s=start_s, num_frames=frames(seconds), **fields)

    start_s = scene.release_s - float(random.uniform(1.5, 2.4)) - 0.4 * (part.leisure - 1.0)
    end_s = float(random.uniform(*broadcaster.cut_s))
    live = str(random.choice(part.cameras))
    shots = [shot(live, end_s - start_s, start_s, follow=_reading(random))]
    is_hit = scene.contact in ("middle", "edge") and scene.flight[2] > 10
    if is_hit and random.random() < 0.8:
        shots.append(shot("field", float(random.uniform(1.4, 2.6)) * part.leisure, end_s))
    if random.random() < 0.85:
        subject = "striker" if random.random() < 0.65 else "bowler"
        shots.append(shot("closeup", float(random.uniform(1.4, 2.6)) * part.leisure, 4.0, subject=subject))
    is_boundary = scene.runs >= 4 or scene.is_wicket
    if random.random() < (3.0 if is_boundary else 0.6) * broadcaster.crowd:
        shots.append(shot("crowd", float(random.uniform(1.2, 2.0)) * part.leisure, 6.0))
    if random.random() < broadcaster.replay * (1.8 if is_boundary else 0.8):
        speed = float(random.uniform(0.33, 0.5))
        choices = [name for name in ("side_on", "keeper_end", "bowler_end") if name != live]
        from_s = max(scene.release_s - 0.1, -0.95)
        shots.append(
            shot(
                str(random.choice(choices)),
                (0.65 - from_s) / speed,
                from_s,
                speed=speed,
                is_replay=True,
                replay_of=first,
                has_bug=False,
                transition="wipe",
                follow=_reading(random),
            )
        )
        shots.append(shot("closeup", float(random.uniform(1.2, 1.8)), 5.0, transition="wipe"))
    if random.random() < broadcaster.advert:
        shots.append(replace(shot("advert", float(random.uniform(2.0, 3.5)), 0.0, has_bug=False), scene=-1))
    return shots


def _reading(random: np.random.Generator) -> float:
    """Return how an operator reads the ball: one in eight stays, one in sixteen goes the wrong way at first."""
    roll = random.random()
    return -0.4 if roll < 1 / 16 else (0.15 if roll < 3 / 16 else 1.0)
