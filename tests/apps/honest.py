"""Deliveries of a synthetic world with simulated pose and everything else right, without drawing a single picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa

from slowpaths.core.ids import delivery_id
from slowpaths.core.records import Box, Delivery, PoseTrack, VideoRef
from slowpaths.core.spans import Span
from slowpaths.mining.features.measure import measure
from slowpaths.pose.backends.simulated import SimulatedPose
from slowpaths.pose.protocol import FramesAt
from slowpaths.store import tables
from slowpaths.store.schema import DELIVERIES, FOOTAGE
from slowpaths.store.world_folder import TruthFolder
from slowpaths.world.camera.match import Match, plan_match
from slowpaths.world.simulate import simulate_match
from slowpaths.world.truth_tables import ball_rows, write_truth
from slowpaths.world.world_settings import PartSettings, WorldSettings

_NEAR = ("striker", "bowler", "keeper", "non_striker", "umpire")
"""Fielders stand behind the striker or far from them, and hide nothing of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Honest:
    """Hold what rules and label models get to see, and what really was played.

    Args:
        deliveries: Deliveries table.
        footage: Footage table.
        strokes: Delivery -> true stroke.
    """

    deliveries: pa.Table
    footage: pa.Table
    strokes: dict[str, str]


def make(folder: Path, *, seed: int, num_matches: int, balls: int) -> Honest:
    """Play matches, note the truth of the live balls, worsen it as pose estimators do, and measure features.

    Args:
        folder: Empty folder; truth tables go here.
        seed: Seed of the world.
        num_matches: Matches.
        balls: Balls in each.
    """
    part = PartSettings(num_matches=num_matches, balls_per_match=balls, num_batters=40)
    settings = WorldSettings(name="honest", parts={"b": part})
    deliveries: list[Delivery] = []
    videos: list[VideoRef] = []
    strokes: dict[str, str] = {}
    for number in range(num_matches):
        match = plan_match(settings, seed=seed, part="b", number=number)
        video = _video(match)
        live = replace(match, shots=[shot for shot in match.shots if shot.shows_play and not shot.is_replay])
        truth = simulate_match(live, roles=_NEAR)
        rows = ball_rows(truth, video=video.path, video_id=video.video_id, offset_s=0.0)
        write_truth(TruthFolder(folder / "truth"), truth, video_id=video.video_id, rows=rows)
        pose, path = SimulatedPose(seed=seed), folder / video.path
        strikers = {track.shot_id: track for track in _strikers(folder, match)}
        for row in rows:
            delivery = _measured(strikers[row["shot_id"]], row, pose=pose, path=path, video=video)
            deliveries.append(delivery)
            strokes[delivery.delivery_id] = row["stroke"]
        videos.append(video)
    tables.write_deliveries(folder / "deliveries.parquet", deliveries)
    tables.write_footage(folder / "footage.parquet", videos)
    return Honest(
        deliveries=tables.read_table(folder / "deliveries.parquet", DELIVERIES),
        footage=tables.read_table(folder / "footage.parquet", FOOTAGE),
        strokes=strokes,
    )


def _video(match: Match) -> VideoRef:
    return VideoRef(
        video_id=match.match_id,
        path=f"{match.match_id}.mp4",
        fps=Fraction(match.fps),
        num_frames=match.first_frames[-1],
        width=match.size[0],
        height=match.size[1],
        duration_s=match.first_frames[-1] / match.fps,
        match_id=match.match_id,
    )


def _strikers(folder: Path, match: Match) -> list[PoseTrack]:
    tracks = tables.read_poses(folder / "truth" / f"{match.match_id}.poses.parquet")
    return [track for track in tracks if track.track_id == 0]


def _measured(true: PoseTrack, row: dict, *, pose: SimulatedPose, path: Path, video: VideoRef) -> Delivery:
    at = FramesAt(path=path, indices_T=true.frames_T, scale=1.0)
    pictures = np.broadcast_to(np.uint8(0), (len(true.frames_T), video.height, video.width, 3))
    found = pose.keypoints(pictures, [box_4[None] for box_4 in true.boxes_T4], at=at)
    track = replace(true, keypoints_TJC=np.concatenate(found))
    impact_s, right_p = row["impact_s"], 0.98 if row["handedness"] == "R" else 0.02
    features = measure(
        track,
        impact_s=impact_s,
        view=row["view"],
        handedness_p=right_p,
        extras={"striker_p": 1.0, "camera_inliers": 1.0},
        picture_size=(video.width, video.height),
    )
    box_4 = true.boxes_T4[np.abs(true.pts_s - impact_s).argmin()]
    return Delivery(
        delivery_id=delivery_id(video.video_id, impact_s),
        video_id=video.video_id,
        shot_id=row["shot_id"],
        span=Span(impact_s - 0.80, impact_s + 0.48),
        impact_s=impact_s,
        impact_uncertainty_s=0.02,
        view=row["view"],
        handedness_p=right_p,
        box=Box(**dict(zip(("x1", "y1", "x2", "y2"), map(float, box_4), strict=True))),
        event_p=1.0,
        features=features,
    )
