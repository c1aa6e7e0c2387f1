"""From people in frames to people over time: linking, gap filling, smoothing.

Legend: T frames, N people, J = 17 joints, C = x, y, confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import OKS_SIGMAS
from slowpaths.pose.boxes import box_iou, common_areas
from slowpaths.pose.filters import fill_gaps_in, median_of_three, savgol
from slowpaths.pose.kinematics import stabilise
from slowpaths.pose.protocol import People, no_keypoints

_WEIGHTS = {"box": 0.5, "pose": 0.3}
MAX_GAP_S = 12 / 25
MAX_COST = 0.7
"""As SORT keeps a match from an overlap of .3 (Bewley et al. 2016, arXiv 1602.00763)."""
_MAX_INSIDE = 0.8  # a detector finds legs or a torso beside the whole person now and then
_VELOCITY_S = 0.25  # a box jitters from frame to frame; its motion shows over a quarter of a second


@dataclass(slots=True)
class _Person:
    """One person while linking, in stabilised pixels."""

    rows: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)
    pose_JC: np.ndarray = field(default_factory=lambda: no_keypoints(1)[0])

    def shift_at(self, time_s: float) -> np.ndarray:
        """Return the expected move (2,) since last seen, at the speed of the last quarter of a second."""
        start = next(i for i, then_s in enumerate(self.times_s) if self.times_s[-1] - then_s <= _VELOCITY_S)
        passed_s = self.times_s[-1] - self.times_s[start]
        if passed_s <= 0:
            return np.zeros(2)
        moved = (self.boxes[-1] - self.boxes[start]).reshape(2, 2).mean(axis=0)
        return moved / passed_s * (time_s - self.times_s[-1])


def link_people(
    people: Sequence[People], *, frames_T: np.ndarray, pts_s: np.ndarray, camera_T3: np.ndarray, video_id: str,
    shot_id: str, centre_xy: tuple[float, float] = (0.0, 0.0), max_gap_s: float = MAX_GAP_S,
    max_cost: float = MAX_COST, min_frames: int = 2,
) -> list[PoseTrack]:  # fmt: skip
    """Link the people of the frames of one shot into tracks.

    Every frame is assigned at once (Hungarian method) on the mean of 1 - IoU (weight .5) and 1 - OKS (weight .3; none
    where joints are unknown) between a detection and where a track is expected, all with the camera's motion removed:
    where it was, or farther on at its speed, whichever is nearer, so that one box that is off to a side does not send a
    track astray. A box that lies
    inside another one starts no track, and continues one only where nothing better does: it is part of a person, or of
    one hidden.

    Args:
        people: People of each frame (T), in full-size pixels.
        frames_T: Frame indices (T,).
        pts_s: Presentation times (T,), seconds, not decreasing.
        camera_T3: Camera since the first frame (T, 3): pan, tilt, log zoom.
        video_id: The video.
        shot_id: The shot.
        centre_xy: Centre of the picture, pixels, about which the camera zooms.
        max_gap_s: Longest time a person may be unseen, seconds.
        max_cost: Cost from which on a detection starts a new track.
        min_frames: Tracks seen in fewer frames are dropped.

    Returns:
        Tracks in order of appearance, numbered from 0; every given frame from the first to the last sighting has a row,
        NaN where unseen.
    """
    live: list[_Person] = []
    done: list[_Person] = []
    for row, found in enumerate(people):
        time_s, camera_13 = float(pts_s[row]), camera_T3[row : row + 1]
        done += [person for person in live if time_s - person.times_s[-1] > max_gap_s + 1e-6]
        live = [person for person in live if time_s - person.times_s[-1] <= max_gap_s + 1e-6]
        boxes_N4 = stabilise(found.boxes_N4.reshape(1, -1, 2), camera_13, centre_xy=centre_xy).reshape(-1, 4)
        poses_NJC = stabilise(found.keypoints_NJC.reshape(1, -1, 3), camera_13, centre_xy=centre_xy)
        poses_NJC = poses_NJC.reshape(found.keypoints_NJC.shape)
        is_inside_NN = _inside(boxes_N4)
        is_part_N = np.any(is_inside_NN & (found.scores_N > found.scores_N[:, None]), axis=1)
        pairs: dict[int, _Person] = {}
        if live and len(boxes_N4):
            costs_MN = np.stack([_costs(person, boxes_N4, poses_NJC, time_s=time_s) for person in live])
            pairs = {member: live[track] for track, member in _assign(costs_MN, is_part_N, max_cost=max_cost)}
        for member in range(len(boxes_N4)):
            person = pairs.get(member)
            if person is None:
                if is_part_N[member] or is_inside_NN[member, list(pairs)].any():
                    continue
                person = _Person()
                live.append(person)
            person.rows.append(row)
            person.members.append(member)
            person.times_s.append(time_s)
            person.boxes.append(boxes_N4[member])
            person.pose_JC = poses_NJC[member]
    kept = [person for person in done + live if len(person.rows) >= min_frames]
    kept.sort(key=lambda person: (person.rows[0], person.members[0]))
    return [
        _track(person, people, number, frames_T=frames_T, pts_s=pts_s, camera_T3=camera_T3, ids=(video_id, shot_id))
        for number, person in enumerate(kept)
    ]


def _assign(costs_MN: np.ndarray, is_part_N: np.ndarray, *, max_cost: float) -> list[tuple[int, int]]:
    """Return pairs of track and detection; whole people are dealt out first, parts go to tracks left without."""
    pairs: list[tuple[int, int]] = []
    for members in (np.flatnonzero(~is_part_N), np.flatnonzero(is_part_N)):
        tracks = np.setdiff1d(np.arange(len(costs_MN)), [track for track, _ in pairs]).astype(int)
        costs = costs_MN[np.ix_(tracks, members)]
        rows, columns = linear_sum_assignment(np.where(costs <= max_cost, costs, 1e3))
        is_cheap = costs[rows, columns] <= max_cost
        pairs += zip(tracks[rows[is_cheap]].tolist(), members[columns[is_cheap]].tolist(), strict=True)
    return pairs


def _inside(boxes_N4: np.ndarray) -> np.ndarray:
    """Return whether each box lies inside each other one (N, N): part of a person, or somebody hidden behind."""
    areas_N = np.prod(boxes_N4[:, 2:] - boxes_N4[:, :2], axis=1)
    return common_areas(boxes_N4, boxes_N4) >= _MAX_INSIDE * areas_N[:, None]


def _costs(person: _Person, boxes_N4: np.ndarray, poses_NJC: np.ndarray, *, time_s: float) -> np.ndarray:
    """Return what it costs to take each detection for a person who stayed or went on, the lower of both (N,)."""
    shifts = (np.zeros(2), person.shift_at(time_s))
    return np.minimum(*(_costs_at(person, boxes_N4, poses_NJC, shift=shift) for shift in shifts))


def _costs_at(person: _Person, boxes_N4: np.ndarray, poses_NJC: np.ndarray, *, shift: np.ndarray) -> np.ndarray:
    expected_4 = person.boxes[-1] + np.tile(shift, 2)
    total_N = _WEIGHTS["box"] * (1.0 - box_iou(expected_4[None], boxes_N4)[0])
    weight_N = np.full(len(boxes_N4), _WEIGHTS["box"])
    pose_JC = person.pose_JC + np.append(shift, 0.0)
    if np.isfinite(pose_JC[:, 0]).any():
        similarity_N = oks(pose_JC, poses_NJC, area=float(np.prod(expected_4[2:] - expected_4[:2])))
        has_pose_N = np.isfinite(similarity_N)
        total_N += np.where(has_pose_N, _WEIGHTS["pose"] * (1.0 - np.nan_to_num(similarity_N)), 0.0)
        weight_N += _WEIGHTS["pose"] * has_pose_N
    return total_N / weight_N


def oks(pose_JC: np.ndarray, poses_NJC: np.ndarray, *, area: float) -> np.ndarray:
    """Return the COCO keypoint similarity (N,) of one pose to others; NaN where they share no seen joint.

    The area is that of the person, square pixels.
    """
    squared_NJ = ((poses_NJC[..., :2] - pose_JC[:, :2]) ** 2).sum(axis=-1)
    similar_NJ = np.exp(-squared_NJ / (2.0 * max(area, 1.0) * (2.0 * OKS_SIGMAS) ** 2))
    num_N = np.isfinite(similar_NJ).sum(axis=1)
    return np.where(num_N > 0, np.nansum(similar_NJ, axis=1) / np.maximum(num_N, 1), np.nan)


def _track(
    person: _Person, people: Sequence[People], number: int, *, frames_T: np.ndarray, pts_s: np.ndarray,
    camera_T3: np.ndarray, ids: tuple[str, str],
) -> PoseTrack:  # fmt: skip
    rows = slice(person.rows[0], person.rows[-1] + 1)
    length = rows.stop - rows.start
    keypoints_TJC, boxes_T4 = no_keypoints(length), np.full((length, 4), np.nan)
    for row, member in zip(person.rows, person.members, strict=True):
        keypoints_TJC[row - rows.start] = people[row].keypoints_NJC[member]
        boxes_T4[row - rows.start] = people[row].boxes_N4[member]
    return PoseTrack(
        video_id=ids[0], shot_id=ids[1], track_id=number, frames_T=np.asarray(frames_T[rows], dtype=np.int64),
        pts_s=np.asarray(pts_s[rows], dtype=np.float64), keypoints_TJC=keypoints_TJC, boxes_T4=boxes_T4,
        camera_T3=np.array(camera_T3[rows], dtype=np.float64),
    )  # fmt: skip


def fill_gaps(track: PoseTrack, *, max_gap_s: float = 0.2) -> PoseTrack:
    """Fill gaps of every joint and of the box up to a length; .2 s is five frames at 25 a second.

    Filled joints get half the confidence of their surroundings.
    """
    keypoints_TJC = track.keypoints_TJC.copy()
    for joint in range(keypoints_TJC.shape[1]):
        xyc_TC = keypoints_TJC[:, joint]
        xyc_TC[~np.isfinite(xyc_TC[:, :2]).all(axis=1)] = np.nan
        unseen_T = np.isnan(xyc_TC[:, 0])
        filled_TC = fill_gaps_in(xyc_TC, track.pts_s, np.nan_to_num(xyc_TC[:, 2]), max_gap_s=max_gap_s)
        filled_TC[:, 2] = np.nan_to_num(filled_TC[:, 2]).clip(0.0, 1.0) * np.where(unseen_T, 0.5, 1.0)
        keypoints_TJC[:, joint] = filled_TC
    ones_T = np.ones(len(track.pts_s))
    boxes_T4 = fill_gaps_in(track.boxes_T4, track.pts_s, ones_T, max_gap_s=max_gap_s)
    return replace(track, keypoints_TJC=keypoints_TJC, boxes_T4=boxes_T4)


def smooth(track: PoseTrack) -> PoseTrack:
    """Smooth the joints of a track whose short gaps are filled: median of three frames, then `savgol`."""
    keypoints_TJC = track.keypoints_TJC.copy()
    num_frames, num_joints = keypoints_TJC.shape[:2]
    xy_TD = median_of_three(keypoints_TJC[..., :2].reshape(num_frames, -1))
    xy_TD = savgol(xy_TD, track.pts_s)
    keypoints_TJC[..., :2] = xy_TD.reshape(num_frames, num_joints, 2)
    return replace(track, keypoints_TJC=keypoints_TJC)
