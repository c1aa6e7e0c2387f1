"""Curves beside the metrics of a run: learning rates, gradient norm, recall of each stroke, and time spent waiting.

They go to every logger alike, and into no table: times differ from run to run.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback

from slowpaths.core.strokes import STROKES

_log = logging.getLogger(__name__)


class Curves(Callback):
    """Send curves to the loggers: of each step and of each epoch."""

    def __init__(self) -> None:
        self._start_s = self._mark_s = self._waited_s = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin, also where a run goes on in the middle of an epoch: times are those of its rest."""
        self.on_train_epoch_start(trainer, pl_module)

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin to measure how long the loader keeps training waiting."""
        self._start_s = self._mark_s = time.perf_counter()
        self._waited_s = 0.0

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Count the wait for a batch."""
        self._waited_s += time.perf_counter() - self._mark_s

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Wait for the next batch from here on."""
        self._mark_s = time.perf_counter()

    def on_before_optimizer_step(
        self, trainer: L.Trainer, pl_module: L.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """Send the norm of the gradient, before it is clipped, and the largest learning rate of the step."""
        if not trainer.loggers:
            return
        parameters = [each for group in optimizer.param_groups for each in group["params"] if each.grad is not None]
        norm = torch.nn.utils.get_total_norm([each.grad for each in parameters])
        rates = {f"optim/lr_{n}": float(group["lr"]) for n, group in enumerate(optimizer.param_groups)}
        _send(trainer, {"optim/gradient_norm": float(norm), **rates})

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Send the share of the epoch that training waited for clips, and the recall of each stroke in validation."""
        took_s = self._mark_s - self._start_s
        idle = self._waited_s / took_s if took_s > 0 else 0.0
        _log.info("epoch %d: waited for clips %.1f %% of %.1f s", trainer.current_epoch + 1, 100 * idle, took_s)
        curves = {"time/loader_idle": idle, "time/epoch_s": took_s}
        confusion = getattr(pl_module, "val_confusion", None)
        if confusion is not None:
            counts_CC = confusion.confmat.float()
            for stroke, row_C, right in zip(STROKES, counts_CC, counts_CC.diag(), strict=True):
                if row_C.sum() > 0:
                    curves[f"val_recall/{stroke}"] = float(right / row_C.sum())
        _send(trainer, curves)


def _send(trainer: L.Trainer, curves: dict[str, float]) -> None:
    for logger in trainer.loggers:
        logger.log_metrics(curves, step=trainer.global_step)
