"""PCK with hand-made estimates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scripts.pose_training.accuracy import TrueFrame, by_joint, judge, shares

from slowpaths.core.skeleton import INDEX
from slowpaths.pose.protocol import FramesAt, People

BOX = np.array([40.0, 20.0, 60.0, 90.0])


class Says:
    """Find one person in a given box, with given joints."""

    name, reason, has_keypoints_in_detect = "says", "", True

    def __init__(self, box_4: np.ndarray, joints_JC: np.ndarray) -> None:
        self._box_4, self._joints_JC = box_4, joints_JC

    def detect(self, frames_THWC, *, at):
        worse_JC = self._joints_JC + np.array([30.0, 0.0, 0.0])
        return [People(boxes_N4=self._box_4[None], scores_N=np.ones(1), keypoints_NJC=worse_JC[None])]

    def keypoints(self, frames_THWC, boxes, *, at):
        return [np.repeat(self._joints_JC[None], len(boxes[0]), axis=0)]


def true_frame() -> TrueFrame:
    """Return a person with a torso of 20 px and legs of 40 px: the scale is 22."""
    joints_J2 = np.full((17, 2), 50.0)
    for part, y in (("shoulder", 30.0), ("hip", 50.0), ("ankle", 90.0)):
        for side in ("left", "right"):
            joints_J2[INDEX[f"{side}_{part}"], 1] = y
    joints_J2[INDEX["nose"]] = (50.0, -5.0)  # outside the picture
    at = FramesAt(path=Path(), indices_T=np.zeros(1, dtype=int))
    return TrueFrame(frame_HWC=np.zeros((100, 100, 3), dtype=np.uint8), joints_J2=joints_J2, box_4=BOX, at=at)


def estimates(shifts: dict[str, float]) -> np.ndarray:
    joints_JC = np.concatenate([true_frame().joints_J2, np.ones((17, 1))], axis=1)
    for joint, shift in shifts.items():
        joints_JC[INDEX[joint], 0] += shift
    return joints_JC


def test_joints_within_a_fifth_of_the_scale_are_right() -> None:
    joints_JC = estimates({"left_wrist": 4.2, "right_wrist": 4.6, "left_knee": 3.9, "nose": 99.0})
    joints_JC[INDEX["right_knee"]] = np.nan
    one = judge(Says(BOX, joints_JC), true_frame())
    assert one.is_found
    assert one.is_near_J[INDEX["left_wrist"]]  # 4.2 of .2 x 22
    assert not one.is_near_J[INDEX["right_wrist"]]
    assert not one.is_near_torso_J[INDEX["left_wrist"]]  # .2 x 20
    assert one.is_near_torso_J[INDEX["left_knee"]]
    assert not one.is_near_J[INDEX["right_knee"]]
    result = shares([one])
    assert result["pck"] == pytest.approx(14 / 16)  # the nose is out of the picture
    assert result["pck_torso"] == pytest.approx(13 / 16)
    assert by_joint([one])["right_wrist"] == 0.0


def test_a_person_who_is_not_found_has_every_joint_wrong() -> None:
    found = judge(Says(BOX, estimates({})), true_frame())
    elsewhere = judge(Says(BOX + 40.0, estimates({})), true_frame())
    assert not elsewhere.is_found
    assert shares([found, elsewhere]) == pytest.approx({"people": 2, "found": 0.5, "pck": 0.5, "pck_torso": 0.5})


def test_one_look_takes_the_joints_of_detect() -> None:
    assert shares([judge(Says(BOX, estimates({})), true_frame(), looks_again=False)])["pck"] == 0.0
