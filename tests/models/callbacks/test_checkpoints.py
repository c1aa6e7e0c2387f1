from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from tests.models.training import QUIET, classifier, loader, trainer

from slowpaths.core.errors import SlowpathsError
from slowpaths.models.callbacks.checkpoints import AtomicCheckpointIO, FiniteGuard, build_checkpoints
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.store import tables

pytestmark = [pytest.mark.filterwarnings(line) for line in QUIET]


def test_last_is_kept_always_and_best_with_validation(tmp_path: Path) -> None:
    for monitor, names in (("val/nll", ["best.ckpt", "last.ckpt"]), (None, ["last.ckpt"])):
        folder = tmp_path / str(monitor).replace("/", "_")
        keeper = build_checkpoints(folder, monitor=monitor)
        loaders = [loader(4), loader(4, is_shuffled=False)][: 1 + bool(monitor)]
        trainer(max_epochs=1, enable_checkpointing=True, callbacks=[keeper]).fit(classifier(), *loaders)
        assert sorted(path.name for path in folder.iterdir()) == names


def test_a_run_without_validation_is_kept_after_every_epoch(tmp_path: Path) -> None:
    class Look(Callback):
        seen: list[int] = []  # noqa: RUF012

        def on_train_epoch_start(self, trainer, pl_module) -> None:
            if trainer.current_epoch:
                self.seen.append(read_checkpoint(tmp_path / "last.ckpt")["epoch"])

    keeper = build_checkpoints(tmp_path, monitor=None)
    trainer(max_epochs=3, enable_checkpointing=True, callbacks=[Look(), keeper]).fit(classifier(), loader(4))
    assert Look.seen == [0, 1]
    assert read_checkpoint(Path(keeper.best_model_path))["epoch"] == 2


@pytest.mark.parametrize(("monitor", "best"), [("val/score", 2), ("val/loss", 0)])
def test_the_last_epoch_is_kept_also_where_it_is_not_the_best(tmp_path: Path, monitor: str, best: int) -> None:
    class Rise(Callback):
        def on_validation_epoch_end(self, trainer, pl_module) -> None:
            pl_module.log(monitor, float(trainer.current_epoch))

    callbacks = [Rise(), build_checkpoints(tmp_path, monitor=monitor)]
    run = trainer(max_epochs=3, enable_checkpointing=True, callbacks=callbacks)
    run.fit(classifier(), loader(4), loader(4, is_shuffled=False))
    found = {name: read_checkpoint(tmp_path / f"{name}.ckpt")["epoch"] for name in ("best", "last")}
    assert found == {"best": best, "last": 2}


def fit(folder: Path, *, epochs: int = 1, callbacks: tuple[Callback, ...] = (), **options: Any) -> None:
    keeper, guard = build_checkpoints(folder, monitor="val/nll"), FiniteGuard(folder / "last.ckpt")
    run = trainer(
        max_epochs=epochs,
        enable_checkpointing=True,
        callbacks=[guard, *callbacks, keeper],
        plugins=[AtomicCheckpointIO()],
    )
    last = folder / "last.ckpt"
    data = (loader(8), loader(4, is_shuffled=False))
    run.fit(classifier(**options), *data, ckpt_path=last if last.exists() else None, weights_only=True)


class Spoil(Callback):
    """Spoil a weight after the last step of an epoch, where no loss tells."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        if trainer.current_epoch == self._epoch and batch_idx == trainer.num_training_batches - 1:
            pl_module.network.blocks[6].proj.bias.data[0] = float("inf")


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(
        SlowpathsError, match=r"^training stopped at step \d \(epoch 1\), where the loss is (nan|inf)"
    ) as caught:
        fit(tmp_path, lr=1e30)
    assert "lower optim.lr (now 1e+30) and choose another out=" in str(caught.value)
    assert "last good epoch" not in str(caught.value)
    assert not list(tmp_path.glob("*"))


def test_the_last_good_checkpoint_stays(tmp_path: Path) -> None:
    with pytest.raises(
        SlowpathsError, match=r"\(epoch 2\), where weights are not finite .*last\.ckpt holds the last good"
    ):
        fit(tmp_path, epochs=3, callbacks=(Spoil(epoch=1),))
    for name in ("last.ckpt", "best.ckpt"):
        content = read_checkpoint(tmp_path / name)
        assert content["epoch"] == 0
        assert all(tensor.isfinite().all() for tensor in content["state_dict"].values())


def test_a_checkpoint_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"state_dict": {"a": torch.ones(2)}}, path)
    before = path.read_bytes()
    with pytest.raises(SlowpathsError, match=r"last\.ckpt holds numbers that are not finite"):
        AtomicCheckpointIO().save_checkpoint({"state_dict": {"a": torch.full((2,), float("nan"))}}, path)
    assert path.read_bytes() == before


def test_a_disk_that_fills_is_one_sentence_and_the_old_checkpoint_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(tmp_path, epochs=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before.keys() == {"last.ckpt", "best.ckpt"}

    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            super().write(memoryview(data)[:100])
            raise OSError(errno.ENOSPC, "No space left on device")

    def open_full(path: Path, mode: str = "r", **options: Any) -> Any:
        return Full(path, mode.replace("b", "")) if "w" in mode else path_open(path, mode, **options)

    path_open = Path.open
    monkeypatch.setattr(tables.Path, "open", open_full)
    with pytest.raises(SlowpathsError, match=r"no space left while writing .*\.ckpt: free some disk") as caught:
        fit(tmp_path, epochs=2)
    assert "\n" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
