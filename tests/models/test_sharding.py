from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from tests.models.pretrain.parts import PARTS
from tests.models.training import QUIET, batch, classifier, loader, settings, trainer, view_batch
from torch.distributed.tensor import DTensor
from torch.utils.data import DataLoader

from slowpaths.models.callbacks.checkpoints import AtomicCheckpointIO, build_checkpoints
from slowpaths.models.ema import EmaModule
from slowpaths.models.prediction import load_classifier
from slowpaths.models.pretrain.composition import Composition
from slowpaths.models.sharding import ShardedStrategy

pytestmark = [pytest.mark.filterwarnings("ignore"), *(pytest.mark.filterwarnings(line) for line in QUIET)]


class Losses(L.Callback):
    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.seen.append(float(outputs["loss"]))


class Stop(L.Callback):
    def __init__(self, epochs: int) -> None:
        self._epochs = epochs

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        trainer.should_stop = trainer.current_epoch + 1 == self._epochs


@pytest.fixture
def _no_group_is_left() -> Iterator[None]:
    yield
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def small_classifier() -> tuple[EmaModule, Any]:
    told = {"num_features": 2, "feature_weight": 0.5, "co_teaching": 0.25}
    return classifier(**told, dropout=0.0, lr=0.005, ema_decay=0.9), loader(8)  # small steps: rounding grows


def classifier_with_lars() -> tuple[EmaModule, Any]:
    lars = {"_target_": "slowpaths.models.lars.Lars", "trust": 0.01}
    return classifier(optimiser=lars, lr=0.5, weight_decay=0.1, dropout=0.0, ema_decay=0.9), loader(8)


def small_composition() -> tuple[EmaModule, Any]:
    options = {"dropout": 0.0, "feature_names": ("up", "right"), "ema_decay": 0.9, "parts": PARTS}
    data = DataLoader([view_batch(4, num_frames=16)] * 2, batch_size=None)  # type: ignore[arg-type]
    return Composition(**settings(**options)), data


@pytest.mark.usefixtures("_no_group_is_left")
@pytest.mark.parametrize("build", [small_classifier, classifier_with_lars, small_composition])
def test_sharded_modules_learn_what_whole_ones_learn_and_every_weight_is_dealt_out(build: Any) -> None:
    losses, weights = [], []
    for strategy in ("auto", ShardedStrategy()):
        model, data = build()
        seen = Losses()
        how = {"use_distributed_sampler": False, "gradient_clip_val": 5.0, "callbacks": [seen]}
        run = trainer(max_epochs=2, strategy=strategy, devices=1, **how)
        run.fit(model, data)
        losses.append(seen.seen)
        weights.append(run.strategy.lightning_module_state_dict())
        is_dealt_out = {isinstance(weight, DTensor) for weight in model.parameters()}
        assert is_dealt_out == {strategy != "auto"}
    assert len(losses[0]) == 4 and losses[0][-1] != losses[0][0]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert weights[0].keys() == weights[1].keys()
    for name, tensor in weights[0].items():
        assert torch.allclose(tensor, weights[1][name], rtol=1e-4, atol=1e-5), name  # layouts round differently


@pytest.mark.usefixtures("_no_group_is_left")
def test_a_sharded_run_goes_on_where_it_stopped_and_its_checkpoint_loads_in_one_piece(tmp_path: Path) -> None:
    def fit(epochs: int, folder: Path, ckpt: Path | None = None) -> list[float]:
        model, data = small_classifier()
        seen, keeper = Losses(), build_checkpoints(folder, monitor=None)
        how = {"use_distributed_sampler": False, "enable_checkpointing": True, "plugins": [AtomicCheckpointIO()]}
        how |= {"callbacks": [seen, keeper, Stop(epochs)]}
        run = trainer(max_epochs=2, strategy=ShardedStrategy(), devices=1, **how)
        run.fit(model, data, ckpt_path=ckpt, weights_only=True)
        return seen.seen

    whole = fit(2, tmp_path / "whole")
    halves = fit(1, tmp_path / "halves"), fit(2, tmp_path / "halves", tmp_path / "halves" / "last.ckpt")
    assert [len(half) for half in halves] == [2, 2]
    assert [*halves[0], *halves[1]] == pytest.approx(whole, rel=1e-5)
    loaded = load_classifier(tmp_path / "halves" / "last.ckpt")
    assert not any(isinstance(weight, DTensor) for weight in loaded.parameters())
    assert loaded(batch(2)).isfinite().all()
