"""What a run shows while and after it trains: history, loggers, progress, and W&B media that mirror the ledger.

W&B runs offline unless the variable WANDB_MODE says otherwise; lineage lives in our ledger, and W&B gets a copy.
"""

from __future__ import annotations

import csv
import io
import logging
import math
import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import Logger
from torch import Tensor

from slowpaths.core.errors import MissingDependencyError, UsageError
from slowpaths.core.records import LabelledClip, Prediction, Vote
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.store.ledger import LEDGER_NAME, read_ledger
from slowpaths.store.tables import write_text

LOGGERS: tuple[str, ...] = ("wandb", "csv", "tensorboard")
# What Lightning and its friends warn of in a run that is as it should be.
KNOWN_WARNINGS: tuple[tuple[str, type[Warning]], ...] = (
    ("Checkpoint directory .* exists and is not empty", UserWarning),  # a resumed run
    ("You defined a `validation_step` but have no `val_dataloader`", UserWarning),  # no validation part
    ("Total length of `list` across ranks is zero", UserWarning),  # the same
    ("The .*dataloader.* does not have many workers", UserWarning),  # num_workers=0 is meant for small sets
    ("The number of training batches .* is smaller than the logging interval", UserWarning),
    (".*LeafSpec.* is deprecated", FutureWarning),  # Lightning 2.6.6 on torch 2.15, November 2026
)
_MAX_ARTIFACT_BYTES = 64 << 20
_log = logging.getLogger(__name__)


def ignore_known_warnings() -> None:
    """Keep warnings from a person that say nothing about what she did."""
    for message, category in KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", message=message, category=category)


