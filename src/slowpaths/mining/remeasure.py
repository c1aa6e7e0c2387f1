"""A person moves the impact of a stroke: it is measured again, from the poses that were kept. Nothing is decoded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from slowpaths.core.pose_tracks import striker_of
from slowpaths.core.records import Delivery, PoseTrack, Shot, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.features.delivery import deliver
from slowpaths.mining.impact.events import Event
from slowpaths.mining.sequences import NEEDS_CAMERA
from slowpaths.mining.settings import MiningSettings

NEEDS_FOOTAGE: tuple[str, ...] = (
    "flow_horizontal", "striker_p", "camera_inliers", "onset_z", "onset_brightness",
    "bat_across", "bat_off", "bat_off_after", "bat_up_after",
)  # fmt: skip
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
    track = striker_of(delivery, tracks)
    assert track is not None
    moved = deliver(
        track,
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
