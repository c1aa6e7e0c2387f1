"""Joints of found strikers against true ones: right within a fifth of the torso, missing ones wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.mined import TRUTH, TRUTH_COLUMNS, make_mined
from tests.evaluation.tables import write_truth

from slowpaths.core.errors import TableError
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX, JOINTS
from slowpaths.evaluation.mining_check import check_mining, read_mined
from slowpaths.evaluation.pose_check import check_poses
from slowpaths.evaluation.truth_table import read_truth
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.tables import write_poses


def body(frames: int) -> np.ndarray:
    """Return somebody who stands still: shoulders 50 px above the hips, ankles 90 px below."""
    keypoints_TJC = np.full((frames, 17, 3), 100.0)
    for joint, y in (("shoulder", 50.0), ("hip", 100.0), ("ankle", 190.0)):
        for side in ("left", "right"):
            keypoints_TJC[:, INDEX[f"{side}_{joint}"], 1] = y
    return keypoints_TJC


def track(keypoints_TJC: np.ndarray, *, first: int, shot: str = "s", track_id: int = 0) -> PoseTrack:
    frames_T = first + np.arange(len(keypoints_TJC))
    return PoseTrack(
        video_id="va",
        shot_id=shot,
        track_id=track_id,
        frames_T=frames_T,
        pts_s=frames_T / 25,
        keypoints_TJC=keypoints_TJC,
        boxes_T4=np.tile([0.0, 0.0, 10.0, 20.0], (len(frames_T), 1)),
        camera_T3=np.zeros((len(frames_T), 3)),
    )


def folders(tmp_path: Path, ours: np.ndarray, *others: PoseTrack):
    mined = make_mined(tmp_path / "mined")
    write_poses(mined / "poses.parquet", [track(ours, first=30)])
    write_poses(tmp_path / "a.poses.parquet", [track(body(60), first=10, shot="true"), *others])
    table = write_truth(tmp_path / "t.csv", TRUTH, TRUTH_COLUMNS)
    return MinedFolder(mined), check_mining(read_mined(mined), read_truth(table, taxonomy="cricshot10"))


def test_a_joint_is_right_within_a_fifth_of_the_torso(tmp_path: Path) -> None:
    ours = body(20)  # frames 30 to 49 of a delivery whose clip runs from frame 20 to 52
    ours[:, INDEX["left_wrist"], 0] += 9.9  # the torso is 50 px
    ours[:10, INDEX["right_wrist"], 0] += 10.1
    ours[:, INDEX["nose"]] = np.nan
    bowler = track(body(60) + 500, first=10, shot="true", track_id=1)
    mined, check = folders(tmp_path, ours, bowler)
    found = check_poses(mined, check, tmp_path)
    rows = {row["joint"]: (row["pck"], row["frames"]) for row in found.by_joint()}
    assert rows["left_wrist"] == (1.0, 20) and rows["right_wrist"] == (0.5, 20) and rows["nose"] == (0.0, 20)
    assert found.share_N.mean() == pytest.approx((15 + 0.5) / 17)
    assert set(found.match) == {"a.mp4"} and len(JOINTS) == 17


def test_joints_outside_the_picture_are_not_judged(tmp_path: Path) -> None:
    mined, check = folders(tmp_path, body(20))
    true = body(60)
    true[:, INDEX["left_wrist"]] = [640.0, 100.0, 1.0]  # the picture is 640 by 360
    true[:, INDEX["nose"]] = [100.0, -1.0, 1.0]
    write_poses(tmp_path / "a.poses.parquet", [track(true, first=10, shot="true")])
    rows = {row["joint"]: row["frames"] for row in check_poses(mined, check, tmp_path).by_joint()}
    assert rows["left_wrist"] == rows["nose"] == 0 and rows["right_wrist"] == 20


def test_a_folder_without_true_poses_is_refused(tmp_path: Path) -> None:
    mined, check = folders(tmp_path, body(20))
    with pytest.raises(TableError, match=r"holds no a\.poses\.parquet"):
        check_poses(mined, check, tmp_path / "mined")
