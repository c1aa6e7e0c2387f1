"""The adapter of our own network: shapes, crops, weights, and what it makes of a rendered frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scripts.pose_training.accuracy import TrueFrame, judge, shares
from scripts.pose_training.train import save_weights

from slowpaths.core.errors import MissingWeightsError, UsageError
from slowpaths.pose.backends import compact
from slowpaths.pose.backends.compact import Compact, crop_person, mirrored
from slowpaths.pose.compact.network import JOINTS_PX, JOINTS_SIDE, CompactNet, JointNet
from slowpaths.pose.compact.shipped import SHIPPED, load_nets
from slowpaths.pose.estimate import build_pose
from slowpaths.pose.protocol import FramesAt, People
from slowpaths.world.camera.match import plan_match
from slowpaths.world.picture.studio import Studio
from slowpaths.world.world_settings import PartSettings, WorldSettings

AT = FramesAt(path=Path("v.mp4"), indices_T=np.zeros(1, dtype=int))


@pytest.fixture(scope="module")
def pose() -> Compact:
    return Compact()


def test_shipped_weights_are_small_and_load_by_name() -> None:
    assert SHIPPED.stat().st_size <= 3_000_000
    assert (SHIPPED.parent / "CARD.md").is_file()
    estimator = build_pose("compact", num_threads=2)
    assert (estimator.name, estimator.reason) == ("compact", "asked for by name")
    assert estimator.has_keypoints_in_detect


@pytest.mark.parametrize("size", [(360, 640), (128, 128), (101, 67)])
def test_frames_of_any_size_give_people_in_pixels(pose: Compact, size: tuple[int, int]) -> None:
    frames = np.random.default_rng(0).integers(0, 256, size=(2, *size, 3), dtype=np.uint8)
    found = pose.detect(frames, at=AT)
    assert len(found) == 2
    for people in found:
        assert people.boxes_N4.shape == (len(people), 4)
        assert people.keypoints_NJC.shape == (len(people), 17, 3)
        assert (np.diff(people.scores_N) <= 0).all()
        lost = people.keypoints_NJC[..., 2] == 0
        assert np.isnan(people.keypoints_NJC[lost][:, :2]).all()
        assert np.isfinite(people.keypoints_NJC[~lost]).all()


def test_no_boxes_and_unseen_boxes_give_no_joints(pose: Compact) -> None:
    frames = np.zeros((2, 90, 160, 3), dtype=np.uint8)
    none, unseen = pose.keypoints(frames, [np.zeros((0, 4)), np.full((1, 4), np.nan)], at=AT)
    assert none.shape == (0, 17, 3)
    assert np.isnan(unseen[..., :2]).all()
    assert (unseen[..., 2] == 0).all()
    (empty,) = pose.keypoints(frames[:1], [np.array([[20.0, 10.0, 50.0, 80.0]])], at=AT)
    assert empty.shape == (1, 17, 3)  # a black frame shows nobody
    assert (empty[..., 2] == 0).all()


@pytest.mark.parametrize(
    "box",
    [(60.0, 40.0, 90.0, 136.0), (60.0, 40.0, 75.0, 88.0), (20.0, 10.0, 140.0, 202.0), (-20.0, 100.0, 20.0, 196.0)],
)
def test_crops_show_the_person_at_the_usual_size_and_map_back(box: tuple[float, ...]) -> None:
    frame = np.zeros((220, 200, 3), dtype=np.uint8)
    x, y = max(box[0] + 5, 3), 0.5 * (box[1] + box[3])
    frame[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4] = 255
    crop, scale, corner_2 = crop_person(frame, np.array(box))
    assert crop.shape == (JOINTS_SIDE, JOINTS_SIDE, 3)
    assert scale == pytest.approx(JOINTS_PX / (box[3] - box[1]))
    rows, columns = np.nonzero(crop[..., 0] > 128)
    back = np.array([columns.mean(), rows.mean()]) / scale + corner_2
    assert back == pytest.approx([int(x), int(y)], abs=0.6)


def test_a_mirror_image_lands_on_the_cells_of_the_picture() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, size=(1, 160, 160, 3), dtype=np.uint8)
    turned = mirrored(pictures)
    for column in (0, 1, 20, 39):  # the pixel of a cell is the pixel of the opposite cell
        assert (turned[0, :, 4 * column] == pictures[0, :, 4 * (39 - column)]).all()


def test_looking_at_mirror_images_too_moves_joints_by_little() -> None:
    frame, striker = rendered()[0]
    once, twice = (
        Compact(mirrors=mirrors).keypoints(frame[None], [striker[None]], at=AT)[0][0] for mirrors in (False, True)
    )
    both = np.isfinite(once[:, 0]) & np.isfinite(twice[:, 0])
    assert both.sum() >= 12
    moved_J = np.linalg.norm(once[both, :2] - twice[both, :2], axis=1)
    assert np.median(moved_J) < 0.05 * (striker[3] - striker[1])


def test_large_people_are_looked_at_again_at_half_the_size() -> None:
    def someone(height_px: float, score: float, x: float) -> People:
        box_4 = np.array([x, 10.0, x + 40.0, 10.0 + height_px])
        return People(boxes_N4=box_4[None], scores_N=np.array([score]), keypoints_NJC=np.full((1, 17, 3), score))

    def both(one: People, other: People) -> People:
        names = ("boxes_N4", "scores_N", "keypoints_NJC")
        return People(**{name: np.concatenate([getattr(part, name) for part in (one, other)]) for name in names})

    whole = both(someone(220.0, 0.6, 0.0), someone(60.0, 0.4, 100.0))
    half = both(someone(300.0, 0.9, 2.0), someone(55.0, 0.3, 101.0))
    joined = compact._joined(whole, half)
    assert joined.scores_N.tolist() == [0.9, 0.4]
    assert (joined.boxes_N4[:, 3] - joined.boxes_N4[:, 1]).tolist() == [300.0, 60.0]
    assert joined.keypoints_NJC[:, 0, 2].tolist() == [0.9, 0.4]
    small = someone(55.0, 0.3, 101.0)
    assert compact._joined(whole, small) is whole  # nobody large at half size: what was seen stands


def test_boxes_of_several_frames_go_through_together(pose: Compact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compact, "_BATCH", 2)
    frames = np.random.default_rng(1).integers(0, 256, size=(3, 96, 96, 3), dtype=np.uint8)
    box_4 = np.array([30.0, 10.0, 60.0, 90.0])
    together = pose.keypoints(frames, [np.stack([box_4, box_4 * np.nan, box_4])] * 3, at=AT)
    alone = pose.keypoints(frames[2:], [box_4[None]], at=AT)
    assert [len(poses) for poses in together] == [3, 3, 3]
    np.testing.assert_allclose(together[2][2], alone[0][0], atol=1e-2)
    np.testing.assert_array_equal(together[2][0], together[2][2])


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    torch.manual_seed(0)
    nets = (CompactNet().eval(), JointNet().eval())
    save_weights(tmp_path / "w.safetensors", *nets)
    for net, again in zip(nets, load_nets(tmp_path / "w.safetensors"), strict=True):
        for name, value in net.state_dict().items():
            assert torch.allclose(value.float(), again.state_dict()[name].float(), rtol=1e-3, atol=1e-3), name


def test_missing_damaged_and_foreign_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingWeightsError, match=r"are not at .*none\.safetensors: name a file"):
        Compact(weights=tmp_path / "none.safetensors")
    damaged = tmp_path / "compact.safetensors"
    damaged.write_bytes(SHIPPED.read_bytes()[:-1] + b"x")
    monkeypatch.setattr("slowpaths.pose.compact.shipped.SHIPPED", damaged)
    with pytest.raises(MissingWeightsError, match=r"is damaged .*install slowpaths again"):
        Compact()
    (tmp_path / "text.safetensors").write_text("nothing")
    with pytest.raises(MissingWeightsError, match="does not hold the network"):
        Compact(weights=tmp_path / "text.safetensors")
    save_weights(tmp_path / "other.safetensors", CompactNet(neck=32), JointNet())
    with pytest.raises(MissingWeightsError, match="does not hold the network"):
        Compact(weights=tmp_path / "other.safetensors")


def test_a_missing_gpu_is_named() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA device"):
            Compact(device="cuda")


def rendered() -> list[tuple[np.ndarray, np.ndarray]]:
    """Frames of a rendered match and the box of the striker."""
    studio = held_out_studio()
    frames = list(studio.glimpse(0, np.arange(4, 72, 8)))
    striker = next(person for person in studio.truths[0].people if person.role == "striker")
    return list(zip(frames, striker.boxes_T4, strict=True))


def held_out_studio() -> Studio:
    part = PartSettings(
        balls_per_match=1, num_batters=2, is_held_out=True, venues=("westdown",),
        broadcasters=("Fox Overseas",),
    )  # fmt: skip
    return Studio(plan_match(WorldSettings(name="h", parts={"h": part}), seed=424_242, part="h", number=0))


def test_the_striker_of_a_rendered_match_is_found(pose: Compact) -> None:
    studio = held_out_studio()
    frames = list(studio.glimpse(0, np.arange(4, 72, 8)))
    striker = next(person for person in studio.truths[0].people if person.role == "striker")
    judged = [
        judge(
            pose,
            TrueFrame(frame_HWC=frame, joints_J2=striker.pixels_TJ2[row], box_4=striker.boxes_T4[row], at=AT),
        )
        for row, frame in enumerate(frames)
    ]
    found = shares(judged)
    assert found["found"] >= 0.9
    assert found["pck"] >= 0.7
