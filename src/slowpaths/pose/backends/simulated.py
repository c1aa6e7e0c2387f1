"""Simulated pose: the true joints of synthetic footage, worsened as real estimators worsen them.

Legend: T frames, N people, J = 17 joints, C = x, y, confidence.

Nothing downstream ever sees the truth itself: joints are off by a share of the torso, more along a limb than across
it and twice as much at full speed; left and right swap in bursts; fast wrists get lost, so do joints behind somebody;
boxes jitter; and the confidence tells of the error no better than real ones do. All of it is drawn once for a whole
video from (seed, video, person), so a result does not depend on which frames were asked for, or in which order.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm, rankdata

from slowpaths.core.body import body_scales
from slowpaths.core.errors import SlowpathsError
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX, NUM_JOINTS, SWAP
from slowpaths.pose.boxes import box_iou
from slowpaths.pose.filters import frame_time_s
from slowpaths.pose.kinematics import speed
from slowpaths.pose.protocol import FramesAt, People, no_keypoints
from slowpaths.store.world_folder import WorldFolder

# Design values, lengths in torso units (about .52 m). That estimators err by a few centimetres, and the more the faster
# a joint moves, is measured in Needham et al. 2021 (doi 10.1038/s41598-021-00212-x).
_SIGMA = {"wrist": 0.08, "ankle": 0.06}
_SIGMA_OTHER = 0.04
_ALONG, _ACROSS = 1.25, 0.6614  # of sigma along and across the limb; their mean square is 1
_PEAK_FLOOR = 2.0  # torso/s; a person who never moves faster has no blur
_SWAP_SHARE, _SWAP_S = 0.04, 0.2
_WRIST_LOST, _WRIST_LOST_FAST = 0.03, 0.3
_HIDDEN_LOST = 0.7
_BOX_SIGMA = 0.03  # of the box height
_BOX_LOST, _BOX_LOST_HIDDEN = 0.02, 0.5
_CONFIDENCE_MEAN, _CONFIDENCE_SIGMA, _CONFIDENCE_RHO = 0.62, 0.18, 0.6
_MIN_VISIBLE = 0.3  # share of a person's box inside the picture for a detector to see it
_MIN_IOU = 0.1  # a given box belongs to the person it overlaps most, if at all

_ARMS = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("elbow", "wrist")]
_LEGS = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("hip", "knee", "ankle")]
_WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]
_PARENT = {
    INDEX[f"{side}_{joint}"]: INDEX[f"{side}_{parent}"]
    for side in ("left", "right")
    for joint, parent in (("elbow", "shoulder"), ("wrist", "elbow"), ("knee", "hip"), ("ankle", "knee"))
}


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the simulated estimator would say of one person, full-size pixels."""

    row_of: dict[int, int]
    true_boxes_T4: np.ndarray
    boxes_T4: np.ndarray
    scores_T: np.ndarray
    keypoints_TJC: np.ndarray


