"""How near estimated joints come to true ones: PCK, the share of joints within a part of the torso.

Legend: F people looked at, J = 17 joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slowpaths.core.body import are_correct, are_inside, body_scales, torsos
from slowpaths.core.skeleton import INDEX
from slowpaths.pose.backends.simulated import read_truth_poses
from slowpaths.pose.boxes import box_iou
from slowpaths.pose.protocol import FramesAt, PoseEstimator
from slowpaths.store.world_folder import STRIKER
from slowpaths.video.open import open_video

_FOUND_IOU = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Hold what became of one person.

    Args:
        is_found: Whether somebody was detected where this person is.
        is_seen_J: Which joints lie in the picture (17,): only they are counted.
        is_near_J: Which estimates are within .2 of the body's scale (17,).
        is_near_torso_J: Which are within .2 of the torso as it appears (17,).
        confidence_J: Confidence of the estimates (17,).
    """

    is_found: bool
    is_seen_J: np.ndarray
    is_near_J: np.ndarray
    is_near_torso_J: np.ndarray
    confidence_J: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrueFrame:
    """Hold a frame and where one person is in it.

    Args:
        frame_HWC: RGB frame (H, W, 3), uint8.
        joints_J2: Joints (17, 2), pixels.
        box_4: Box, pixels.
        at: Where the frame comes from.
        shot_id: The shot.
    """

    frame_HWC: np.ndarray
    joints_J2: np.ndarray
    box_4: np.ndarray
    at: FramesAt
    shot_id: str = ""


def strikers(video: Path, *, every: int) -> Iterator[TrueFrame]:
    """Yield every n-th frame of each shot that shows the striker.

    Args:
        video: A video with its truth beside it, no higher than mining looks at pictures.
        every: Frames from one to the next.
    """
    rows = {
        int(track.frames_T[row]): (track, row)
        for track in read_truth_poses(video)
        if track.track_id == STRIKER
        for row in range(0, len(track.frames_T), every)
    }
    with open_video(video) as decoder:
        for index, frame_HWC in decoder.iterate():
            if index in rows:
                track, row = rows[index]
                yield TrueFrame(
                    shot_id=track.shot_id,
                    frame_HWC=frame_HWC,
                    joints_J2=track.keypoints_TJC[row, :, :2],
                    box_4=track.boxes_T4[row],
                    at=FramesAt(path=video, indices_T=np.array([index])),
                )


def judge(pose: PoseEstimator, true: TrueFrame, *, looks_again: bool = True) -> Judged:
    """Look for one person as mining does: detect everybody, then ask for the joints in the box that fits.

    The scale is the larger of mid-shoulder to mid-hip and .55 of mid-hip to mid-ankle, as everywhere in mining: a
    batter who bends towards the camera has no torso to speak of in the picture. The plain torso is judged beside it.

    Args:
        pose: Finds people.
        true: The frame and the person.
        looks_again: Ask `keypoints` in the box found; otherwise take the joints that `detect` gave.
    """
    true_1J2 = true.joints_J2[None]
    height, width = true.frame_HWC.shape[:2]
    is_seen_J = are_inside(true_1J2, width=width, height=height)[0]
    joints_JC = _of_person(pose, true, looks_again=looks_again)
    if joints_JC is None:
        nothing_J = np.zeros(len(is_seen_J), dtype=bool)
        return Judged(
            is_found=False, is_seen_J=is_seen_J, is_near_J=nothing_J, is_near_torso_J=nothing_J,
            confidence_J=np.zeros(len(is_seen_J)),
        )  # fmt: skip
    return Judged(
        is_found=True,
        is_seen_J=is_seen_J,
        is_near_J=are_correct(joints_JC[None], true_1J2, body_scales(true_1J2))[0],
        is_near_torso_J=are_correct(joints_JC[None], true_1J2, torsos(true_1J2))[0],
        confidence_J=joints_JC[:, 2],
    )


def _of_person(pose: PoseEstimator, true: TrueFrame, *, looks_again: bool) -> np.ndarray | None:
    """Return the joints (17, 3) found for a person; None where nobody is detected there."""
    frames_1HWC = true.frame_HWC[None]
    (found,) = pose.detect(frames_1HWC, at=true.at)
    if not len(found):
        return None
    height, width = true.frame_HWC.shape[:2]
    shown_4 = np.clip(true.box_4, 0, [width, height, width, height])
    fits_N = box_iou(shown_4[None], found.boxes_N4)[0]
    best = int(fits_N.argmax())
    if fits_N[best] < _FOUND_IOU:
        return None
    if not looks_again:
        return found.keypoints_NJC[best]
    return pose.keypoints(frames_1HWC, [found.boxes_N4[[best]]], at=true.at)[0][0]


def shares(judged: list[Judged]) -> dict[str, float]:
    """Return the number of people, the share found, and PCK over all their joints in the picture.

    Joints of people who were not found count as wrong.
    """
    seen_FJ = np.array([one.is_seen_J for one in judged])
    count = max(int(seen_FJ.sum()), 1)

    def share(name: str) -> float:
        return float((np.array([getattr(one, name) for one in judged]) & seen_FJ).sum()) / count

    return {
        "people": len(judged),
        "found": float(np.mean([one.is_found for one in judged])),
        "pck": share("is_near_J"),
        "pck_torso": share("is_near_torso_J"),
    }


def by_joint(judged: list[Judged]) -> dict[str, float]:
    """Return PCK of each joint; people who were not found count as wrong."""
    seen_FJ = np.array([one.is_seen_J for one in judged])
    near_FJ = np.array([one.is_near_J for one in judged]) & seen_FJ
    return {name: float(near_FJ[:, k].sum() / max(seen_FJ[:, k].sum(), 1)) for name, k in INDEX.items()}
