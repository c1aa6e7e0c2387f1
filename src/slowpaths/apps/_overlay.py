"""The poses of deliveries as their clips show them, for the review page and for W&B. No Hydra.

Legend: T frames of the clip, J = 17 joints.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from slowpaths.apps._corrections import mining_settings
from slowpaths.core.pose_tracks import striker_of
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import NUM_JOINTS
from slowpaths.mining.clips import Crop, plan_crop
from slowpaths.review.events import frame_times
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, POSES
from slowpaths.store.tables import deliveries_of
from slowpaths.video.open import open_video
from slowpaths.video.overlay import skeletons_over
from slowpaths.video.write import write_clip

_UNSURE = 0.2  # joints less confident than this are not drawn
_FARTHEST_S = 0.05  # frames of the clip further from a frame with a pose show none


def skeletons(folder: MinedFolder, delivery_ids: Collection[str]) -> dict[str, str]:
    """Return the joints of deliveries in their clips, as base64 of (T, J, 2) bytes: 0 unseen, 1 to 255 across the clip.

    A clip lies about the impact as mined, and its crop is laid again as mining laid it.
    """
    if not folder.has(POSES):
        return {}
    table, wanted = folder.read(DELIVERIES), set(delivery_ids)
    rows = [row for row, name in enumerate(table["delivery_id"].to_pylist()) if name in wanted]
    as_mined, settings = folder.as_mined(), mining_settings(folder)
    deliveries = [as_mined.get(one.delivery_id, one) for one in deliveries_of(table.take(rows))]
    shots = {shot.shot_id: shot for shot in folder.shots()}
    tracks = folder.poses_by_shot({one.shot_id for one in deliveries})
    times = frame_times(folder.footage(), shots.values(), [track for found in tracks.values() for track in found])
    drawn = {}
    for one in deliveries:
        track = striker_of(one, tracks.get(one.shot_id, ()))
        if track is None or one.shot_id not in shots:
            continue
        shot, known = shots[one.shot_id], times[one.video_id]
        pts_s = np.interp(np.arange(shot.last_frame + 1), known.frames, known.times_s)
        crop = plan_crop(track, shot=shot, impact_s=one.impact_s, pts_s=pts_s, settings=settings)
        drawn[one.delivery_id] = base64.b64encode(_in_clip(track, crop, pts_s).tobytes()).decode()
    return drawn


def skeleton_films(delivery_ids: Sequence[str], *, folder: MinedFolder, into: Path) -> dict[str, Path]:
    """Return a video of each delivery: its clip with the joints over it, written there; without poses the clip."""
    drawn, films = skeletons(folder, delivery_ids), {}
    for name in delivery_ids:
        films[name] = folder.clip_file(name)
        if name not in drawn:
            continue
        joints_TJ2 = np.frombuffer(base64.b64decode(drawn[name]), dtype=np.uint8).reshape(-1, NUM_JOINTS, 2)
        with open_video(films[name]) as decoder:
            frames_THWC = decoder.frames(range(len(joints_TJ2)))
        across_2 = np.array(frames_THWC.shape[2:0:-1]) - 1
        points_TJ2 = np.where(joints_TJ2 > 0, (joints_TJ2 - 1.0) / 254 * across_2, np.nan)
        films[name] = into / f"{name}.mp4"
        write_clip(films[name], skeletons_over(frames_THWC, points_TJ2), fps=folder.clip_spec().fps)
    return films


def _in_clip(track: PoseTrack, crop: Crop, pts_s: np.ndarray) -> np.ndarray:
    """Return the joints (T, J, 2), uint8, of the frames of a clip."""
    shown_s = pts_s[crop.frames_T]
    nearest_T = np.abs(track.pts_s[None] - shown_s[:, None]).argmin(axis=1)
    joints_TJC = track.keypoints_TJC[nearest_T]
    places_TJ2 = (joints_TJC[..., :2] - crop.centres_T2[:, None]) / crop.sides_T[:, None, None] + 0.5
    is_seen_TJ = ((places_TJ2 >= 0) & (places_TJ2 <= 1)).all(axis=2) & (joints_TJC[..., 2] >= _UNSURE)
    is_seen_TJ &= (np.abs(track.pts_s[nearest_T] - shown_s) <= _FARTHEST_S)[:, None]
    return np.where(is_seen_TJ[..., None], np.nan_to_num(1 + np.round(254 * places_TJ2)), 0).astype(np.uint8)
