"""Which shots a video has: what each shows, which are replays, and where a ball may be played.

Legend: S shots, V views.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slowpaths.core import ids
from slowpaths.core.records import Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.core.views import PLAY_VIEWS, VIEWS
from slowpaths.mining.oracle import NOTHING, Given
from slowpaths.mining.shots import replays
from slowpaths.mining.shots import view_rules as views
from slowpaths.mining.shots.survey import Survey

# How often a shot of a play view has a ball in it, relative to the pitch views. Close-ups show players between balls;
# only tight replays show strokes.
BALL_SHARE = {view: 0.1 if view == "closeup" else 1.0 for view in PLAY_VIEWS}


def name_shots(video: VideoRef, first_look: Survey, *, given: Given = NOTHING) -> tuple[list[Shot], np.ndarray]:
    """Name the views of the shots of a video and mark replays.

    Args:
        video: The video.
        first_look: Its shots and what was seen of them.
        given: What is known beforehand.

    Returns:
        The shots, and for each the probability that a ball is played in it (S,).
    """
    cuts = first_look.cuts
    cues = [views.summarise(first_look.within(cut.first_frame, cut.last_frame)) for cut in cuts]
    probs_SV = views.name_views(cues)
    pts_s = first_look.pts_s
    shots = []
    for index, (cut, probs_V) in enumerate(zip(cuts, probs_SV, strict=True)):
        end_s = pts_s[cuts[index + 1].first_frame] if index + 1 < len(cuts) else _after_last(pts_s)
        start_s = float(pts_s[cut.first_frame])
        shots.append(
            Shot(
                shot_id=ids.shot_id(video.video_id, index),
                video_id=video.video_id,
                span=Span(start_s, max(start_s, float(end_s))),
                first_frame=cut.first_frame,
                last_frame=cut.last_frame,
                view=VIEWS[int(probs_V.argmax())],
                view_probability=float(probs_V.max()),
                transition=cut.transition,
            )
        )
    if (names := given.views(shots)) is not None:
        probs_SV = np.array([[float(view == name) for view in VIEWS] for name in names])
        shots = [replace(shot, view=name, view_probability=1.0) for shot, name in zip(shots, names, strict=True)]
    marks = given.replays(shots) or replays.mark(shots, first_look.thumbnails_THWC)
    shots = [
        replace(shot, is_replay=replay_p > 0.5, replay_of=source)
        for shot, (replay_p, source) in zip(shots, marks, strict=True)
    ]
    return shots, probs_SV @ np.array([BALL_SHARE.get(view, 0.0) for view in VIEWS])


def _after_last(pts_s: np.ndarray) -> float:
    steps = np.diff(pts_s)
    return float(pts_s[-1] + (np.median(steps) if len(steps) else 0.04))
