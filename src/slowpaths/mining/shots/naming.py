"""Which shots a video has: what each shows, which are replays, and where a ball may be played.

Legend: Z shots, V views.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slowpaths.core import ids
from slowpaths.core.records import Shot
from slowpaths.core.spans import Span
from slowpaths.core.views import PLAY_VIEWS, VIEWS
from slowpaths.mining.context import VideoContext
from slowpaths.mining.shots.replays import Thumbnails, mark_replays
from slowpaths.mining.shots.survey import Survey
from slowpaths.mining.shots.view_classifier import load_view_classifier
from slowpaths.video.shots import GRADUAL, Transition

# How often a shot of a play view has a ball in it, relative to the pitch views. Close-ups show players between balls;
# only tight replays show strokes.
BALL_SHARE = {view: 0.1 if view == "closeup" else 1.0 for view in PLAY_VIEWS}


def name_shots(context: VideoContext, first_look: Survey) -> tuple[list[Shot], np.ndarray]:
    """Name the views of the shots of a video, mark replays, and say how probable a ball is in each (Z,)."""
    boundaries, pts_s = first_look.boundaries, context.decoder.pts_s
    probs_ZV = load_view_classifier(context.settings.view_weights).shots(
        [first_look.looks_at(shot) for shot in boundaries]
    )
    probs_ZV[[shot.transition in GRADUAL for shot in boundaries]] = [float(view == "other") for view in VIEWS]
    starts_s = [float(pts_s[shot.first_frame]) for shot in boundaries]
    ends_s = [*starts_s[1:], _after_last(pts_s)]
    shots = [
        Shot(
            shot_id=ids.shot_id(context.video.video_id, index),
            video_id=context.video.video_id,
            span=Span(starts_s[index], max(starts_s[index], ends_s[index])),
            first_frame=shot.first_frame,
            last_frame=shot.last_frame,
            view=VIEWS[int(probs_ZV[index].argmax())],
            view_probability=float(probs_ZV[index].max()),
            transition=shot.transition,
        )
        for index, shot in enumerate(boundaries)
    ]
    if (names := context.oracle.views(shots)) is not None:
        probs_ZV = np.array([[float(view == name) for view in VIEWS] for name in names])
        shots = [replace(shot, view=name, view_probability=1.0) for shot, name in zip(shots, names, strict=True)]
    marks = context.oracle.replays(shots) or _mark_replays(shots, first_look.thumbnails)
    shots = [
        replace(shot, is_replay=replay_p > 0.5, replay_of=source)
        for shot, (replay_p, source) in zip(shots, marks, strict=True)
    ]
    return shots, probs_ZV @ np.array([BALL_SHARE.get(view, 0.0) for view in VIEWS])


def _mark_replays(shots: list[Shot], thumbnails: Thumbnails) -> list[tuple[float, str | None]]:
    """Mark the replays among the shots of a camera, each told by which transition it begins."""
    before: list[Transition] = ["start", *(shot.transition for shot in shots[:-1])]
    filmed = [
        replace(shot, transition=last) if last in GRADUAL else shot
        for shot, last in zip(shots, before, strict=True)
        if shot.transition not in GRADUAL
    ]
    mark_of = {shot.shot_id: mark for shot, mark in zip(filmed, mark_replays(filmed, thumbnails), strict=True)}
    return [mark_of.get(shot.shot_id, (0.0, None)) for shot in shots]


def _after_last(pts_s: np.ndarray) -> float:
    steps = np.diff(pts_s)
    return float(pts_s[-1] + (np.median(steps) if len(steps) else 0.04))
