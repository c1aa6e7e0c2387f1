"""The adapter of our own network: shapes, crops, weights, and what it makes of a rendered frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from slowpaths.core.errors import MissingWeightsError, UsageError
from slowpaths.core.skeleton import SWAP
from slowpaths.pose import _compact
from slowpaths.pose._compact import Compact, crop_person, mirrored, person_in_box, with_mirror
from slowpaths.pose.accuracy import TrueFrame, judge, shares
from slowpaths.pose.compact.decode import PictureMaps
from slowpaths.pose.compact.network import CompactNet
from slowpaths.pose.compact.weights import SHIPPED, load_net, save_weights
from slowpaths.pose.estimate import FramesAt, build_pose
from slowpaths.world.build import plan
from slowpaths.world.settings import PartSettings, WorldSettings
from slowpaths.world.studio import Studio

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
        assert people.keypoints_NKC.shape == (len(people), 17, 3)
        assert (np.diff(people.scores_N) <= 0).all()
        lost = people.keypoints_NKC[..., 2] == 0
        assert np.isnan(people.keypoints_NKC[lost][:, :2]).all()
        assert np.isfinite(people.keypoints_NKC[~lost]).all()


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
    assert crop.shape == (160, 160, 3)
    assert scale == pytest.approx(96 / (box[3] - box[1]))
    rows, columns = np.nonzero(crop[..., 0] > 128)
    back = np.array([columns.mean(), rows.mean()]) / scale + corner_2
    assert back == pytest.approx([int(x), int(y)], abs=0.6)


def test_a_mirror_image_lands_on_the_cells_of_the_picture() -> None:
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, size=(1, 160, 160, 3), dtype=np.uint8)
    turned = mirrored(pictures)
    for column in (0, 1, 20, 39):  # the pixel of a cell is the pixel of the opposite cell
        assert (turned[0, :, 4 * column] == pictures[0, :, 4 * (39 - column)]).all()
    plain = PictureMaps(
        heads_hw=np.zeros((40, 40)), box_4hw=np.zeros((4, 20, 20)), joints_K2hw=np.zeros((17, 2, 20, 20)),
        heat_Khw=random.normal(size=(17, 40, 40)),
    )  # fmt: skip
    mirror = replace(plain, heat_Khw=plain.heat_Khw[SWAP, :, ::-1] + 1.0)
    np.testing.assert_allclose(with_mirror(plain, mirror).heat_Khw, plain.heat_Khw + 0.5)


def test_the_person_who_fits_the_box_is_taken_not_the_surest() -> None:
    maps = PictureMaps(
        heads_hw=np.full((40, 40), 0.01, dtype=np.float32),
        box_4hw=np.zeros((4, 20, 20), dtype=np.float32),
        joints_K2hw=np.zeros((17, 2, 20, 20), dtype=np.float32),
        heat_Khw=np.full((17, 40, 40), -9.0, dtype=np.float32),
    )
    size = np.log(np.array([5.0, 12.0]))
    for row, column, score in ((10, 10, 0.3), (7, 13, 0.9)):
        maps.heads_hw[2 * row, 2 * column] = score
        maps.box_4hw[2:, row, column] = size
    joints_KC = person_in_box(maps, np.array([60.0, 32.0, 100.0, 128.0]))
    assert joints_KC is not None
    assert joints_KC[0, :2] == pytest.approx([80.0, 80.0])
    assert person_in_box(maps, np.array([0.0, 0.0, 16.0, 20.0])) is None


def test_boxes_of_several_frames_go_through_together(pose: Compact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_compact, "_BATCH", 2)
    frames = np.random.default_rng(1).integers(0, 256, size=(3, 96, 96, 3), dtype=np.uint8)
    box_4 = np.array([30.0, 10.0, 60.0, 90.0])
    together = pose.keypoints(frames, [np.stack([box_4, box_4 * np.nan, box_4])] * 3, at=AT)
    alone = pose.keypoints(frames[2:], [box_4[None]], at=AT)
    assert [len(poses) for poses in together] == [3, 3, 3]
    np.testing.assert_allclose(together[2][2], alone[0][0], atol=1e-2)
    np.testing.assert_array_equal(together[2][0], together[2][2])


def test_weights_come_back_as_they_were_written(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = CompactNet().eval()
    save_weights(tmp_path / "w.safetensors", net)
    again = load_net(tmp_path / "w.safetensors")
    for name, value in net.state_dict().items():
        assert torch.allclose(value.float(), again.state_dict()[name].float(), rtol=1e-3, atol=1e-3), name


def test_missing_damaged_and_foreign_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingWeightsError, match=r"are not at .*none\.safetensors: name a file"):
        Compact(weights=tmp_path / "none.safetensors")
    damaged = tmp_path / "compact.safetensors"
    damaged.write_bytes(SHIPPED.read_bytes()[:-1] + b"x")
    monkeypatch.setattr("slowpaths.pose.compact.weights.SHIPPED", damaged)
    with pytest.raises(MissingWeightsError, match=r"is damaged .*install slowpaths again"):
        Compact()
    (tmp_path / "text.safetensors").write_text("nothing")
    with pytest.raises(MissingWeightsError, match="does not hold the network"):
        Compact(weights=tmp_path / "text.safetensors")
    save_weights(tmp_path / "other.safetensors", CompactNet(neck=32))
    with pytest.raises(MissingWeightsError, match="does not hold the network"):
        Compact(weights=tmp_path / "other.safetensors")


def test_a_missing_gpu_is_named() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA device"):
            Compact(device="cuda")


def test_the_striker_of_a_rendered_match_is_found(pose: Compact) -> None:
    part = PartSettings(
        name="h", balls_per_match=1, num_batters=2, is_held_out=True, venues=("westdown",),
        broadcasters=("Fox Overseas",),
    )  # fmt: skip
    studio = Studio(plan(WorldSettings(name="h", parts=(part,)), seed=424_242, part=0, number=0))
    frames = list(studio.glimpse(0, np.arange(4, 72, 8)))
    striker = next(person for person in studio.truths[0].people if person.role == "striker")
    judged = [
        judge(
            pose,
            TrueFrame(frame_HWC=frame, joints_K2=striker.pixels_TK2[row], box_4=striker.boxes_T4[row], at=AT),
        )
        for row, frame in enumerate(frames)
    ]
    found = shares(judged)
    assert found["found"] >= 0.9
    assert found["pck"] >= 0.7
