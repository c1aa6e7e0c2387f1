"""Checkpoints that are whole or not there, and training that stops where its numbers do."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import lightning as L
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from slowpaths.core.errors import SlowpathsError
from slowpaths.models.checkpoint import require_finite
from slowpaths.store.tables import atomic_write

LOSSES = ("val/refinement", "val/nll", "val/loss")
"""What is better where it is lower; every other metric is better where it is higher."""


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write checkpoints beside the old ones and rename them; what is not finite is not written."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint.

        Raises:
            SlowpathsError: If the disk is full or a number is not finite; an old checkpoint of that name stays whole.
        """
        require_finite(checkpoint, what=f"the checkpoint {path}")
        stream = io.BytesIO()  # torch reports a full disk as an error of its own archive
        torch.save(checkpoint, stream)
        with atomic_write(Path(path)) as file:
            file.write(stream.getbuffer())


class FiniteGuard(Callback):
    """Stop training at the first loss or weight that is not finite, before it reaches a table or checkpoint.

    Args:
        last: The checkpoint of the last good epoch, for the message.
    """

    def __init__(self, last: Path) -> None:
        self._last = last

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at the loss of a step."""
        loss = outputs["loss"] if isinstance(outputs, Mapping) else outputs
        if isinstance(loss, torch.Tensor) and not loss.isfinite().all():
            self._stop(trainer, pl_module, f"the loss is {float(loss.sum()):g}")

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Look at the loss of a validation batch: weights may be finite, and what they answer not."""
        self.on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look at the weights before they are validated."""
        self.on_train_epoch_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look at the weights of an epoch: its last step may have moved them out of reach."""
        for name, tensor in pl_module.state_dict().items():
            if tensor.is_floating_point() and not tensor.isfinite().all():
                self._stop(trainer, pl_module, f"weights are not finite (first {name})")

    def _stop(self, trainer: L.Trainer, pl_module: L.LightningModule, what: str) -> None:
        lr = getattr(getattr(pl_module, "optim_settings", None), "lr", None)
        now = f" (now {lr:g})" if lr is not None else ""
        kept = f"; {self._last} holds the last good epoch" if self._last.exists() else ""
        raise SlowpathsError(
            f"training stopped at step {trainer.global_step} (epoch {trainer.current_epoch + 1}), where {what}: lower "
            f"optim.lr{now} and choose another out={kept}"
        )


class Keeper(ModelCheckpoint):
    """Keep checkpoints in one folder, and know them there wherever the run was moved or copied to.

    Lightning stores absolute paths, and of a folder that has moved it forgets the best value.

    Args:
        folder: The folder.
        last: The checkpoint of every epoch, the next over the one before; Lightning's own writes none of an epoch that
            is not the best. None for none.
        middle: The checkpoint of an epoch that is not over; it goes when the epoch is. None for none.
        minutes: How long an epoch goes on until it is written, and written anew.
        ways: As for `ModelCheckpoint`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        last: Path | None = None,
        middle: Path | None = None,
        minutes: float = 10.0,
        **ways: Any,
    ) -> None:
        super().__init__(folder, **ways)
        self._last, self._middle, self._minutes = last, middle, minutes
        self._num_batches = 0  # of the epoch that a checkpoint is in the middle of; 0 between epochs
        self._kept_s = time.monotonic()

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin with the batch after those that the checkpoint has seen."""
        super().on_train_start(trainer, pl_module)
        self._kept_s = time.monotonic()
        if self._num_batches:
            cast(Any, trainer.train_dataloader).begin_at(self._num_batches)
            self._num_batches = 0

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Keep what the batches before this one led to, where it is time; all that belongs to them is done."""
        if self._middle is None or batch_idx == 0 or batch_idx % trainer.accumulate_grad_batches:
            return
        is_due = time.monotonic() - self._kept_s >= 60 * self._minutes
        if trainer.strategy.broadcast(is_due):
            self._num_batches = batch_idx
            trainer.save_checkpoint(self._middle, weights_only=False)
            self._num_batches, self._kept_s = 0, time.monotonic()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Keep the epoch, which leaves nothing to go on from in its middle."""
        super().on_train_epoch_end(trainer, pl_module)
        if self._last is not None:
            trainer.save_checkpoint(self._last, weights_only=False)
        self._kept_s = time.monotonic()
        if self._middle is not None and trainer.is_global_zero:
            self._middle.unlink(missing_ok=True)

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Count the batch that begins as not begun: Lightning would take it for one that failed half way."""
        if self._num_batches:
            for counts in ("total", "current"):
                progress = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"][counts]
                progress["ready"] = progress["completed"]

    def state_dict(self) -> dict[str, Any]:
        """Return the state, with how many batches of its epoch a checkpoint has seen."""
        return {**super().state_dict(), **({"num_batches": self._num_batches} if self._num_batches else {})}

    @property
    def state_key(self) -> str:
        """Return the name of the state in a checkpoint: that of Lightning's own callback."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the state of a checkpoint, its files in this folder."""
        self._num_batches = state_dict.get("num_batches", 0)
        assert self.dirpath is not None
        folder = Path(self.dirpath)

        def here(path: str) -> str:
            return str(folder / Path(path).name) if path else ""

        paths = ("best_model_path", "kth_best_model_path", "last_model_path")
        moved = {name: here(state_dict.get(name, "")) for name in paths}
        best = {here(path): score for path, score in state_dict.get("best_k_models", {}).items()}
        super().load_state_dict({**state_dict, **moved, "best_k_models": best, "dirpath": self.dirpath})


def build_checkpoints(folder: Path, *, monitor: str | None, **middle: Any) -> Keeper:
    """Return the callback that keeps `last.ckpt`, to go on from, and `best.ckpt`, of the best value that is monitored.

    Both are written when an epoch is over, after every other callback: a run that goes on from `last.ckpt` ends as one
    that never stopped. Without validation clips there is nothing to monitor, and only `last.ckpt` is kept. `middle` is
    `middle=` and `minutes=` of `Keeper`.
    """
    ways: dict[str, Any] = {"save_on_train_epoch_end": True, "enable_version_counter": False, **middle}
    if monitor is None:
        return Keeper(folder, filename="last", **ways)
    ways |= {"mode": "min" if monitor in LOSSES else "max"}
    return Keeper(folder, last=folder / "last.ckpt", filename="best", monitor=monitor, save_top_k=1, **ways)
