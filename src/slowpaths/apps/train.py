"""`slowpaths train`: fit SlowFast on a mined set and predict all its clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning as L
from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._trainer import TrainerSettings
from slowpaths.apps.fit import about, build_data, configuration, fit
from slowpaths.core.ids import file_digest
from slowpaths.core.records import Prediction
from slowpaths.data.module import ClipDataModule
from slowpaths.models import callbacks
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.predict import load_classifier, predict
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.tables import read_votes, write_predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Configure `slowpaths train`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        labels: Another labels table than the folder's own.
        out: Give it by name, and the same command resumes.
        init: Pretrained weights: slowfast_r50_k400, slowfast_r101_k400, or a checkpoint.
        weights_dir: Looked at before the user's cache and the network.
        logger: csv, wandb, tensorboard; W&B runs offline unless WANDB_MODE says otherwise.
        seed: Seed of weights, order and augmentation.
        model: The network.
        data: Clips, windows, augmentation, split.
        loss: The loss.
        optim: Optimiser, rates and schedule.
        trainer: Lightning Trainer.
    """

    mined: Path
    labels: Path | None = None
    out: Path = Path("runs/train/${now:%Y-%m-%d_%H-%M-%S}")
    init: str | None = None
    weights_dir: Path | None = None
    logger: tuple[Literal["csv", "wandb", "tensorboard"], ...] = ("csv",)
    seed: int = 0
    model: Any
    data: Any
    loss: Any
    optim: Any
    trainer: TrainerSettings = TrainerSettings()


def run(cfg: DictConfig) -> Outcome:
    """Train on `mined=`; run again with the same `out=` to resume."""
    config = plain(cfg)
    out = Path(config["out"])
    data = build_data(config, targets="labels")
    classifier = build_classifier(config, data)
    trainer, best = fit(classifier, data, config, monitor="val/nll", extra=[callbacks.ConfusionMedia()])
    trained = load_classifier(best, device=str(trainer.strategy.root_device))
    predictions = predict(trained, data.predict_dataloader(), clips=data.clips(), parts=data.split.parts)
    write_predictions(out / "predictions.parquet", predictions)
    counts = {part: len(data.split.deliveries(part)) for part in ("train", "val", "test")}
    entry = Entry(
        stage="train",
        inputs={"labels": file_digest(_labels(config)), **data.lineage()},
        outputs=digests(out, ["predictions.parquet", f"checkpoints/{best.name}"]),
        configuration=configuration(config),
        seed=config["seed"],
        counts=counts,
    )
    append_entry(out, entry)
    metrics = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
    _mirror(trainer, config, predictions=predictions, data=data, metrics=metrics)
    rows = [*((f"clips to {part}", count) for part, count in counts.items()), *metrics.items()]
    wrote = [best, out / "predictions.parquet", out / "history.csv"]
    show_table(f"slowpaths train: {config['trainer']['max_epochs']} epochs", ["what", "value"], rows, wrote=wrote)
    return Outcome(metric=metrics.get("val/macro_f1"))


def build_classifier(config: Mapping[str, Any], data: ClipDataModule) -> StrokeClassifier:
    """Return a fresh classifier."""
    settings = {**config["model"], **config["loss"], **config["optim"], **about(config, data)}
    return StrokeClassifier(**settings, class_prior=data.class_prior())


def _labels(config: Mapping[str, Any]) -> Path:
    return Path(config["labels"] or Path(config["mined"]) / "labels.parquet")


def _mirror(
    trainer: L.Trainer,
    config: Mapping[str, Any],
    *,
    predictions: list[Prediction],
    data: ClipDataModule,
    metrics: Mapping[str, float],
) -> None:
    """Send clips and lineage to W&B, where it is on."""
    mined = Path(config["mined"])
    votes = defaultdict(list)
    for vote in read_votes(mined / "votes.parquet") if (mined / "votes.parquet").exists() else ():
        votes[vote.delivery_id].append(vote)
    labels = {clip.delivery_id: clip for clip in data.clips()}
    callbacks.log_clips(trainer.loggers, predictions=predictions, labels=labels, votes=votes, folder=mined)
    for folder in (mined, Path(config["out"])):
        callbacks.log_ledger(trainer.loggers, folder=folder)
    callbacks.finish(trainer.loggers, summary=metrics)
