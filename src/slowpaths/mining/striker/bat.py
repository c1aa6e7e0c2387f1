"""The bat about the impact of a stroke: pictures around the hands, and where it points in them.

Legend: N looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.clips import crop_square
from slowpaths.mining.context import VideoContext
from slowpaths.mining.striker.bat_network import REACH, load_bat_network, pointing
from slowpaths.pose.kinematics import body_scale, hands
from slowpaths.video.picture_features import MAP_SIDE_PX

LOOKS_S = (-0.04, 0.0, 0.04, 0.10, 0.14, 0.18, 0.22)  # about the impact
_NEAR_S = 0.021  # half of a frame at 25 a second: no other frame is taken for a look
_BODY_S = 0.5  # how far from the impact the size of the body is read


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatSeen:
    """Hold where a bat points at some instants."""

    times_N: np.ndarray  # seconds since the impact
    pointing_N2: np.ndarray  # right and up in the picture; the longer, the surer, 1 at most


NOT_SEEN = BatSeen(times_N=np.zeros(0), pointing_N2=np.zeros((0, 2)))


def look_at_bat(context: VideoContext, track: PoseTrack, *, impact_s: float) -> BatSeen:
    """Look at the hands of a person about an instant; frames in which they are not found are left out."""
    from_impact_T = track.pts_s - impact_s
    scale_px = body_scale(track.keypoints_TJC[np.abs(from_impact_T) <= _BODY_S])
    hands_T3 = hands(track.keypoints_TJC, scale=scale_px)
    nearest = [int(np.abs(from_impact_T - look_s).argmin()) for look_s in LOOKS_S]
    looks = zip(nearest, LOOKS_S, strict=True)
    rows = np.unique([row for row, look_s in looks if abs(from_impact_T[row] - look_s) <= _NEAR_S]).astype(int)
    rows = rows[np.isfinite(hands_T3[rows, :2]).all(axis=1)]
    if not (scale_px > 0 and len(rows)):
        return NOT_SEEN
    scale = context.work_height / context.decoder.height
    frames_NHWC = context.decoder.frames(track.frames_T[rows], height=context.work_height)
    pictures = around_hands(list(frames_NHWC), hands_T3[rows, :2] * scale, scale_px=scale_px * scale)
    probs_ND = load_bat_network(context.settings.bat_weights)(pictures)
    return BatSeen(times_N=from_impact_T[rows], pointing_N2=pointing(probs_ND))


def around_hands(frames_NHWC: Sequence[np.ndarray], hands_N2: np.ndarray, *, scale_px: float) -> list[np.ndarray]:
    """Return what the network is shown of RGB frames: squares around the hands, given the torso unit in pixels."""
    side = max(2 * REACH * scale_px, 2.0)
    return [
        crop_square(frame_HWC, centre_xy=hands_2, side=side, side_px=MAP_SIDE_PX)
        for frame_HWC, hands_2 in zip(frames_NHWC, hands_N2, strict=True)
    ]
