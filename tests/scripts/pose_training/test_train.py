"""Training: one batch can be learnt, and a run that was stopped goes on where it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scripts.pose_training.augment import ONE, Crop, make_crop
from scripts.pose_training.losses import losses
from scripts.pose_training.shards import Picture, Shards, write_shard
from scripts.pose_training.train import (
    Batches,
    OneBatches,
    Recipe,
    average_of,
    new_net,
    new_optimiser,
    train,
    train_step,
)

from slowpaths.core.errors import UsageError
from slowpaths.core.skeleton import INDEX
from slowpaths.pose.compact.network import JOINTS_PX, JOINTS_SIDE, CompactNet, JointNet, as_input, fused

RECIPE = Recipe(steps=4, batch=2, side=64, large_every=4, large_batch=1, large_side=96, seed=3)


def picture(number: int) -> Picture:
    random = np.random.default_rng(number)
    box_4 = np.array([60.0, 20.0, 100.0, 110.0])
    return Picture(
        frame_HWC=random.integers(0, 256, size=(120, 160, 3), dtype=np.uint8),
        joints_NJ2=(box_4[:2] + random.random((17, 2)) * [40.0, 90.0])[None],
        boxes_N4=box_4[None],
        is_striker_N=np.array([True]),
        camera="bowler_end" if number % 2 else "side_on",
    )


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = tmp_path / "train000.npz"
    write_shard(path, [picture(number) for number in range(3)])
    return path


def test_a_shard_gives_back_what_was_written(shard: Path) -> None:
    shards = Shards([shard, shard])
    assert len(shards) == 6
    again, known = shards[4], picture(1)
    assert again.camera == "bowler_end"
    assert again.joints_NJ2 == pytest.approx(known.joints_NJ2, abs=1e-3)
    assert again.boxes_N4 == pytest.approx(known.boxes_N4)
    assert np.abs(again.frame_HWC.astype(int) - known.frame_HWC).mean() < 12  # JPEG of pure noise


def test_missing_and_broken_shards_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run the render step first"):
        Shards([])
    broken = tmp_path / "b.npz"
    broken.write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"b\.npz is no shard.*delete it"):
        Shards([broken])


def test_crops_carry_the_joints_along() -> None:
    marked = picture(0)
    frame = np.zeros_like(marked.frame_HWC)
    for x, y in marked.joints_NJ2[0].astype(int):
        frame[y - 1 : y + 2, x - 1 : x + 2] = 255
    marked = Picture(frame_HWC=frame, joints_NJ2=np.rint(marked.joints_NJ2), boxes_N4=marked.boxes_N4,
                     is_striker_N=marked.is_striker_N)  # fmt: skip
    bright, dark = [], []
    for seed in range(12):
        crop = make_crop(marked, side=160, random=np.random.default_rng(seed))
        for x, y in np.rint(crop.joints_NJ2[0]).astype(int):
            if 2 <= x < 158 and 2 <= y < 158:
                bright.append(brightness(crop, x, y))
                dark.append(np.median(crop.picture_SS3))
    assert len(bright) > 60
    assert np.mean(bright) > np.mean(dark) + 40


def brightness(crop: Crop, x: float, y: float) -> float:
    row, column = round(float(y)), round(float(x))
    return float(crop.picture_SS3[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].mean())


def test_mirrored_crops_swap_left_and_right() -> None:
    joints_J2 = np.full((17, 2), 60.0)
    left, right = INDEX["left_wrist"], INDEX["right_wrist"]
    joints_J2[left], joints_J2[right] = (40.0, 60.0), (100.0, 60.0)
    frame = np.zeros((120, 160, 3), dtype=np.uint8)
    frame[56:65, 36:45] = 255  # the left wrist
    one = Picture(
        frame_HWC=frame, joints_NJ2=joints_J2[None], boxes_N4=np.array([[30.0, 10.0, 110.0, 110.0]]),
        is_striker_N=np.array([True]),
    )  # fmt: skip
    named = {"left": 0, "right": 0}
    for seed in range(30):
        crop = make_crop(one, side=160, random=np.random.default_rng(seed))
        wrists = {"left": crop.joints_NJ2[0, left], "right": crop.joints_NJ2[0, right]}
        if all((place > 4).all() and (place < 156).all() for place in wrists.values()):
            lights = {side: brightness(crop, *place) for side, place in wrists.items()}
            if abs(lights["left"] - lights["right"]) > 60:  # not hidden by a patch
                named[max(lights, key=lights.__getitem__)] += 1
    assert min(named.values()) >= 3  # shown as the right wrist in the mirrored crops


def test_steps_on_one_batch_make_the_loss_smaller(shard: Path) -> None:
    torch.manual_seed(0)
    pictures, batch = Batches(Shards([shard]), RECIPE)[0]
    net = new_net(RECIPE).train()
    optimiser = new_optimiser(net)
    for group in optimiser.param_groups:
        group["lr"] = 2e-3
    first = sum(train_step(net, optimiser, pictures, batch).values())
    for _ in range(12):
        last = sum(train_step(net, optimiser, pictures, batch).values())
    assert last < 0.8 * first


def test_what_is_masked_costs_nothing(shard: Path) -> None:
    pictures, batch = Batches(Shards([shard]), RECIPE)[0]
    net = new_net(RECIPE).eval()
    with torch.no_grad():
        maps = net(as_input(pictures))
        assert losses(maps, batch)["heat"] > 0
        masked = batch._replace(mask=torch.zeros_like(batch.mask))
        assert losses(maps, masked)["heat"] == 0


def test_batches_are_the_same_again_and_differ_from_each_other(shard: Path) -> None:
    batches = Batches(Shards([shard]), RECIPE)
    assert torch.equal(batches[2][0], batches[2][0])
    assert not torch.equal(batches[1][0], batches[2][0])


def test_every_so_often_a_batch_shows_large_people(shard: Path) -> None:
    batches = Batches(Shards([shard]), RECIPE)
    sides = [batches[number][0].shape[1] for number in range(8)]
    assert sides == [64, 64, 64, 96, 64, 64, 64, 96]


def run(shard: Path, path: Path, recipe: Recipe) -> CompactNet:
    return train(new_net(recipe), Batches(Shards([shard]), recipe), path, recipe, every=2, workers=0)


def test_a_stopped_run_ends_like_one_that_was_not(shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(shard, tmp_path / "a.pt", RECIPE)
    calls = []

    def stops(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train_step(*args)

    monkeypatch.setattr("scripts.pose_training.train.train_step", stops)
    with pytest.raises(KeyboardInterrupt):
        run(shard, tmp_path / "b.pt", RECIPE)
    assert len(calls) == 3
    resumed = run(shard, tmp_path / "b.pt", RECIPE)
    assert len(calls) == 3 + 2  # from step 2 on
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
        assert torch.equal(value, average_of(tmp_path / "b.pt", CompactNet()).state_dict()[name])
    with pytest.raises(UsageError, match="belongs to another run"):
        run(shard, tmp_path / "b.pt", replace(RECIPE, batch=4))
    with pytest.raises(UsageError, match="run the step 'c' first"):
        average_of(tmp_path / "c.pt", CompactNet())


def test_the_joints_of_one_person_are_learnt(shard: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, batch=3, side=96, large_every=0)
    batches = OneBatches(Shards([shard]), recipe)
    pictures, batch = batches[0]
    assert pictures.shape == (3, 96, 96, 3)
    assert batch.heat.shape == (3, 17, 24, 24)
    assert 0 < batch.num_joints <= 3 * 17
    assert torch.equal(batches[0][1].heat, batch.heat)
    net = JointNet.like(new_net(recipe)).train()
    optimiser = new_optimiser(net)
    for group in optimiser.param_groups:
        group["lr"] = 2e-3
    first = train_step(net, optimiser, pictures, batch)["heat"]
    for _ in range(12):
        last = train_step(net, optimiser, pictures, batch)["heat"]
    assert last < 0.8 * first
    trained = train(JointNet(), batches, tmp_path / "j.pt", recipe, workers=0)
    assert trained(as_input(pictures)).shape == (3, 17, 24, 24)


def test_a_network_of_joints_begins_where_the_other_stands() -> None:
    torch.manual_seed(2)
    net = CompactNet().eval()
    picture_B3HW = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(JointNet.like(net).eval()(picture_B3HW), net(picture_B3HW).heat)


def test_crops_of_one_person_show_him_in_the_middle_at_his_size() -> None:
    beside = picture(0)
    other_4 = np.array([5.0, 20.0, 45.0, 110.0])
    both = replace(
        beside, boxes_N4=np.stack([beside.boxes_N4[0], other_4]), is_striker_N=np.array([True, False]),
        joints_NJ2=np.concatenate([beside.joints_NJ2, beside.joints_NJ2 - [55.0, 0.0]]),
    )  # fmt: skip
    shown = [make_crop(both, side=JOINTS_SIDE, random=np.random.default_rng(seed), aim=ONE) for seed in range(40)]
    assert {crop.person for crop in shown} == {0, 1}
    for crop in shown:
        x1, y1, x2, y2 = crop.boxes_N4[crop.person]
        assert 0.5 * JOINTS_PX < y2 - y1 < 2 * JOINTS_PX
        assert np.abs(0.5 * np.array([x1 + x2, y1 + y2]) - JOINTS_SIDE / 2).max() < 0.15 * JOINTS_SIDE


def test_folded_norms_change_nothing() -> None:
    torch.manual_seed(1)
    net = CompactNet()
    net(torch.randn(4, 3, 64, 64))  # moves the running statistics
    net.eval()
    picture_B3HW = torch.randn(1, 3, 72, 104)
    with torch.no_grad():
        before = net(picture_B3HW)
        after = fused(net)(picture_B3HW)
    assert before.heat.shape == (1, 17, 18, 26)
    assert before.heads.shape == (1, 1, 18, 26)
    assert before.box.shape == (1, 4, 9, 13)
    for one, other in zip(before, after, strict=True):
        assert torch.allclose(one, other, atol=1e-4)
