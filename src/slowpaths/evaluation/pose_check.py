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
from slowpaths.core.records import Delivery, PoseTrack
from slowpaths.core.skeleton import JOINTS
from slowpaths.evaluation.mining_check import Fate, MiningCheck
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.world_folder import STRIKER, TruthFolder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseCheck:
    """Hold the joints of found strikers against true ones.

    Args:
        is_right: Whether each joint lies within a fifth of the torso of the true one (N, J); false where it is missing.
        is_judged: Whether truth has the joint inside the picture (N, J).
        match: The match (N,), else the video.
    """

    is_right: np.ndarray
    is_judged: np.ndarray
    match: np.ndarray

    @property
    def share_N(self) -> np.ndarray:
        """Return the share of right joints of each frame (N,); NaN where none is judged."""
        judged_N = self.is_judged.sum(axis=1)
        right_N = (self.is_right & self.is_judged).sum(axis=1)
        return np.divide(right_N, judged_N, out=np.full(len(judged_N), np.nan), where=judged_N > 0)

    def by_joint(self) -> list[dict[str, float | str]]:
        """Return joint, pck and how many frames it is judged on."""
        num_J = self.is_judged.sum(axis=0)
        right_J = (self.is_right & self.is_judged).sum(axis=0)
        return [
            {"joint": name, "pck": float(right / num) if num else float("nan"), "frames": int(num)}
            for name, right, num in zip(JOINTS, right_J, num_J, strict=True)
        ]


def check_poses(folder: MinedFolder, check: MiningCheck, truth: Path) -> PoseCheck:
    """Compare the mined joints of every found delivery with the true ones, over the length of its clip.

    Args:
        folder: Mined folder.
        check: The mined set against truth.
        truth: Folder of true poses, `<video>.poses.parquet`, in which track 0 is the striker.

    Raises:
        TableError: If the folder holds no true poses.
    """
    found = [fate for fate in check.fates if fate.found and fate.video]
    stems = sorted({Path(fate.video.path).stem for fate in found if fate.video})
    world = TruthFolder(truth)
    known = [stem for stem in stems if world.file(stem, "poses").is_file()]
    if stems and not known:
        raise TableError(f"{truth} holds no {world.file(stems[0], 'poses').name}: give the truth folder of a world")
    true_of: dict[str, dict[int, np.ndarray]] = defaultdict(dict)
    for track in (track for stem in known for track in world.poses(stem)):
        if track.track_id == STRIKER:
            true_of[track.video_id].update(zip(track.frames_T.tolist(), track.keypoints_TKC, strict=True))
    mined_of: dict[tuple[str, str], list[PoseTrack]] = defaultdict(list)
    for track in folder.poses():
        mined_of[track.video_id, track.shot_id].append(track)
    is_right, is_judged, matches = [np.zeros((0, len(JOINTS)), bool)], [np.zeros((0, len(JOINTS)), bool)], []
    for fate in found:
        assert fate.found is not None
        video_id = fate.found.video_id
        compared = _compare(fate, fate.found, mined_of[video_id, fate.found.shot_id], true_of[video_id])
        if compared is not None:
            is_right.append(compared[0])
            is_judged.append(compared[1])
            matches += [fate.truth.match_id or fate.truth.video] * len(compared[0])
    return PoseCheck(
        is_right=np.concatenate(is_right),
        is_judged=np.concatenate(is_judged),
        match=np.array(matches, dtype=object),
    )


def _compare(
    fate: Fate, found: Delivery, tracks: list[PoseTrack], true_of: dict[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return right and judged (N, J) over the clip of one delivery."""
    track = min(tracks, key=lambda item: _distance(item, found), default=None)
    if track is None or fate.video is None:
        return None
    pairs = [
        (row, true_of[frame])
        for row, frame in enumerate(track.frames_T.tolist())
        if track.pts_s[row] in found.span and frame in true_of
    ]
    if not pairs:
        return None
    true_NJ3 = np.stack([true for _, true in pairs])
    ours_NJ3 = track.keypoints_TKC[[row for row, _ in pairs]]
    is_right = are_correct(ours_NJ3, true_NJ3, body_scales(true_NJ3))
    is_judged = are_inside(true_NJ3, width=fate.video.width, height=fate.video.height)
    return is_right, is_judged


def _distance(track: PoseTrack, found: Delivery) -> float:
    row = int(np.abs(track.pts_s - found.impact_s).argmin())
    return float(np.abs(np.nan_to_num(track.boxes_T4[row], nan=1e6) - found.box.to_array()).sum())
