"""What W&B is sent beside curves: clips, confusion, and the ledger.

Lineage lives in our ledger, and W&B gets a copy. Legend: C the 14 strokes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from slowpaths.core.ids import file_digest
from slowpaths.core.records import LabelledClip, Prediction, Vote
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.store.ledger import LEDGER_NAME, read_ledger

_MAX_ARTIFACT_BYTES = 64 << 20
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
        for run in _wandb_runs(trainer.loggers):
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
    for run in _wandb_runs(loggers):
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


def log_ledger(loggers: Iterable[Logger], *, folder: Path, used: Collection[str] | None = None) -> None:
    """Mirror the ledger of a folder to W&B: of each entry one artifact a kind of file, with the files that it wrote.

    Artifacts are typed dataset, labels, model, predictions or report, and carry the verb as an alias; those of a label
    set are named by its fingerprint, so that two sets never share one. A file that another entry has written over since
    is left out: an artifact never holds what its entry did not write.

    Args:
        loggers: Loggers of the run.
        folder: The folder.
        used: Digests of what the run has read, where the folder is not its own: artifacts that hold one of them are
            inputs of the run, others are left out.
    """
    for run in _wandb_runs(loggers):
        import wandb

        for entry in read_ledger(folder):
            kinds: dict[str, list[str]] = {}
            for output, digest in entry.outputs.items():
                path = folder / output
                if not path.is_file() or path.suffix == ".mp4" or path.stat().st_size > _MAX_ARTIFACT_BYTES:
                    continue
                if file_digest(path) == digest:
                    kinds.setdefault(_artifact_type(output), []).append(output)
            for kind, outputs in kinds.items():
                if used is not None and not {entry.outputs[output] for output in outputs} & {*used}:
                    continue
                label_set = entry.rules if kind == "labels" else ""
                name, aliases = f"{kind}-{label_set or entry.entry_id}", [entry.stage, *filter(None, [label_set])]
                artifact = wandb.Artifact(name, type=kind, metadata=asdict(entry))
                artifact.add_file(str(folder / LEDGER_NAME))
                for output in outputs:
                    artifact.add_file(str(folder / output), name=output)
                _send(run, artifact, aliases=["latest", *aliases], is_input=used is not None)


def _send(run: Any, artifact: Any, *, aliases: list[str], is_input: bool) -> None:
    if not is_input:
        run.log_artifact(artifact, aliases=aliases)
    elif run.offline:  # `use_artifact` refuses to; this is what it does with an artifact that no run has logged
        run._log_artifact(artifact, aliases=aliases, is_user_created=True, use_after_commit=True)
    else:
        run.use_artifact(artifact, aliases=aliases)


def log_report(loggers: Iterable[Logger], *, measures: Mapping[str, Mapping[str, Any]], figures: Path) -> None:
    """Send what an evaluation measured: each number to every logger, and to W&B the table and the figures.

    Args:
        loggers: Loggers of the run that is judged.
        measures: Measure -> its `value` and the other columns of a report.
        figures: Folder of its figures.
    """
    loggers = list(loggers)
    for logger in loggers:
        logger.log_metrics({f"evaluate/{name}": item["value"] for name, item in measures.items()})
        logger.save()
    columns = ["side", "value", "low", "high", "chance", "num"]
    rows: list[Any] = [[name, *(item[column] for column in columns)] for name, item in measures.items()]
    for run in _wandb_runs(loggers):
        import wandb

        run.log({"evaluate/measures": wandb.Table(columns=["measure", *columns], data=rows)})
        for path in sorted(figures.glob("*.png")):
            run.log({f"evaluate/figures/{path.stem}": wandb.Image(str(path))})


def _artifact_type(output: str) -> str:
    """Return what kind of thing a file is that a stage wrote.

    Example:
        >>> [_artifact_type(name) for name in ("label_sets/1a/votes.parquet", "checkpoints/best.ckpt", "shots.parquet")]
        ['labels', 'model', 'dataset']
    """
    path = Path(output)
    if path.parts[0] == "label_sets" or path.stem in ("labels", "votes"):
        return "labels"
    if path.parts[0] == "checkpoints" or path.suffix in (".ckpt", ".safetensors"):
        return "model"
    if path.stem == "predictions" or path.stem == "events":
        return "predictions"
    return "report" if path.stem in ("report", "features") else "dataset"


def finish(loggers: Iterable[Logger], *, summary: Mapping[str, float] | None = None) -> None:
    """Close the W&B run of this process, with the numbers that sum it up; those that are not finite are left out."""
    for run in _wandb_runs(loggers):
        run.summary.update({name: value for name, value in (summary or {}).items() if math.isfinite(value)})
        run.finish()


def _wandb_runs(loggers: Iterable[Logger]) -> list[Any]:
    # By name, so that a run without W&B does not import it.
    wanted = [logger for logger in loggers if type(logger).__name__ == "WandbLogger"]
    return [cast(Any, logger).experiment for logger in wanted]
