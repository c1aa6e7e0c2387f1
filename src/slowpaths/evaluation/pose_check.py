"""The striker's joints against true ones: share of correct keypoints.

Legend: N mined frames, J joints.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.body import are_correct, are_inside, body_scales
from slowpaths.core.errors import TableError
from slowpaths.core.pose_tracks import striker_of
from slowpaths.core.records import Delivery, PoseTrack
from slowpaths.core.skeleton import JOINTS
from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.mining_check import MiningCheck
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.world_folder import STRIKER, TruthFolder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseCheck:
    """Hold the joints of found strikers against true ones."""

    # whether each joint lies within a fifth of the torso of the true one (N, J); false where it is missing
    is_right: np.ndarray
    is_judged: np.ndarray  # whether truth has the joint inside the picture (N, J)
    match: np.ndarray  # the match (N,), else the video

    @property
    def share_N(self) -> np.ndarray:
        """Return the share of right joints of each frame (N,); NaN where none is judged."""
        return divide((self.is_right & self.is_judged).sum(axis=1), self.is_judged.sum(axis=1))

    def by_joint(self) -> Table:
        """Return joint, pck and how many frames it is judged on."""
        num_J = self.is_judged.sum(axis=0)
        share_J = divide((self.is_right & self.is_judged).sum(axis=0), num_J)
        rows = zip(JOINTS, share_J.tolist(), num_J.tolist(), strict=True)
        return [{"joint": name, "pck": share, "frames": num} for name, share, num in rows]


def check_poses(folder: MinedFolder, check: MiningCheck, truth: Path) -> PoseCheck:
    """Compare the mined joints of every found delivery with the true ones, over the length of its clip.

    `truth` is a folder of true poses, `<video>.poses.parquet`, in which track 0 is the striker.

    Raises:
        TableError: If the folder holds no true poses.
    """
    found = [(fate.match, fate.video, fate.found) for fate in check.fates if fate.found and fate.video]
    stems = sorted({Path(video.path).stem for _, video, _ in found})
    world = TruthFolder(truth)
    known = [stem for stem in stems if world.file(stem, "poses").is_file()]
    if stems and not known:
        raise TableError(f"{truth} holds no {world.file(stems[0], 'poses').name}: give the truth folder of a world")
    true_of: dict[str, dict[int, np.ndarray]] = defaultdict(dict)
    for track in (track for stem in known for track in world.poses(stem)):
        if track.track_id == STRIKER:
            true_of[track.video_id].update(zip(track.frames_T.tolist(), track.keypoints_TJC, strict=True))
    mined_of: dict[tuple[str, str], list[PoseTrack]] = defaultdict(list)
    for track in folder.poses():
        mined_of[track.video_id, track.shot_id].append(track)
    is_right, is_judged, matches = [np.zeros((0, len(JOINTS)), bool)], [np.zeros((0, len(JOINTS)), bool)], []
    for match, video, delivery in found:
        tracks = mined_of[delivery.video_id, delivery.shot_id]
        ours_NJ3, true_NJ3 = _frames_of(delivery, tracks, true_of[delivery.video_id])
        if len(ours_NJ3):
            is_right.append(are_correct(ours_NJ3, true_NJ3, body_scales(true_NJ3)))
            is_judged.append(are_inside(true_NJ3, width=video.width, height=video.height))
            matches += [match] * len(ours_NJ3)
    match_N = np.array(matches, dtype=object)
    return PoseCheck(is_right=np.concatenate(is_right), is_judged=np.concatenate(is_judged), match=match_N)


def _frames_of(
    found: Delivery, tracks: list[PoseTrack], true_of: dict[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mined and true joints (N, J, 3) over the clip of a delivery, of the track nearest to the found batter."""
    pairs = []
    if (track := striker_of(found, tracks)) is not None:
        times = zip(track.frames_T.tolist(), track.pts_s, track.keypoints_TJC, strict=True)
        pairs = [(ours, true_of[frame]) for frame, time_s, ours in times if time_s in found.span and frame in true_of]
    return np.array([ours for ours, _ in pairs]), np.array([true for _, true in pairs])
