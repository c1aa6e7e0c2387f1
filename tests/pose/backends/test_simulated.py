from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slowpaths.core.errors import SlowpathsError
from slowpaths.core.records import PoseTrack
from slowpaths.core.skeleton import INDEX, SWAP
from slowpaths.pose.backends.simulated import SimulatedPose, read_truth_poses
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import FramesAt
from slowpaths.store.tables import write_poses

NUM = 3000
WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]


def standing(*, x: float = 300.0, track_id: int = 0, num: int = NUM, foot: float = 300.0) -> PoseTrack:
    """Somebody 150 px tall who only swings the arms, torso 55 px, left side to the right in the picture."""
    pts_s = np.arange(num) / 25
    pose = np.zeros((num, 17, 3))
    rows = {"nose": (0, 150), "eye": (3, 153), "ear": (6, 150), "shoulder": (15, 125), "elbow": (20, 100),
            "wrist": (20, 80), "hip": (10, 70), "knee": (10, 40), "ankle": (10, 5)}  # fmt: skip
    for name, (out, up) in rows.items():
        for side, sign in (("left", 1), ("right", -1)):
            joint = INDEX.get(f"{side}_{name}", INDEX["nose"])
            pose[:, joint] = x + sign * out * (name != "nose"), foot - up, 1.0
    swing = 40 * np.sin(2 * np.pi * pts_s / 4.0) ** 5
    pose[:, WRISTS, 0] += swing[:, None]
    boxes = np.tile([x - 40, foot - 160, x + 40, foot], (num, 1))
    return PoseTrack(
        video_id="v",
        shot_id="v-s0000",
        track_id=track_id,
        frames_T=np.arange(num),
        pts_s=pts_s,
        keypoints_TJC=pose,
        boxes_T4=boxes,
        camera_T3=np.zeros((num, 3)),
    )


def make(folder: Path, *tracks: PoseTrack, name: str = "v.mp4") -> Path:
    write_poses(folder / "truth" / f"{Path(name).stem}.poses.parquet", tracks)
    return folder / name


def look(pose: SimulatedPose, video: Path, indices: np.ndarray, boxes: np.ndarray, *, scale: float = 1.0) -> np.ndarray:
    frames = np.zeros((len(indices), round(400 * scale), round(640 * scale), 3), dtype=np.uint8)
    at = FramesAt(path=video, indices_T=indices, scale=scale)
    return np.stack(pose.keypoints(frames, [boxes] * len(indices), at=at))[:, 0]


BOX = np.array([[260.0, 140.0, 340.0, 300.0]])


def test_no_difficulty_is_the_truth(tmp_path: Path) -> None:
    track = standing(num=50)
    video = make(tmp_path, track)
    pose = SimulatedPose(difficulty=0.0)
    seen = look(pose, video, np.arange(50), BOX)
    assert seen[..., :2] == pytest.approx(track.keypoints_TJC[..., :2], abs=1e-3)
    (people,) = pose.detect(np.zeros((1, 400, 640, 3), np.uint8), at=FramesAt(path=video, indices_T=np.array([7])))
    assert people.boxes_N4 == pytest.approx(BOX, abs=1e-3)
    assert np.isnan(people.keypoints_NJC[..., :2]).all()


def test_noise_has_the_stated_size_and_confidence_tells_of_it(tmp_path: Path) -> None:
    track = standing()
    video = make(tmp_path, track)
    seen = look(SimulatedPose(seed=3), video, np.arange(NUM), BOX)
    error = (seen - track.keypoints_TJC)[..., :2] / 55.0
    swapped = (seen[:, SWAP] - track.keypoints_TJC)[..., :2] / 55.0
    straight = np.linalg.norm(error[:, INDEX["left_hip"]], axis=1) < np.linalg.norm(
        swapped[:, INDEX["left_hip"]], axis=1
    )

    def sigma(joint: str) -> float:
        return float(np.sqrt(np.nanmean(error[straight][:, INDEX[joint]] ** 2)))

    assert sigma("nose") == pytest.approx(0.04, rel=0.1)
    assert sigma("left_ankle") == pytest.approx(0.06, rel=0.1)
    assert 0.08 < sigma("left_wrist") < 0.16  # between still and full speed
    still = np.abs(np.gradient(track.keypoints_TJC[:, WRISTS[0], 0])) < 0.05
    wrist = error[still][:, WRISTS[0]]
    slow = np.sqrt(np.nanmean(wrist[np.linalg.norm(wrist, axis=1) < 0.4] ** 2))  # swapped wrists are .7 off
    assert slow == pytest.approx(0.08, rel=0.15)
    size = np.linalg.norm(error[straight][:, INDEX["nose"]], axis=1)
    seen_nose = np.isfinite(size)
    rho = np.corrcoef(size[seen_nose], seen[straight][seen_nose][:, INDEX["nose"], 2])[0, 1]
    assert rho == pytest.approx(-0.6, abs=0.1)


