"""Why nothing is claimed in a video: how far the search for a stroke came."""

from __future__ import annotations

from collections.abc import Sequence

from slowpaths.core.records import Unclaimed
from slowpaths.mining.candidates import Candidate, ShotEvidence, find_candidates
from slowpaths.mining.context import VideoContext
from slowpaths.mining.shots.survey import Survey
from slowpaths.mining.striker.observation import LEAST_FRAMES


def why_unclaimed(
    context: VideoContext,
    *,
    first_look: Survey,
    num_parts: int,
    gathered: Sequence[ShotEvidence],
    other_game: Sequence[Candidate],
) -> Unclaimed:
    """Say why a video has no delivery.

    Args:
        context: The video.
        first_look: What every frame looks like.
        num_parts: Shots of play, or pieces of them, that were searched.
        gathered: What those show in which somebody moves.
        other_game: Strokes that were found, and left out for they are no cricket.
    """
    video_id = context.video.video_id
    if other_game:
        likeliest = max(one.event.event_p for one in other_game)
        return Unclaimed(video_id=video_id, cause="other_game", event_p=likeliest)
    if len(first_look.thumbnails.distinct_frames) < LEAST_FRAMES:
        return Unclaimed(video_id=video_id, cause="still")
    if not num_parts:
        return Unclaimed(video_id=video_id, cause="no_play")
    if not gathered:
        return Unclaimed(video_id=video_id, cause="nobody")
    doubtful = find_candidates(context, gathered, min_event_p=0.0)
    likeliest = max((one.event.event_p for one in doubtful), default=0.0)
    return Unclaimed(video_id=video_id, cause="no_stroke", event_p=likeliest)