class SimulatedPose:
    """Read the truth of synthetic footage and worsen it.

    Args:
        seed: Seed of the noise.
        difficulty: Factor on every error and on every chance of losing something; 0 gives the truth back.
    """

    name = "simulated"
    has_keypoints_in_detect = False

    def __init__(self, *, seed: int = 0, difficulty: float = 1.0) -> None:
        self.reason = ""
        self._seed, self._difficulty = seed, difficulty
        self._videos: dict[Path, list[_Seen]] = {}

    def detect(self, frames_THWC: np.ndarray, *, at: FramesAt) -> list[People]:
        """Return jittered boxes of the people in each frame, without joints."""
        size = frames_THWC.shape[2], frames_THWC.shape[1]
        return [self._detect(int(frame), at, size=size) for frame in at.indices_T]

    def keypoints(self, frames_THWC: np.ndarray, boxes: Sequence[np.ndarray], *, at: FramesAt) -> list[np.ndarray]:
        """Return worsened joints (N, 17, 3) of the people whose true boxes the given ones overlap most."""
        size = frames_THWC.shape[2], frames_THWC.shape[1]
        pairs = zip(at.indices_T, boxes, strict=True)
        return [self._keypoints(int(frame), at, boxes_N4, size=size) for frame, boxes_N4 in pairs]

    def _detect(self, frame: int, at: FramesAt, *, size: tuple[int, int]) -> People:
        boxes, scores = [], []
        for seen in self._video(at.path):
            row = seen.row_of.get(frame)
            if row is None or np.isnan(seen.scores_T[row]):
                continue
            box_4 = seen.boxes_T4[row] * at.scale
            inside_4 = box_4.clip(0.0, np.tile(size, 2))
            if np.prod(inside_4[2:] - inside_4[:2]) >= _MIN_VISIBLE * np.prod(box_4[2:] - box_4[:2]) > 0:
                boxes.append(inside_4)
                scores.append(seen.scores_T[row])
        order = np.argsort(-np.array(scores), kind="stable").astype(np.int64)
        return People(
            boxes_N4=np.array(boxes, dtype=np.float64).reshape(-1, 4)[order],
            scores_N=np.array(scores, dtype=np.float64)[order],
            keypoints_NJC=no_keypoints(len(boxes)),
        )

    def _keypoints(self, frame: int, at: FramesAt, boxes_N4: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
        here = [(seen, seen.row_of[frame]) for seen in self._video(at.path) if frame in seen.row_of]
        keypoints_NJC = no_keypoints(len(boxes_N4))
        if not here or not len(boxes_N4):
            return keypoints_NJC
        true_M4 = np.stack([seen.true_boxes_T4[row] for seen, row in here]) * at.scale
        overlap_NM = box_iou(boxes_N4, true_M4)
        for index, best in enumerate(overlap_NM.argmax(axis=1)):
            if overlap_NM[index, best] >= _MIN_IOU:
                seen, row = here[best]
                pose_JC = seen.keypoints_TJC[row] * (at.scale, at.scale, 1.0)
                is_outside_J = ~((pose_JC[:, :2] >= 0) & (pose_JC[:, :2] <= size)).all(axis=1)
                pose_JC[is_outside_J] = (np.nan, np.nan, 0.0)
                keypoints_NJC[index] = pose_JC
        return keypoints_NJC

    def _video(self, path: Path) -> list[_Seen]:
        if path not in self._videos:
            tracks, self._videos = read_truth_poses(path), {path: []}
            for track in tracks:
                names = (zlib.crc32(name.encode()) for name in (path.name, track.shot_id))
                rng = np.random.default_rng([self._seed, *names, track.track_id])
                hidden_TJ = _hidden_by_others(track, tracks)
                self._videos[path].append(_worsen(track, hidden_TJ, rng=rng, difficulty=self._difficulty))
        return self._videos[path]


def read_truth_poses(video: Path) -> list[PoseTrack]:
    """Read the true joints that lie beside a synthetic video, in `truth/<stem>.poses.parquet`.

    Raises:
        SlowpathsError: If there is no truth.
    """
    truth = WorldFolder(video.parent).truth
    path = truth.file(video.stem, "poses")
    if not path.is_file():
        raise SlowpathsError(
            f"pose=simulated reads true joints from {path}, which is not there: use it on footage made with its truth, "
            "and pose=auto on real footage"
        )
    return truth.poses(video.stem)


def _hidden_by_others(track: PoseTrack, others: Sequence[PoseTrack]) -> np.ndarray:
    """Return which joints (T, 17) lie inside the box of somebody nearer to the camera (lower in the picture)."""
    hidden_TJ = np.zeros((len(track.frames_T), NUM_JOINTS), dtype=bool)
    xy_TJ2 = track.keypoints_TJC[..., :2]
    for other in others:
        if other is track or other.shot_id != track.shot_id:
            continue
        _, mine, theirs = np.intersect1d(track.frames_T, other.frames_T, return_indices=True)
        boxes_T4 = other.boxes_T4[theirs][:, None, :]
        is_inside = ((xy_TJ2[mine] >= boxes_T4[..., :2]) & (xy_TJ2[mine] <= boxes_T4[..., 2:])).all(axis=2)
        is_nearer = other.boxes_T4[theirs, 3] > track.boxes_T4[mine, 3]
        hidden_TJ[mine] |= is_inside & is_nearer[:, None]
    return hidden_TJ


def _worsen(track: PoseTrack, hidden_TJ: np.ndarray, *, rng: np.random.Generator, difficulty: float) -> _Seen:
    num_frames = len(track.frames_T)
    scale_T = body_scales(track.keypoints_TJC)
    heights_T = track.boxes_T4[:, 3] - track.boxes_T4[:, 1]
    scale_T = np.where(np.isfinite(scale_T), scale_T, heights_T / 3.0)
    pace_TJ = _pace(track, float(np.median(scale_T)))

    sigma_J = np.full(NUM_JOINTS, _SIGMA_OTHER)
    for joint, sigma in _SIGMA.items():
        sigma_J[[INDEX[f"left_{joint}"], INDEX[f"right_{joint}"]]] = sigma
    sigma_TJ = sigma_J * (1.0 + pace_TJ) * np.where(hidden_TJ, 2.0, 1.0) * scale_T[:, None] * difficulty
    along_TJ2 = _limb_directions(track.keypoints_TJC)
    across_TJ2 = np.stack([-along_TJ2[..., 1], along_TJ2[..., 0]], axis=-1)
    draws = rng.normal(size=(2, num_frames, NUM_JOINTS))
    error_TJ2 = (draws[0] * _ALONG * sigma_TJ)[..., None] * along_TJ2
    error_TJ2 += (draws[1] * _ACROSS * sigma_TJ)[..., None] * across_TJ2

    keypoints_TJC = track.keypoints_TJC.copy()
    keypoints_TJC[..., :2] += error_TJ2
    size_TJ = np.linalg.norm(error_TJ2, axis=2) / scale_T[:, None]
    keypoints_TJC[..., 2] = _confidence(size_TJ, rng)
    keypoints_TJC = _swap(keypoints_TJC, frame_time_s(track.pts_s), rng, share=_SWAP_SHARE * difficulty)

    lost_TJ = np.where(hidden_TJ, _HIDDEN_LOST, 0.0)
    wrists_lost_T2 = _WRIST_LOST + (_WRIST_LOST_FAST - _WRIST_LOST) * pace_TJ[:, _WRISTS]
    lost_TJ[:, _WRISTS] = np.maximum(lost_TJ[:, _WRISTS], wrists_lost_T2)
    is_lost_TJ = rng.random(lost_TJ.shape) < lost_TJ * difficulty
    keypoints_TJC[is_lost_TJ] = (np.nan, np.nan, 0.0)

    jitter_T4 = rng.normal(scale=_BOX_SIGMA * difficulty, size=(num_frames, 4)) * heights_T[:, None]
    hidden_T = hidden_TJ.mean(axis=1)
    box_lost_T = (_BOX_LOST + (_BOX_LOST_HIDDEN - _BOX_LOST) * hidden_T) * difficulty
    scores_T = (0.9 - 0.4 * hidden_T + rng.normal(scale=0.05, size=num_frames)).clip(0.3, 1.0)
    scores_T[rng.random(num_frames) < box_lost_T] = np.nan
    row_of = {int(frame): row for row, frame in enumerate(track.frames_T)}
    return _Seen(row_of, track.boxes_T4, track.boxes_T4 + jitter_T4, scores_T, keypoints_TJC)


def _pace(track: PoseTrack, scale: float) -> np.ndarray:
    """Return the speed of every joint (T, 17) over its own peak in the track, 0..1."""
    pace_TJ = np.zeros((len(track.pts_s), NUM_JOINTS))
    for joint in range(NUM_JOINTS):
        speed_T = np.nan_to_num(speed(track.keypoints_TJC[:, joint, :2], track.pts_s)) / scale
        pace_TJ[:, joint] = speed_T / max(_PEAK_FLOOR, float(np.percentile(speed_T, 99)))
    return pace_TJ.clip(0.0, 1.0)


def _limb_directions(keypoints_TJC: np.ndarray) -> np.ndarray:
    """Return the unit vector (T, 17, 2) along the bone that ends in each joint; downwards where there is none."""
    along_TJ2 = np.zeros((*keypoints_TJC.shape[:2], 2))
    along_TJ2[..., 1] = 1.0
    for joint, parent in _PARENT.items():
        bone_T2 = keypoints_TJC[:, joint, :2] - keypoints_TJC[:, parent, :2]
        length_T1 = np.linalg.norm(bone_T2, axis=1, keepdims=True)
        known_T = np.isfinite(length_T1[:, 0]) & (length_T1[:, 0] > 1e-6)
        along_TJ2[known_T, joint] = bone_T2[known_T] / length_T1[known_T]
    return along_TJ2


def _confidence(size_TJ: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return confidences (T, 17) that correlate with the size of each joint's error at -.6 (normal copula)."""
    ranks_TJ = (rankdata(size_TJ, axis=0) - 0.5) / len(size_TJ)
    shared = -_CONFIDENCE_RHO * norm.ppf(ranks_TJ)
    own = np.sqrt(1.0 - _CONFIDENCE_RHO**2) * rng.normal(size=size_TJ.shape)
    return (_CONFIDENCE_MEAN + _CONFIDENCE_SIGMA * (shared + own)).clip(0.05, 0.99)


def _swap(keypoints_TJC: np.ndarray, frame_s: float, rng: np.random.Generator, *, share: float) -> np.ndarray:
    """Swap left and right of arms, legs or both in bursts of about .2 s (a two-state Markov chain)."""
    leave = min(1.0, frame_s / _SWAP_S)
    enter = leave * share / (1.0 - share)
    dice_T2 = rng.random((len(keypoints_TJC), 2))
    swapped_TJC = keypoints_TJC.copy()
    parts = (_ARMS, _LEGS, _ARMS + _LEGS)
    part: list[int] | None = None
    for row, (chance, which) in enumerate(dice_T2):
        if part is not None:
            part = None if chance < leave else part
        elif chance < (share if row == 0 else enter):
            part = parts[int(which * len(parts))]
        if part is not None:
            swapped_TJC[row, part] = keypoints_TJC[row, SWAP[part]]
    return swapped_TJC