def test_sides_swap_in_bursts(tmp_path: Path) -> None:
    track = standing()
    seen = look(SimulatedPose(seed=5), make(tmp_path, track), np.arange(NUM), BOX)
    left, right = (seen[:, INDEX[f"{side}_knee"], 0] for side in ("left", "right"))
    is_swapped = left < right
    share = is_swapped.mean()
    bursts = np.count_nonzero(np.diff(is_swapped.astype(int)) == 1)
    assert 0.01 < share < 0.05  # legs are in two bursts of three, of 4 %
    assert is_swapped.sum() / bursts > 3.0  # .2 s are five frames; single frames would be about one


def test_fast_wrists_get_lost_more_often(tmp_path: Path) -> None:
    track = standing()
    seen = look(SimulatedPose(seed=1), make(tmp_path, track), np.arange(NUM), BOX)
    pace = np.abs(np.gradient(track.keypoints_TJC[:, WRISTS[0], 0]))
    lost = np.isnan(seen[:, WRISTS, 0]).mean(axis=1)
    assert lost[pace < 0.1].mean() < 0.08
    assert lost[pace > 0.8 * pace.max()].mean() > 0.18
    assert not np.isnan(seen[:, INDEX["nose"], 0]).any()
    assert (seen[np.isnan(seen[..., 0])][:, 2] == 0).all()


def test_people_behind_others_are_seen_badly(tmp_path: Path) -> None:
    behind, before = standing(), standing(x=310.0, track_id=1, foot=330.0)
    pose, video = SimulatedPose(), make(tmp_path, behind, before)
    seen_behind = look(pose, video, np.arange(NUM), BOX)
    seen_before = look(pose, video, np.arange(NUM), BOX + np.array([10, 30, 10, 30]))
    hips = [INDEX["left_hip"], INDEX["right_hip"]]
    assert np.isnan(seen_behind[:, hips, 0]).mean() > 0.6
    assert np.isnan(seen_before[:, hips, 0]).mean() == 0.0
    found = pose.detect(np.zeros((NUM, 400, 640, 3), dtype=np.uint8), at=FramesAt(path=video, indices_T=np.arange(NUM)))
    num_found = np.array([len(people) for people in found])
    assert 0.3 < (num_found < 2).mean() < 0.6
    assert all((np.diff(people.scores_N) <= 0).all() for people in found)


def test_result_does_not_depend_on_order_or_company(tmp_path: Path) -> None:
    video = make(tmp_path, standing(num=100), standing(x=500.0, track_id=1, num=100))
    alone, whole = SimulatedPose(seed=2), SimulatedPose(seed=2)
    late = look(alone, video, np.array([90, 7]), BOX)
    everything = look(whole, video, np.arange(100), BOX)
    assert late == pytest.approx(everything[[90, 7]], nan_ok=True)
    other_folder = make(tmp_path / "moved", standing(num=100), standing(x=500.0, track_id=1, num=100))
    assert look(alone, other_folder, np.arange(100), BOX) == pytest.approx(everything, nan_ok=True)
    other_seed = look(SimulatedPose(seed=4), video, np.arange(100), BOX)
    assert not np.allclose(other_seed, everything, equal_nan=True)
    other_name = make(tmp_path, standing(num=100), name="w.mp4")
    assert not np.allclose(look(alone, other_name, np.arange(100), BOX), everything, equal_nan=True)


def test_a_smaller_picture_gives_smaller_coordinates(tmp_path: Path) -> None:
    video = make(tmp_path, standing(num=20))
    full = look(SimulatedPose(), video, np.arange(20), BOX)
    half = look(SimulatedPose(), video, np.arange(20), BOX / 2, scale=0.5)
    assert 2 * half[..., :2] == pytest.approx(full[..., :2], nan_ok=True)


def test_outside_the_picture_nothing_is_seen(tmp_path: Path) -> None:
    track = standing(num=20, foot=440.0)  # ankles below a picture of 400 rows
    gone = replace(standing(num=20, x=900.0), track_id=1)
    video = make(tmp_path, track, gone)
    pose = SimulatedPose(difficulty=0.0)
    at = FramesAt(path=video, indices_T=np.arange(20))
    found = pose.detect(np.zeros((20, 400, 640, 3), dtype=np.uint8), at=at)
    assert [len(people) for people in found] == [1] * 20
    assert found[0].boxes_N4[0] == pytest.approx([260, 280, 340, 400], abs=1e-3)
    seen = look(pose, video, np.arange(20), found[0].boxes_N4)
    assert np.isnan(seen[:, INDEX["left_ankle"], 0]).all()
    assert np.isfinite(seen[:, INDEX["nose"], 0]).all()
    assert np.isnan(look(pose, video, np.array([99]), BOX)[..., :2]).all()


def test_real_footage_has_no_truth(tmp_path: Path) -> None:
    with pytest.raises(SlowpathsError, match=r"clip.poses.parquet.*pose=auto"):
        read_truth_poses(tmp_path / "clip.mp4")


def test_it_is_built_by_name() -> None:
    pose = build_pose("simulated", seed=9)
    assert pose.name == "simulated"
    assert not pose.has_keypoints_in_detect
