"""A stroke that was found becomes a delivery: placed, framed and measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from slowpaths.core import ids
from slowpaths.core.records import Box, Delivery, PoseTrack, Shot
from slowpaths.core.spans import Span
from slowpaths.mining.features.measure import measure
from slowpaths.mining.impact.events import Event
from slowpaths.mining.settings import MiningSettings


def deliver(
    track: PoseTrack,
    event: Event,
    *,
    shot: Shot,
    bounds: Span,
    handedness_p: float,
    picture_size: tuple[int, int],
    settings: MiningSettings,
    extras: Mapping[str, float] | None = None,
) -> Delivery:
    """Return the delivery of one stroke; its span stays within `bounds`, those of the video.

    `extras` are features measured elsewhere; see `measure`.
    """
    x1, y1, x2, y2 = track.boxes_T4[int(np.abs(track.pts_s - event.impact_s).argmin())].tolist()
    return Delivery(
        delivery_id=ids.delivery_id(shot.video_id, event.impact_s),
        video_id=shot.video_id,
        shot_id=shot.shot_id,
        span=Span(event.impact_s - settings.before_s, event.impact_s + settings.after_s).clip(bounds),
        impact_s=event.impact_s,
        impact_uncertainty_s=event.uncertainty_s,
        view=shot.view,
        handedness_p=handedness_p,
        box=Box(x1=x1, y1=y1, x2=x2, y2=y2),
        event_p=event.event_p,
        features=measure(
            track,
            impact_s=event.impact_s,
            view=shot.view,
            handedness_p=handedness_p,
            is_live=not shot.is_replay,
            extras=extras,
            picture_size=picture_size,
        ),
    )