class History(Callback):
    """Keep one row of metrics an epoch in a CSV file; a resumed run goes on in the same file.

    Args:
        path: The file, written anew (atomically) after every epoch.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Add the epoch that ends."""
        metrics = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        metrics = {name: value for name, value in metrics.items() if not name.endswith("_step")}
        self._rows = [row for row in self._rows if row["epoch"] < trainer.current_epoch]
        self._rows.append({"epoch": trainer.current_epoch, "step": trainer.global_step, **metrics})
        if trainer.is_global_zero:
            columns = list(dict.fromkeys(name for row in self._rows for name in row))
            stream = io.StringIO()
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self._rows)
            write_text(self._path, stream.getvalue())

    def state_dict(self) -> dict[str, Any]:
        """Return the rows, for the checkpoint."""
        return {"rows": self._rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the rows of a checkpoint."""
        self._rows = list(state_dict["rows"])


def build_checkpoints(folder: Path, *, monitor: str | None) -> ModelCheckpoint:
    """Return the callback that keeps `last.ckpt`, to go on from, and `best.ckpt`, of the lowest loss.

    Both are written when an epoch is over, after every other callback: a run that goes on from `last.ckpt` ends as
    one that never stopped.

    Args:
        folder: Where they are kept.
        monitor: The loss, on validation clips; None where there are none, and only `last.ckpt` is kept.
    """
    return ModelCheckpoint(
        dirpath=folder,
        filename="best",
        monitor=monitor,
        save_top_k=0 if monitor is None else 1,
        save_last=True,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )


class PlainProgress(Callback):
    """Log one line an epoch, for logs that are no terminal."""

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the epoch that ends."""
        names = ("train/loss_epoch", "val/nll", "val/top1", "val/loss", "val/r2")
        shown = [
            f"{name} {float(trainer.callback_metrics[name]):.3f}" for name in names if name in trainer.callback_metrics
        ]
        _log.info("epoch %d of %s: %s", trainer.current_epoch + 1, trainer.max_epochs, ", ".join(shown))


def build_progress() -> Callback:
    """Return a progress bar where a person watches, plain lines elsewhere."""
    return RichProgressBar(leave=False) if sys.stderr.isatty() else PlainProgress()


def build_loggers(
    names: str | Sequence[str], *, out: Path, run_name: str, config: Mapping[str, Any], project: str = "slowpaths"
) -> list[Logger]:
    """Build the loggers of a run.

    Args:
        names: Any of wandb, csv, tensorboard, as a list or joined by commas; nothing for none.
        out: Folder of the run.
        run_name: Name of the run.
        config: Resolved configuration, plain values.
        project: Project in W&B.

    Raises:
        UsageError: If a name is unknown.
        MissingDependencyError: If TensorBoard is asked for and not installed.
    """
    wanted = [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]
    loggers: list[Logger] = []
    for name in filter(None, wanted):
        if name == "wandb":
            from lightning.pytorch.loggers import WandbLogger

            mode = os.environ.get("WANDB_MODE", "offline")
            # W&B writes into <out>/wandb and makes a temporary folder where <out> is missing.
            out.mkdir(parents=True, exist_ok=True)
            loggers.append(
                WandbLogger(
                    project=project, name=run_name, save_dir=out, offline=mode != "online", config=dict(config),
                    log_model=False,
                )
            )  # fmt: skip
        elif name == "csv":
            from lightning.pytorch.loggers import CSVLogger

            loggers.append(CSVLogger(out, name="csv"))  # a folder for each start: a run that goes on loses no row
        elif name == "tensorboard":
            from lightning.pytorch.loggers import TensorBoardLogger

            try:
                loggers.append(TensorBoardLogger(out, name="", version="tensorboard"))
            except ModuleNotFoundError as error:
                raise MissingDependencyError(
                    "logger=tensorboard needs TensorBoard: pip install 'slowpaths[tensorboard]'"
                ) from error
        else:
            raise UsageError(f"unknown logger '{name}'; choose among {', '.join(LOGGERS)}")
    return loggers


class ConfusionMedia(Callback):
    """Send the confusion matrix of the last validation to W&B when training ends."""

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Send it."""
        confusion = getattr(pl_module, "val_confusion", None)
        if confusion is not None and (counts_NN := confusion.confmat).sum() > 0:
            log_confusion(trainer.loggers, counts_NN, name="val/confusion")


def log_confusion(loggers: Iterable[Logger], counts_NN: Tensor, *, name: str) -> None:
    """Send a confusion matrix to W&B; other loggers are passed over.

    Args:
        loggers: Loggers of the run.
        counts_NN: Counts (14, 14), true stroke by predicted stroke.
        name: Name of the plot.
    """
    for run in _wandb_runs(loggers):
        import wandb

        counts = counts_NN.long().cpu()
        true, predicted = (axis.repeat_interleave(counts.flatten()) for axis in torch.cartesian_prod(
            torch.arange(len(STROKES)), torch.arange(len(STROKES))).T)  # fmt: skip
        plot = wandb.plot.confusion_matrix(
            y_true=true.tolist(), preds=predicted.tolist(), class_names=list(STROKES), title=name
        )
        run.log({name: plot})


def log_clips(
    loggers: Iterable[Logger],
    *,
    predictions: Sequence[Prediction],
    labels: Mapping[str, LabelledClip],
    votes: Mapping[str, Sequence[Vote]],
    folder: Path,
    limit: int = 48,
    name: str = "clips",
) -> None:
    """Send a table of clips to W&B: the video, its label and votes, and what the network says.

    Args:
        loggers: Loggers of the run.
        predictions: Predictions; of each clip the average over views is shown.
        labels: Delivery -> its label.
        votes: Delivery -> the votes behind its label.
        folder: Mined folder that holds `clips/`.
        limit: Most clips that are sent: those where network and label disagree most.
        name: Name of the table.
    """
    for run in _wandb_runs(loggers):
        import wandb

        columns = ["delivery", "video", "part", "clip", "label", "label_p", "predicted", "predicted_p", "votes"]
        table = wandb.Table(columns=[*columns, *(f"p_{stroke}" for stroke in STROKES)])
        shown = [item for item in predictions if item.view_index == -1 and item.delivery_id in labels]
        shown.sort(key=lambda item: (item.probs[INDEX[labels[item.delivery_id].label]], item.delivery_id))
        films = []
        for item in shown[:limit]:
            label = labels[item.delivery_id]
            reasons = [f"{vote.rule} -> {vote.symbol} ({vote.evidence})" for vote in votes.get(item.delivery_id, ())]
            path = str(folder / "clips" / f"{item.delivery_id}.mp4")
            caption = f"{item.delivery_id}: labelled {label.label}, predicted {item.label} ({item.confidence:.2f})"
            films.append(wandb.Video(path, caption=caption, format="mp4"))
            table.add_data(
                item.delivery_id,
                item.video,
                item.split,
                films[-1],
                label.label,
                label.confidence,
                item.label,
                item.confidence,
                "\n".join(reasons),
                *(float(p) for p in item.probs),
            )
        if films:  # the table keeps its clips in an artifact; a panel shows them without one
            run.log({name: table, f"{name}/panel": films})


def log_ledger(loggers: Iterable[Logger], *, folder: Path) -> None:
    """Mirror the ledger of a folder to W&B: one artifact an entry, with the files that entry wrote.

    Only `log_artifact` is used: W&B cannot consume artifacts offline, and the ledger already tells what came of what.

    Args:
        loggers: Loggers of the run.
        folder: Folder with a ledger.
    """
    for run in _wandb_runs(loggers):
        import wandb

        for entry in read_ledger(folder):
            artifact = wandb.Artifact(f"{entry.stage}-{entry.entry_id}", type=entry.stage, metadata=asdict(entry))
            artifact.add_file(str(folder / LEDGER_NAME))
            for output in entry.outputs:
                path = folder / output
                if path.is_file() and path.suffix != ".mp4" and path.stat().st_size <= _MAX_ARTIFACT_BYTES:
                    artifact.add_file(str(path), name=output)
            run.log_artifact(artifact)


def finish(loggers: Iterable[Logger], *, summary: Mapping[str, float] | None = None) -> None:
    """Close the W&B run of this process, with the numbers that sum it up.

    Args:
        loggers: Loggers of the run.
        summary: Numbers by name; those that are not finite are left out.
    """
    for run in _wandb_runs(loggers):
        run.summary.update({name: value for name, value in (summary or {}).items() if math.isfinite(value)})
        run.finish()


def _wandb_runs(loggers: Iterable[Logger]) -> list[Any]:
    # By name, so that a run without W&B does not import it.
    wanted = [logger for logger in loggers if type(logger).__name__ == "WandbLogger"]
    return [cast(Any, logger).experiment for logger in wanted]
