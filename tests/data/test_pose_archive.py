from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slowpaths.core.errors import TableError
from slowpaths.core.skeleton import INDEX
from slowpaths.data.pose_archive import (
    FPS,
    PICTURE_SIZE,
    read_pose_archive,
    write_archive_truth,
)
from slowpaths.evaluation.truth_table import read_truth


def archive_arrays(num: int = 3, *, num_frames: int = 6) -> dict[str, np.ndarray]:
    """Joint j of frame t of sequence n lies at x = j / 100, y = t / 10 + n / 100."""
    pose = np.zeros((num, num_frames, 33, 3), dtype=np.float16)
    pose[..., 0] = np.arange(33) / 100
    pose[..., 1] = np.arange(num_frames)[:, None] / 10 + np.arange(num)[:, None, None] / 100
    length = np.array([num_frames, 2, 4][:num])
    for row, frames in enumerate(length):
        pose[row, frames:] = np.nan
    return {
        "pose": pose,
        "length": length,
        "label": np.array(["pull", "hook", "pull"][:num]),
        "name": np.array(["a.npy", "b.npy", "c.npy"][:num]),
        "exact_duplicate_of": np.array(["", "", "a.npy"][:num]),
    }


def write(path: Path, **arrays) -> Path:
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_an_archive_becomes_coco_joints_in_pixels(tmp_path):
    first, second, third = read_pose_archive(write(tmp_path / "a.npz", **archive_arrays()))
    assert [first.name, second.name, third.name] == ["a.npy", "b.npy", "c.npy"]
    assert (first.label, third.duplicate_of, first.picture_size) == ("pull", "a.npy", PICTURE_SIZE)
    assert first.track.keypoints_TJC.shape == (6, 17, 3)
    assert second.track.keypoints_TJC.shape == (2, 17, 3)
    # MediaPipe's left wrist is landmark 15, its right ankle landmark 28
    assert first.track.keypoints_TJC[2, INDEX["left_wrist"]] == pytest.approx([0.15 * 1280, 0.2 * 720, 1.0], rel=1e-3)
    assert first.track.keypoints_TJC[0, INDEX["right_ankle"], 0] == pytest.approx(0.28 * 1280, rel=1e-3)
    assert np.diff(first.track.pts_s) == pytest.approx(1 / FPS)
    assert first.track.boxes_T4[0] == pytest.approx([0.0, 0.0, 0.28 * 1280, 0.0], rel=1e-3)


def test_a_joint_that_is_not_there_has_no_confidence(tmp_path):
    arrays = archive_arrays()
    arrays["pose"][0, 1, 15, 0] = np.nan
    track = read_pose_archive(write(tmp_path / "a.npz", **arrays))[0].track
    assert np.isnan(track.keypoints_TJC[1, INDEX["left_wrist"], :2]).all()
    assert track.keypoints_TJC[1, INDEX["left_wrist"], 2] == 0.0
    assert np.isfinite(track.boxes_T4[1]).all()


def test_a_sequence_of_seventeen_frames_keeps_its_axes(tmp_path):
    arrays = archive_arrays(1, num_frames=17)
    track = read_pose_archive(write(tmp_path / "a.npz", **arrays))[0].track
    assert track.keypoints_TJC[3, INDEX["nose"]] == pytest.approx([0.0, 0.3 * 720, 1.0], rel=1e-3)


def test_ids_follow_the_content(tmp_path):
    arrays = archive_arrays()
    once = [item.track.video_id for item in read_pose_archive(write(tmp_path / "a.npz", **arrays))]
    arrays["pose"][0, 0, 0, 0] = 0.5
    again = [item.track.video_id for item in read_pose_archive(write(tmp_path / "b.npz", **arrays))]
    assert once[0] != again[0] and once[1:] == again[1:]
    assert len(set(once)) == 3


def test_an_archive_without_labels_has_no_truth(tmp_path):
    arrays = archive_arrays() | {"label": np.array(["", "", ""])}
    with pytest.raises(TableError, match="no sequence has a label"):
        write_archive_truth(tmp_path / "truth.csv", read_pose_archive(write(tmp_path / "a.npz", **arrays)))


def test_the_truth_of_an_archive_is_a_truth_table(tmp_path):
    write_archive_truth(tmp_path / "truth.csv", read_pose_archive(write(tmp_path / "a.npz", **archive_arrays())))
    rows = [line.split(",") for line in (tmp_path / "truth.csv").read_text().splitlines()]
    assert rows[0] == ["video", "start_s", "end_s", "impact_s", "label", "match_id"]
    assert [(row[0], row[-1]) for row in rows[1:]] == [("a.npy", "a.npy"), ("b.npy", "b.npy"), ("c.npy", "a.npy")]
    truth = read_truth(tmp_path / "truth.csv", taxonomy="cricshot10")
    assert [(item.video, item.label) for item in truth.deliveries] == [
        ("a.npy", "pull"),
        ("b.npy", "hook"),
        ("c.npy", "pull"),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"label": None}, "lacks the array 'label'"),
        ({"pose": np.zeros((3, 6, 17, 3))}, "33, 3"),
        ({"pose": np.zeros((3, 6, 33, 3), dtype=np.int64)}, "floating point"),
        ({"length": np.array([6, 2])}, "'length' has the shape"),
        ({"length": np.array([6, 2, 9])}, "whole numbers from 1 to 6"),
        ({"length": np.array([6, 0, 4])}, "whole numbers from 1 to 6"),
        ({"length": np.array([6.0, 2.0, 4.0])}, "whole numbers"),
        ({"label": np.array([["a"], ["b"], ["c"]])}, "'label' has the shape"),
        ({"name": np.array(["a", "a", "b"])}, "twice"),
        ({"label": np.array([{"a": 1}, 2, 3], dtype=object)}, "plain arrays"),
    ],
)
def test_a_wrong_archive_is_one_sentence(tmp_path, change, sentence):
    path = write(tmp_path / "a.npz", **{**archive_arrays(), **change})
    with pytest.raises(TableError, match=sentence) as caught:
        read_pose_archive(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 broken"])
def test_a_broken_archive_is_one_sentence(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(TableError, match="not a readable archive"):
        read_pose_archive(path)


def test_a_missing_archive_and_a_single_array_are_one_sentence(tmp_path):
    with pytest.raises(TableError, match="does not exist"):
        read_pose_archive(tmp_path / "a.npz")
    np.save(tmp_path / "b.npy", np.zeros(3))
    with pytest.raises(TableError, match="one array, not an archive"):
        read_pose_archive(tmp_path / "b.npy")


@pytest.mark.shared
def test_the_real_archive(shared_dir):
    sequences = read_pose_archive(shared_dir / "poses" / "cricshot10_poses_dev.npz")
    assert len(sequences) == 620
    assert sum(bool(item.duplicate_of) for item in sequences) == 12
    assert all(item.label for item in sequences)
    assert len({item.label for item in sequences}) == 10
