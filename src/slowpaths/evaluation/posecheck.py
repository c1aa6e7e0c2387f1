"""The striker's joints against true ones: share of correct keypoints.

Legend: N mined frames, K = 17 joints, C = x, y, confidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.body import are_correct, are_inside, body_scales
from slowpaths.core.errors import TableError
from slowpaths.core.records import Delivery, PoseTrack
from slowpaths.core.skeleton import JOINTS
from slowpaths.evaluation.checks import Fate, MiningCheck
from slowpaths.store.tables import read_poses
from slowpaths.store.truth import STRIKER, truth_path


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
    found = [fate for fate in check.fates if fate.found and fate.video]
    wanted = sorted({truth_path(truth, Path(fate.video.path), "poses") for fate in found if fate.video})
    files = [path for path in wanted if path.is_file()]
    if wanted and not files:
        raise TableError(f"{truth} holds no {wanted[0].name}: give the truth folder of a made world")
    true_of: dict[str, dict[int, np.ndarray]] = defaultdict(dict)
    for track in _tracks(files):
        if track.track_id == STRIKER:
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
    is_right = are_correct(ours_NKC, true_NKC, body_scales(true_NKC))
    is_judged = are_inside(true_NKC, width=fate.video.width, height=fate.video.height)
    return is_right, is_judged, (fate.truth.match_id or fate.truth.video, found.view, found.delivery_id)


def _distance(track: PoseTrack, found: Delivery) -> float:
    row = int(np.abs(track.pts_s - found.impact_s).argmin())
    return float(np.abs(np.nan_to_num(track.boxes_T4[row], nan=1e6) - found.box.to_array()).sum())
