"""What a run shows of itself while it trains: one row of metrics an epoch, and progress."""

from __future__ import annotations

import logging
import math
import sys
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, RichProgressBar

from slowpaths.core.text import csv_table
from slowpaths.models.callbacks.checkpoints import LOSSES
from slowpaths.store.tables import write_text

STEP_METRICS = frozenset({"train/step_loss"})
"""Metrics of single steps: curves for a logger, no result of a run."""
_log = logging.getLogger(__name__)


class History(Callback):
    """Keep one row of metrics an epoch in a CSV file; a resumed run goes on in the same file.

    It is written anew (atomically) after every epoch; what is not finite stays empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Add the epoch that ends."""
        metrics = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        metrics = {name: value for name, value in metrics.items() if name not in STEP_METRICS and math.isfinite(value)}
        self._rows = [row for row in self._rows if row["epoch"] < trainer.current_epoch]
        self._rows.append({"epoch": trainer.current_epoch, "step": trainer.global_step, **metrics})
        if trainer.is_global_zero:
            write_text(self._path, csv_table(self._rows))

    def kept(self, monitor: str | None) -> dict[str, float]:
        """Return the metrics of the epoch whose checkpoint is kept: of the best `monitor`, otherwise the last."""
        if not self._rows:
            return {}
        sign = 1 if monitor in LOSSES else -1
        row = min(self._rows, key=lambda row: sign * row.get(monitor, sign * math.inf)) if monitor else self._rows[-1]
        return {name: value for name, value in row.items() if name not in ("epoch", "step")}

    def state_dict(self) -> dict[str, Any]:
        """Return the rows, for the checkpoint."""
        return {"rows": self._rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows of a checkpoint."""
        self._rows = list(state_dict["rows"])


class PlainProgress(Callback):
    """Log one line an epoch, for logs that are no terminal."""

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the epoch that ends."""
        names = ("train/loss", "val/refinement", "val/nll", "val/top1", "val/loss", "val/r2")
        shown = [
            f"{name} {float(trainer.callback_metrics[name]):.3f}" for name in names if name in trainer.callback_metrics
        ]
        _log.info("epoch %d of %s: %s", trainer.current_epoch + 1, trainer.max_epochs, ", ".join(shown))


def build_progress() -> Callback:
    """Return a progress bar where a person watches, plain lines elsewhere."""
    return RichProgressBar(leave=False) if sys.stderr.isatty() else PlainProgress()
