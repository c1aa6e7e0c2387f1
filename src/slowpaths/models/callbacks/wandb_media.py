"""What W&B is sent beside curves: clips, confusion, and what an evaluation measured. Legend: C the 14 strokes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from slowpaths.core.records import LabelledClip, Prediction, Vote
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.models.callbacks.loggers import log_scalars, wandb_runs

_MOST_CLIPS = 48  # in one table


class ConfusionMedia(Callback):
    """Send the confusion matrix of the last validation to W&B when training ends."""

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Send it."""
        confusion = getattr(pl_module, "val_confusion", None)
        if confusion is None or confusion.confmat.sum() == 0:
            return
        counts_CC = confusion.confmat.long().cpu()
        pairs = torch.cartesian_prod(torch.arange(len(STROKES)), torch.arange(len(STROKES)))
        true, predicted = (axis.repeat_interleave(counts_CC.flatten()).tolist() for axis in pairs.T)
        for run in wandb_runs(trainer.loggers):
            import wandb

            name = "val/confusion"
            plot = wandb.plot.confusion_matrix(y_true=true, preds=predicted, class_names=list(STROKES), title=name)
            run.log({name: plot})


def log_clips(
    loggers: Iterable[Logger],
    *,
    predictions: Sequence[Prediction],
    labels: Mapping[str, LabelledClip],
    votes: Mapping[str, Sequence[Vote]],
    films_of: Callable[[Sequence[str]], Mapping[str, Path]],
) -> None:
    """Send a table of the clips on which network and label disagree most to W&B, with label and votes.

    Args:
        loggers: Loggers of the run.
        predictions: Predictions; of each clip the average over views is shown.
        labels: Delivery -> its label.
        votes: Delivery -> the votes behind its label.
        films_of: Returns the videos of deliveries.
    """
    for run in wandb_runs(loggers):
        import wandb

        shown = [item for item in predictions if item.view_index == -1 and item.delivery_id in labels]
        shown.sort(key=lambda item: (item.probs[INDEX[labels[item.delivery_id].label]], item.delivery_id))
        shown = shown[:_MOST_CLIPS]
        film_of, films, rows = films_of([item.delivery_id for item in shown]), [], []
        for item in shown:
            label = labels[item.delivery_id]
            reasons = [f"{vote.rule} -> {vote.symbol} ({vote.evidence})" for vote in votes.get(item.delivery_id, ())]
            caption = f"{item.delivery_id}: labelled {label.label}, predicted {item.label} ({item.confidence:.2f})"
            films.append(wandb.Video(str(film_of[item.delivery_id]), caption=caption, format="mp4"))
            row = {"delivery": item.delivery_id, "video": item.video, "part": item.split, "clip": films[-1]}
            row |= {"label": label.label, "label_p": label.confidence}
            row |= {"predicted": item.label, "predicted_p": item.confidence, "votes": "\n".join(reasons)}
            rows.append(row | {f"p_{stroke}": float(p) for stroke, p in zip(STROKES, item.probs, strict=True)})
        if films:  # the table keeps its clips in an artifact; a panel shows them without one
            table = wandb.Table(columns=list(rows[0]), data=[list(row.values()) for row in rows])
            run.log({"clips": table, "clips/panel": films})


def log_report(
    loggers: Iterable[Logger],
    *,
    measures: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    figures: Path,
) -> None:
    """Send what an evaluation measured: each number to every logger, and to W&B the tables and the figures.

    Precision and recall of each stroke are numbers too.

    Args:
        loggers: Loggers of the run that is judged.
        measures: Measure -> its `value` and the other columns of a report.
        tables: Table of the report -> its rows.
        figures: Folder of its figures.
    """
    loggers = list(loggers)
    scalars = {f"evaluate/{name}": item["value"] for name, item in measures.items()}
    log_scalars(loggers, scalars | per_class_scalars("evaluate", tables.get("per_class", ()), key="class"))
    columns = ["side", "value", "low", "high", "chance", "num"]
    rows = [{"measure": name, **{column: item[column] for column in columns}} for name, item in measures.items()]
    named = {"evaluate/measures": rows, **{f"evaluate/tables/{name}": table for name, table in tables.items()}}
    for run in wandb_runs(loggers):
        import wandb

        for name, table in named.items():
            known: list[Any] = list(dict.fromkeys(column for row in table for column in row))
            if known:
                values: list[Any] = [[row.get(column) for column in known] for row in table]
                run.log({name: wandb.Table(columns=known, data=values, allow_mixed_types=True)})
        for path in sorted(figures.glob("*.png")):
            run.log({f"evaluate/figures/{path.stem}": wandb.Image(str(path))})


def per_class_scalars(prefix: str, rows: Iterable[Mapping[str, Any]], *, key: str = "stroke") -> dict[str, float]:
    """Return precision and recall of each stroke as numbers for a logger, where they are known.

    Args:
        prefix: What they were measured on.
        rows: A stroke each, with its `precision` and `recall`.
        key: Column with the name of the stroke.

    Example:
        >>> per_class_scalars("test", [{"stroke": "leave", "precision": "0.500", "recall": ""}])
        {'test_precision/leave': 0.5}
    """
    return {
        f"{prefix}_{what}/{row[key]}": float(row[what])
        for row in rows
        for what in ("precision", "recall")
        if row[what] not in ("", None)
    }


def finish(loggers: Iterable[Logger], *, summary: Mapping[str, float] | None = None) -> None:
    """Close the W&B run of this process, with the numbers that sum it up; those that are not finite are left out."""
    for run in wandb_runs(loggers):
        run.summary.update({name: value for name, value in (summary or {}).items() if math.isfinite(value)})
        run.finish()
