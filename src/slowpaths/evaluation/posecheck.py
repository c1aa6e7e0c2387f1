"""The striker's joints against true ones: share of correct keypoints.

Legend: N mined frames, K = 17 joints, C = x, y, confidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.errors import TableError
from slowpaths.core.records import Delivery, PoseTrack
from slowpaths.core.skeleton import INDEX, JOINTS
from slowpaths.evaluation.checks import Fate, MiningCheck
from slowpaths.store.tables import read_poses

PCK_SHARE = 0.2  # of the torso: PCK@0.2 (Yang and Ramanan 2013, doi 10.1109/TPAMI.2012.261)
_TORSO_FLOOR = 0.55  # of hip to ankle, as where features are measured: a torso seen from above or end-on shrinks
STRIKER_TRACK = 0
_SUFFIX = ".poses.parquet"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseCheck:
    """Hold the joints of found strikers against true ones.

    Args:
        is_right: Whether each joint lies within a fifth of the torso of the true one (N, K); false where it is missing.
        is_judged: Whether truth has the joint inside the picture (N, K).
        match: The match (N,), else the video.
        view: View of the mined delivery (N,).
        delivery: Its id (N,).
    """

    is_right: np.ndarray
    is_judged: np.ndarray
    match: np.ndarray
    view: np.ndarray
    delivery: np.ndarray

    @property
    def share_N(self) -> np.ndarray:
        """Return the share of right joints of each frame (N,); NaN where none is judged."""
        judged_N = self.is_judged.sum(axis=1)
        right_N = (self.is_right & self.is_judged).sum(axis=1)
        return np.divide(right_N, judged_N, out=np.full(len(judged_N), np.nan), where=judged_N > 0)

    def by_joint(self) -> list[dict[str, float | str]]:
        """Return joint, pck and how many frames it is judged on."""
        num_K = self.is_judged.sum(axis=0)
        right_K = (self.is_right & self.is_judged).sum(axis=0)
        return [
            {"joint": name, "pck": float(right / num) if num else float("nan"), "frames": int(num)}
            for name, right, num in zip(JOINTS, right_K, num_K, strict=True)
        ]


def check_poses(folder: Path, check: MiningCheck, truth: Path) -> PoseCheck:
    """Compare the mined joints of every found delivery with the true ones, over the length of its clip.

    Args:
        folder: Mined folder with `poses.parquet`.
        check: The mined set against truth.
        truth: Folder of true poses, `<video>.poses.parquet`, in which track 0 is the striker.

    Raises:
        TableError: If the folder holds no true poses.
    """
    files = sorted(truth.glob(f"*{_SUFFIX}"))
    if not files:
        raise TableError(f"{truth} holds no <video>{_SUFFIX}: give the truth folder of a made world")
    found = [fate for fate in check.fates if fate.found and fate.video]
    wanted = {fate.found.video_id for fate in found if fate.found}
    true_of: dict[str, dict[int, np.ndarray]] = defaultdict(dict)
    for track in _tracks(files):
        if track.track_id == STRIKER_TRACK and track.video_id in wanted:
            true_of[track.video_id].update(zip(track.frames_T.tolist(), track.keypoints_TKC, strict=True))
    mined_of: dict[tuple[str, str], list[PoseTrack]] = defaultdict(list)
    for track in _tracks([folder / "poses.parquet"]):
        mined_of[track.video_id, track.shot_id].append(track)
    blocks = [
        block
        for fate in found
        if fate.found
        and (block := _compare(fate, fate.found, mined_of[fate.found.video_id, fate.found.shot_id],
                               true_of[fate.found.video_id]))
    ]  # fmt: skip
    right, judged, names = zip(*blocks, strict=True) if blocks else ((), (), ())
    labels = np.array([label for label, rows in zip(names, right, strict=True) for _ in rows], dtype=object)
    labels = labels.reshape(-1, 3)
    return PoseCheck(
        is_right=np.concatenate([np.zeros((0, len(JOINTS)), dtype=bool), *right]),
        is_judged=np.concatenate([np.zeros((0, len(JOINTS)), dtype=bool), *judged]),
        match=labels[:, 0],
        view=labels[:, 1],
        delivery=labels[:, 2],
    )


def _tracks(files: Iterable[Path]) -> Iterator[PoseTrack]:
    for file in files:
        yield from read_poses(file)


def _compare(
    fate: Fate, found: Delivery, tracks: list[PoseTrack], true_of: dict[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, tuple[str, str, str]] | None:
    """Return right and judged (N, K) over the clip of one delivery, with its match, view and id."""
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
    true_NKC = np.stack([true for _, true in pairs])
    ours_NKC = track.keypoints_TKC[[row for row, _ in pairs]]
    edges_2 = np.array([fate.video.width, fate.video.height])
    with np.errstate(invalid="ignore"):
        off_NK = np.linalg.norm(ours_NKC[..., :2] - true_NKC[..., :2], axis=2)
        is_right = off_NK <= PCK_SHARE * _torso(true_NKC)[:, None]
        is_judged = np.all((true_NKC[..., :2] >= 0) & (true_NKC[..., :2] < edges_2), axis=2)
    return is_right, is_judged, (fate.truth.match_id or fate.truth.video, found.view, found.delivery_id)


def _distance(track: PoseTrack, found: Delivery) -> float:
    row = int(np.abs(track.pts_s - found.impact_s).argmin())
    return float(np.abs(np.nan_to_num(track.boxes_T4[row], nan=1e6) - found.box.to_array()).sum())


def _torso(keypoints_NKC: np.ndarray) -> np.ndarray:
    """Return the torso of each frame (N,), pixels: shoulders to hips, or .55 of hips to ankles where that is more."""

    def middle(joint: str) -> np.ndarray:
        return keypoints_NKC[:, [INDEX[f"left_{joint}"], INDEX[f"right_{joint}"]], :2].mean(axis=1)

    leg_N = np.linalg.norm(middle("ankle") - middle("hip"), axis=1)
    return np.fmax(np.linalg.norm(middle("shoulder") - middle("hip"), axis=1), _TORSO_FLOOR * leg_N)
