from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from tests.models.pretrain.parts import PARTS
from tests.models.training import QUIET, settings, trainer, view_batch
from torch.utils.data import DataLoader

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import ClipBatch
from slowpaths.models.callbacks.checkpoints import build_checkpoints
from slowpaths.models.initialisation import load_backbone, save_backbone
from slowpaths.models.pretrain.composition import Composition
from slowpaths.models.pretrain.part import Views, pool_pathways, still_statistics
from slowpaths.models.rehearsal import rehearse

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def composition(*names: str, changes: Any = None, **options: Any) -> Composition:
    parts = {name: {**PARTS[name], **(changes or {})} for name in names}
    wanted = {"dropout": 0.0, "feature_names": ("up", "right"), "ema_decay": 0.9, "parts": parts, **options}
    return Composition(**settings(**wanted))


def loader(count: int = 4, *, steps: int = 2) -> DataLoader[Any]:
    return DataLoader([view_batch(count, num_frames=16)] * steps, batch_size=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(PARTS))
def test_one_step_moves_the_network_its_average_and_the_heads(name: str) -> None:
    model = composition(name, head_lr_ratio=1.0)
    model.parts[name].average_heads()  # type: ignore[operator]
    assert model.ema is not None
    before = {key: value.clone() for key, value in model.state_dict().items()}
    trainer(max_steps=2).fit(model, loader())
    moved = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    for kind in ("network.blocks.0", "ema.blocks.0", f"parts.{name}.heads"):
        assert any(key.startswith(kind) for key in moved), kind
    if name in ("byol", "moco", "temporal", "cross"):
        assert any(key.startswith(f"parts.{name}.averages") for key in moved)
    assert (f"parts.{name}.queue_KD" in moved) == (name == "moco")
    assert not any("blocks.6" in key for key in moved)


def test_averages_move_once_a_step_of_the_optimiser() -> None:
    def learnt(batches_a_step: int) -> dict[str, torch.Tensor]:
        model = composition("distil", frozen_bn_below=100)
        trainer(max_epochs=2, accumulate_grad_batches=batches_a_step).fit(model, loader(steps=2 * batches_a_step))
        return model.state_dict()

    whole, accumulated = learnt(1), learnt(3)  # a batch thrice over is that batch
    for name, tensor in whole.items():
        torch.testing.assert_close(accumulated[name], tensor, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("batch_size", "num_warnings"), [(15, 1), (16, 0)])
def test_byol_in_small_batches_is_warned_of(
    caplog: pytest.LogCaptureFixture, batch_size: int, num_warnings: int
) -> None:
    composition("byol", batch_size=batch_size)
    composition("moco", batch_size=batch_size)
    said = [record.getMessage() for record in caplog.records if "objective=moco" in record.getMessage()]
    assert len(said) == num_warnings and all(f"batches of {batch_size} clips" in text for text in said)


@pytest.mark.filterwarnings("ignore:You are trying to `self.log")
def test_the_sum_is_weighted_and_what_weighs_nothing_is_left_out() -> None:
    model = composition("distil", "byol").eval()
    batch = view_batch(4, num_frames=16)
    model.parts["distil"].weight, model.parts["byol"].weight = 2.0, 0.5
    assert model.ema is not None
    views = Views(batch, model.network, model.ema)
    single = {name: part(views).item() for name, part in model.parts.items()}
    assert model._loss(batch, stage="val").item() == pytest.approx(2 * single["distil"] + 0.5 * single["byol"])
    light = {"byol": PARTS["byol"], "pace": {**PARTS["pace"], "weight": 0.0}, "cross": None}
    assert list(composition(parts=light).parts) == ["byol"]


class Losses(Callback):
    def __init__(self, stop_after: int | None = None) -> None:
        self.seen: list[float] = []
        self._stop_after = stop_after

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: ClipBatch, batch_idx: int) -> None:
        self.seen.append(float(outputs["loss"]))

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch == self._stop_after:
            raise InterruptedError


