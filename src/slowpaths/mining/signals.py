"""What localisation reads of one person in one shot.

Legend: T frames, K = 17 joints, C = x, y, confidence, N onsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slowpaths.core.records import PoseTrack, Shot
from slowpaths.core.skeleton import INDEX
from slowpaths.mining.striker import guard_frames
from slowpaths.pose.kinematics import body_scale, middle, speed, stabilise
from slowpaths.pose.tracks import fill_gaps, smooth
from slowpaths.video.sound import Onsets

if TYPE_CHECKING:
    from slowpaths.mining.observe import Observed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signals:
    """Hold what was measured on one person in one shot; NaN where unseen.

    Args:
        pts_s: Presentation times (T,), seconds.
        hand_speed_T: Speed of the hands (T,), torso units per second, camera removed.
        hand_confidence_T: Confidence of the wrists (T,), 0..1.
        flow_T: Energy of camera-compensated flow around the person (T,), body heights per second.
        camera_T: Speed of the camera (T,), picture heights per second, zoom included.
        guard_T: Whether the posture is that of a batter in guard (T,), 0 or 1; None where unknown.
        cut_s: When the shot ends by a cut to another picture; NaN where the file ends or a wipe follows.
        end_s: When the shot ends for whatever reason, seconds.
        onset_times_s: Onsets in the sound (N,), seconds.
        onset_z: Their strength (N,), robust z.
        is_replay: Whether the shot is a replay.
    """

    pts_s: np.ndarray
    hand_speed_T: np.ndarray
    hand_confidence_T: np.ndarray
    flow_T: np.ndarray
    camera_T: np.ndarray
    guard_T: np.ndarray | None = None
    cut_s: float = float("nan")
    end_s: float = float("nan")
    onset_times_s: np.ndarray | None = None
    onset_z: np.ndarray | None = None
    is_replay: bool = False


def track_signals(
    track: PoseTrack,
    flow_T: np.ndarray,
    observed: Observed,
    *,
    shot: Shot,
    following: Shot | None,
    onsets: Onsets | None,
) -> Signals:
    """Return the signals of one person that localisation reads.

    Args:
        track: The person, with joints.
        flow_T: Energy of the flow around the person (T,).
        observed: What was seen of the shot.
        shot: The shot.
        following: The shot after it, None where the file or the piece ends.
        onsets: Onsets of the sound, None without sound.
    """
    rows = np.searchsorted(observed.frames_T, track.frames_T)
    hand_speed_T, hand_confidence_T = wrist_speed(track, centre_xy=(observed.width / 2, observed.height / 2))
    return Signals(
        pts_s=track.pts_s,
        hand_speed_T=hand_speed_T,
        hand_confidence_T=hand_confidence_T,
        flow_T=flow_T,
        camera_T=observed.camera_speed_T[rows],
        guard_T=guard_frames(track),
        cut_s=following.span.start_s if following is not None and following.transition == "cut" else float("nan"),
        end_s=shot.span.end_s,
        onset_times_s=None if onsets is None else onsets.times_s,
        onset_z=None if onsets is None else onsets.z,
        is_replay=shot.is_replay,
    )


def wrist_speed(track: PoseTrack, *, centre_xy: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the speed of the wrists relative to the hips, torso units per second, and their confidence, each (T,).

    Each wrist moves on its own here: a wrist that is put in the wrong place for a while costs less than the frames
    around impact, where networks see the hands worst.

    Args:
        track: The person, with joints.
        centre_xy: Centre of the picture, pixels.
    """
    smoothed = smooth(fill_gaps(track))
    still_TKC = stabilise(smoothed.keypoints_TKC, track.camera_T3, centre_xy=centre_xy)
    wrists = [INDEX["left_wrist"], INDEX["right_wrist"]]
    hip_T2 = middle(still_TKC, "hip")  # a running batter's hands are fast, but not relative to his hips
    speeds_T2 = np.stack([speed(still_TKC[:, joint, :2] - hip_T2, track.pts_s) for joint in wrists], axis=1)
    weights_T2 = np.where(np.isfinite(speeds_T2), still_TKC[:, wrists, 2], 0.0)
    total_T = weights_T2.sum(axis=1)
    mean_T = (np.nan_to_num(speeds_T2) * weights_T2).sum(axis=1) / np.where(total_T > 0, total_T, np.nan)
    return mean_T / body_scale(still_TKC), total_T / 2
