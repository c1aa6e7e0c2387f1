"""The edit: which camera shows which ball when, in the order a broadcaster cuts it.

Live end-on, then (where the ball travels) the field, a close-up, sometimes the crowd, sometimes a replay between two
logo wipes from another camera in slow motion without the score bug, seldom adverts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slowpaths.world.action.scene import Scene
from slowpaths.world.presets import PLAY_CAMERAS, Broadcaster
from slowpaths.world.world_settings import PartSettings

CLIP_BEFORE_S, CLIP_S = 1.72, 3.0
NETS_BEFORE_S, NETS_S = 4.0, 7.0  # the camera runs on between balls


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShot:
    """Describe one shot of the edit."""

    camera: str  # one of `presets.CAMERAS`, or "advert"
    scene: int  # number of the ball it shows; -1 for none
    start_s: float  # time of the first frame, seconds from that ball's impact
    num_frames: int  # length, frames
    speed: float = 1.0  # seconds of action a second of film
    is_replay: bool = False  # whether the ball was shown before
    replay_of: int = -1  # number of the shot that showed it; -1 for none
    has_bug: bool = True  # whether the score bug is on
    transition: str = "cut"  # how it begins: "start", "cut" or "wipe"
    subject: str = "striker"  # who fills a close-up: "striker" or "bowler"
    follow: float = 1.0  # how well the operator reads the ball: 1 right, near 0 not at all, negative on the wrong side

    @property
    def shows_play(self) -> bool:
        """Return whether the shot shows a ball from the hand to the bat, live or again."""
        return self.camera in PLAY_CAMERAS

    @property
    def is_staged(self) -> bool:
        """Return whether people act in front of the camera (no crowd, no advert)."""
        return self.camera not in ("crowd", "advert")


def plan_shots(
    random: np.random.Generator, scenes: list[Scene], part: PartSettings, broadcaster: Broadcaster, fps: int
) -> list[PlannedShot]:
    """Cut the balls of a match: the whole edit of a broadcast, or one shot a ball."""
    shots: list[PlannedShot] = []
    camera = str(random.choice(part.cameras)) if part.mode == "nets" else ""  # one for the whole session
    before_s, length_s = (NETS_BEFORE_S, NETS_S) if part.mode == "nets" else (CLIP_BEFORE_S, CLIP_S)
    for scene in scenes:
        if part.mode == "broadcast":
            shots += _cut_broadcast(random, scene, part, broadcaster, fps, first=len(shots))
            continue
        chosen = camera or str(random.choice(part.cameras))
        start_s, num_frames = -before_s + float(random.uniform(-0.12, 0.12)), round(length_s * fps)
        shot = PlannedShot(camera=chosen, scene=scene.number, start_s=start_s, num_frames=num_frames, has_bug=False)
        shots.append(shot)
    return [replace(shots[0], transition="start"), *shots[1:]]


def _cut_broadcast(
    random: np.random.Generator, scene: Scene, part: PartSettings, broadcaster: Broadcaster, fps: int, *, first: int
) -> list[PlannedShot]:
    """Cut one ball; `first` is the number its first shot gets in the edit."""

    def shot(camera: str, seconds: float, start_s: float, **more: Any) -> PlannedShot:
        num_frames = max(round(seconds * fps), 8)
        return PlannedShot(camera=camera, scene=scene.number, start_s=start_s, num_frames=num_frames, **more)

    def calm_s(shortest: float, longest: float) -> float:
        return float(random.uniform(shortest, longest)) * part.leisure

    start_s = scene.release_s - float(random.uniform(1.5, 2.4)) - 0.4 * (part.leisure - 1.0)
    end_s = float(random.uniform(*broadcaster.cut_s))
    live = str(random.choice(part.cameras))
    shots = [shot(live, end_s - start_s, start_s, follow=_reading(random))]
    if scene.is_hit and scene.flight[2] > 10 and random.random() < 0.8:
        shots.append(shot("field", calm_s(1.4, 2.6), end_s))
    if random.random() < 0.85:
        subject = "striker" if random.random() < 0.65 else "bowler"
        shots.append(shot("closeup", calm_s(1.4, 2.6), 4.0, subject=subject))
    is_event = scene.runs >= 4 or scene.is_wicket
    if random.random() < (3.0 if is_event else 0.6) * broadcaster.crowd:
        shots.append(shot("crowd", calm_s(1.2, 2.0), 6.0))
    if random.random() < broadcaster.replay * (1.8 if is_event else 0.8):
        speed = float(random.uniform(0.33, 0.5))
        camera = str(random.choice([name for name in ("side_on", "keeper_end", "bowler_end") if name != live]))
        from_s = max(scene.release_s - 0.1, -0.95)
        again = shot(camera, (0.65 - from_s) / speed, from_s, speed=speed, is_replay=True, replay_of=first,
                     has_bug=False, transition="wipe", follow=_reading(random))  # fmt: skip
        shots += [again, shot("closeup", float(random.uniform(1.2, 1.8)), 5.0, transition="wipe")]
    if random.random() < broadcaster.advert:
        shots.append(replace(shot("advert", float(random.uniform(2.0, 3.5)), 0.0, has_bug=False), scene=-1))
    return shots


def _reading(random: np.random.Generator) -> float:
    """Return how an operator reads the ball: one in eight stays, one in sixteen goes the wrong way at first."""
    roll = random.random()
    return -0.4 if roll < 1 / 16 else (0.15 if roll < 3 / 16 else 1.0)