def test_a_resumed_run_has_the_losses_of_the_whole_one(tmp_path: Path) -> None:
    names = ("byol", "moco", "temporal", "cross", "pace")

    def fit(folder: Path, losses: Losses, *, ckpt_path: Path | None = None) -> Composition:
        keeper = build_checkpoints(folder, monitor=None)
        model = composition(*names)
        run = trainer(max_epochs=3, callbacks=[losses, keeper], enable_checkpointing=True)
        run.fit(model, loader(), loader(steps=1), ckpt_path=ckpt_path, weights_only=True)
        return model

    whole, first, second = Losses(), Losses(stop_after=2), Losses()
    expected = fit(tmp_path / "whole", whole)
    with pytest.raises(InterruptedError):
        fit(tmp_path / "part", first)
    resumed = fit(tmp_path / "part", second, ckpt_path=tmp_path / "part" / "last.ckpt")
    assert len(whole.seen) == 6
    assert [*first.seen, *second.seen] == pytest.approx(whole.seen, abs=1e-6)
    for key, value in expected.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[key], value, rtol=0, atol=1e-6)


def test_what_was_learnt_becomes_an_initialisation(tmp_path: Path) -> None:
    keeper = ModelCheckpoint(dirpath=tmp_path, save_last=True, save_top_k=0)
    model = composition("moco")
    trainer(max_steps=2, callbacks=[keeper], enable_checkpointing=True).fit(model, loader())
    save_backbone(tmp_path / "backbone.safetensors", tmp_path / "last.ckpt")
    network = composition("pace").network
    report = load_backbone(network, tmp_path / "backbone.safetensors")
    assert model.ema is not None
    for name in report.loaded:
        value = model.ema.state_dict()[name]
        assert torch.equal(network.state_dict()[name], value.half().to(value.dtype)), name
    assert report.missing == ("blocks.6.proj.weight", "blocks.6.proj.bias")


def test_a_single_clip_is_rehearsed_and_leaves_no_trace() -> None:
    model = composition("byol", "moco", "temporal", "cross", "pace", "distil")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    single = [view_batch(1, num_frames=16)._map(lambda tensor: tensor[:1])]
    rehearse(model, DataLoader(single, batch_size=None, collate_fn=lambda items: items[0]), device=torch.device("cpu"))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_bad_compositions_are_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"objective\.parts holds nothing of a weight above 0"):
        composition("byol", changes={"weight": 0.0})
    with pytest.raises(UsageError, match=r"optim\.ema_decay=0 keeps no average to compare with: give such as 0\.99"):
        composition("byol", ema_decay=0.0)
    with pytest.raises(UsageError, match=r"objective\.parts\.byol\._target_=.* cannot be called so"):
        composition("byol", changes={"depth": 2})


class Flat(torch.nn.Module):
    def __init__(self, *, num_classes: int) -> None:
        super().__init__()
        self.proj = torch.nn.Linear(2, num_classes)


def test_another_network_is_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"the network is a Flat: choose model=slowfast_tiny"):
        Composition(network={"_target_": f"{__name__}.Flat"}, feature_names=(), optim=None, run=None, parts=PARTS)


def test_laterals_are_cut_clip_by_clip_for_the_slow_pathway_only() -> None:
    network = composition("pace").network.eval()
    views = Views(view_batch(2), network, network)
    whole, cut = (pool_pathways(network, views.pathways, lateral_B=f) for f in (None, torch.tensor([1.0, 0, 0, 1])))
    same_V = torch.isclose(whole.slow_VD, cut.slow_VD, atol=1e-6).all(dim=1)
    assert same_V.tolist() == [True, False, False, True]
    assert torch.equal(whole.fast_VD, cut.fast_VD)
    kept = network(list(views.pathways))
    head = network.blocks[-1]  # type: ignore[index]
    torch.testing.assert_close(head(whole.both_VD[:, :, None, None, None]), kept)  # type: ignore[operator]


def test_short_windows_leave_running_moments_alone() -> None:
    network = composition("pace").network.train()
    views = Views(view_batch(2), network, network)
    before = {key: value.clone() for key, value in network.state_dict().items() if "running" in key}
    with still_statistics(network):
        pool_pathways(network, views.pathways)
    assert all(torch.equal(network.state_dict()[key], value) for key, value in before.items())
    pool_pathways(network, views.pathways)
    assert not all(torch.equal(network.state_dict()[key], value) for key, value in before.items())
