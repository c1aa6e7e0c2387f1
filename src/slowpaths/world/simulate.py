"""The truth of matches without a picture: strokes, joints, cameras, impact times, labels, exactly as a build has them.

A build films the very shots that are staged here, so what a learner sees of simulated strokes is what a rendered video
shows, joint by joint. Legend: T frames, J = 17 joints.

Example:
    >>> from slowpaths.world.world_settings import PartSettings, WorldSettings
    >>> world = WorldSettings(name="one", parts={"c": PartSettings(mode="clip", balls_per_match=1)})
    >>> (shown,) = simulate(world, seed=3)
    >>> shown.striker.pixels_TJ2.shape, shown.striker.points_TJ3.shape, shown.view
    ((75, 17, 2), (75, 17, 3), 'pitch_endon')
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from slowpaths.core.spans import Span
from slowpaths.world.action.scene import Scene
from slowpaths.world.camera.match import Match, plan_match
from slowpaths.world.camera.staging import PersonTruth, ShotTruth, Stage
from slowpaths.world.presets import VIEW_OF
from slowpaths.world.world_settings import WorldSettings

CLIP_BEFORE_S, CLIP_AFTER_S = 0.80, 0.48  # of the action, around the impact


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShownStroke:
    """Hold one stroke as one shot shows it, live or again."""

    match: Match
    truth: ShotTruth  # the shot: its plan (camera, speed, replay or live), time of every frame, camera track
    scene: Scene  # the ball: stroke, batter, contact and the rest
    striker: PersonTruth | None  # the striker in every frame of the shot; None where the camera misses them
    impact_s: float  # impact as shown, seconds of video
    span: Span  # what a clip of the stroke holds, seconds of video

    @property
    def stroke(self) -> str:
        """Return the label, one of `core.strokes.STROKES`."""
        return self.scene.stroke

    @property
    def is_right_handed(self) -> bool:
        """Return the handedness of the striker."""
        return self.scene.batter.is_right_handed

    @property
    def view(self) -> str:
        """Return the view, one of `core.views.VIEWS`."""
        return VIEW_OF[self.truth.shot.camera]

    @property
    def box_4(self) -> np.ndarray:
        """Return the box of the striker at impact, pixels; NaN where they are not seen."""
        if self.striker is None:
            return np.full(4, np.nan)
        fps = self.match.fps
        frame = round((self.impact_s - self.truth.first_frame / fps) * fps)
        return self.striker.boxes_T4[min(frame, self.truth.shot.num_frames - 1)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchTruth:
    """Hold what is known of a match."""

    match: Match
    shots: list[ShotTruth]  # what is known of its shots, in order

    def strokes(self) -> list[ShownStroke]:
        """Return every stroke that is shown, live or again."""
        return [_shown(self.match, shot) for shot in self.shots if _impact_s(self.match, shot.number) is not None]


def simulate(settings: WorldSettings, *, seed: int) -> Iterator[ShownStroke]:
    """Yield every stroke of a world as its videos show it, with the striker alone: the quickest way to many strokes.

    With the seed of a build the strokes are those of its videos.
    """
    for name, part in settings.parts.items():
        for number in range(part.num_matches):
            match = plan_match(settings, seed=seed, part=name, number=number)
            yield from simulate_match(match, roles=("striker",), only_strokes=True).strokes()


def simulate_match(match: Match, *, roles: Collection[str] | None = None, only_strokes: bool = False) -> MatchTruth:
    """Return what the video of a match shows, without drawing it.

    `roles` are as for `camera.staging.Stage`; `only_strokes` leaves out shots that show no impact.
    """
    stage, shots = Stage(match, roles=roles), []
    for number, shot in enumerate(match.shots):
        if only_strokes and _impact_s(match, number) is None:
            continue
        is_staged = shot.is_staged
        shots.append(stage.set_up(number, stage.random(number)).truth if is_staged else stage.empty(number))
    return MatchTruth(match=match, shots=shots)


def span_of(match: Match, number: int) -> Span:
    """Return where a shot lies, seconds of video."""
    first, following = match.first_frames[number : number + 2]
    return Span(first / match.fps, following / match.fps)


def _impact_s(match: Match, number: int) -> float | None:
    """Return when a shot shows the impact, seconds of video; None where it does not."""
    impact_s = match.shown_s(number, 0.0)
    return impact_s if match.shots[number].shows_play and impact_s in span_of(match, number) else None


def _shown(match: Match, truth: ShotTruth) -> ShownStroke:
    impact_s, speed = match.shown_s(truth.number, 0.0), truth.shot.speed
    clip = Span(impact_s - CLIP_BEFORE_S / speed, impact_s + CLIP_AFTER_S / speed)
    return ShownStroke(
        match=match, truth=truth, scene=match.scenes[truth.shot.scene],
        striker=next((person for person in truth.people if person.role == "striker"), None), impact_s=impact_s,
        span=clip.clip(span_of(match, truth.number)),
    )  # fmt: skip
