"""A person moves the impact of a stroke: it is measured again, from the poses that were kept. Nothing is decoded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from slowpaths.core.records import Delivery, PoseTrack, Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.features.delivery import deliver
from slowpaths.mining.features.frame_of_reference import rows_of
from slowpaths.mining.impact.events import Event
from slowpaths.mining.sequences import NEEDS_CAMERA
from slowpaths.mining.settings import MiningSettings

NEEDS_FOOTAGE = ("flow_horizontal", "striker_p", "camera_inliers", "onset_z", "onset_brightness")
"""Features that no pose tells: they stay as they were measured about the impact as mined."""


def move_impact(
    delivery: Delivery,
    *,
    impact_s: float,
    tracks: Sequence[PoseTrack],
    shot: Shot,
    video: VideoRef,
    settings: MiningSettings,
) -> Delivery:
    """Return a delivery with the impact where a person saw it, measured again from the poses of its shot.

    The person saw it on a frame of the clip. Id, handedness and `NEEDS_FOOTAGE` stay; what could not be measured of an
    archive of poses still cannot. There must be a track.
    """
    moved = deliver(
        striker_of(delivery, tracks),
        Event(
            impact_s=impact_s,
            uncertainty_s=1 / settings.clip_fps / math.sqrt(12),  # anywhere within one frame
            event_p=1.0,
            log_odds=math.inf,
        ),
        shot=shot,
        bounds=Span(0.0, max(video.duration_s, shot.span.end_s)),
        handedness_p=delivery.handedness_p,
        picture_size=(video.width, video.height),
        settings=settings,
        extras={name: delivery.features[name] for name in NEEDS_FOOTAGE},
    )
    lost = dict.fromkeys(NEEDS_CAMERA if video.codec == "poses" else (), math.nan)
    return replace(moved, delivery_id=delivery.delivery_id, features={**moved.features, **lost})


def striker_of(delivery: Delivery, tracks: Sequence[PoseTrack]) -> PoseTrack:
    """Return the track that has the delivery's box at its impact, each frame once: tables repeat one of two strokes."""

    def away(track: PoseTrack) -> float:
        row = int(np.abs(track.pts_s - delivery.impact_s).argmin())
        return float(np.nan_to_num(np.abs(track.boxes_T4[row] - delivery.box.to_array()).sum(), nan=np.inf))

    track = min(tracks, key=away)
    return rows_of(track, np.unique(track.frames_T, return_index=True)[1])
