"""`slowpaths train`: fit a network on a mined set and predict all its clips."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._fit import build_data, command, configuration, digests_of, fit, run_settings
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._trainer import TrainerSettings
from slowpaths.core.ids import file_digest
from slowpaths.core.records import Prediction
from slowpaths.core.strokes import STROKES
from slowpaths.core.text import csv_table
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings
from slowpaths.models.callbacks import wandb_media
from slowpaths.models.card import CardFacts, model_card
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier, predict
from slowpaths.models.settings import LossSettings, OptimSettings
from slowpaths.store.ledger import Entry, append_entry
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS, VOTES
from slowpaths.store.tables import write_predictions, write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Configure `slowpaths train`.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        labels: Another labels table than the folder's own.
        out: Give it by name, and the same command resumes.
        init: Pretrained weights: slowfast_tiny_features, slowfast_r50_k400, slowfast_r101_k400, or a checkpoint.
        weights_dir: Looked at before the user's cache and the network.
        logger: Any of csv, wandb, tensorboard; W&B runs offline unless WANDB_MODE or an agent says otherwise.
        callbacks: Further Lightning callbacks, each by its _target_.
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
    logger: Any = None
    callbacks: tuple[Any, ...] = ()
    seed: int = 0
    model: Any
    data: ClipSettings = ClipSettings()
    loss: LossSettings = LossSettings()
    optim: OptimSettings = OptimSettings()
    trainer: TrainerSettings = TrainerSettings()


def run(cfg: DictConfig) -> Outcome:
    """Train on `mined=`; run again with the same `out=` to resume."""
    config = plain(cfg)
    folder = RunFolder(Path(config["out"]))
    data = build_data(config, targets="labels")
    classifier = build_classifier(config, data)
    fitted = fit(classifier, data, config, verb="train", monitor="val/nll", extra=[wandb_media.ConfusionMedia()])
    trainer, best, metrics = fitted.trainer, fitted.checkpoint, fitted.metrics
    outcome = Outcome(metrics=metrics)
    if not trainer.is_global_zero:
        return outcome  # one process of several writes
    device = str(trainer.strategy.root_device)
    trained = load_classifier(best, device=device, allowed={config["model"]["_target_"]})
    predictions = predict(trained, data.predict_dataloader(), clips=data.clips(), parts=data.split.parts)
    write_predictions(folder.predictions, predictions)
    write_text(folder.confusion, _confusion(predictions, data))
    counts = {part: len(data.split.deliveries(part)) for part in ("train", "val", "test")}
    inputs = {"labels": file_digest(_labels(config)), **data.lineage()}
    card = CardFacts(
        verb="train",
        command=command("train"),
        checkpoint=best.name,
        data=config["mined"],
        sources={"label set": _label_set(config), "labels": data.lineage()["labels"], "split": data.lineage()["split"]},
        counts=counts,
        metrics=metrics,
        warning="Measured against weak labels of held-out matches, not against truth: what the rules get wrong counts "
        "as right here.",
    )
    write_text(folder.model_card, model_card(trained, card))
    files = [folder.predictions, best, folder.model_card]
    entry = Entry(
        stage="train",
        inputs=inputs,
        outputs=digests_of(folder, files),
        configuration=configuration(config),
        seed=config["seed"],
        counts=counts,
    )
    append_entry(folder.path, entry)
    _mirror(trainer, config, predictions=predictions, data=data, metrics=metrics)
    rows = [*((f"clips to {part}", count) for part, count in counts.items()), *metrics.items()]
    wrote = [best, folder.predictions, folder.history, folder.model_card]
    show_table(f"slowpaths train: {config['trainer']['max_epochs']} epochs", ["what", "value"], rows, wrote=wrote)
    return outcome


def _confusion(predictions: list[Prediction], data: ClipDataModule) -> str:
    """Return how held-out clips are named as CSV, weak label by predicted stroke."""
    label_of = {clip.delivery_id: clip.label for clip in data.clips()}
    pairs = Counter(
        (label_of[row.delivery_id], row.label)
        for row in predictions
        if row.view_index == AVERAGE_VIEW and row.split in ("val", "test")
    )
    labels = [stroke for stroke in STROKES if any(stroke in pair for pair in pairs)]
    return csv_table(
        [{"true": true} | {named: pairs[true, named] for named in labels} for true in labels],
        columns=["true", *labels],
    )


def build_classifier(config: Mapping[str, Any], data: ClipDataModule) -> StrokeClassifier:
    """Return a fresh classifier."""
    classifier = StrokeClassifier(
        network=config["model"],
        loss=LossSettings(**config["loss"]),
        optim=OptimSettings(**config["optim"]),
        run=run_settings(config, data),
        class_prior=data.class_prior(),
    )
    _ = classifier.loss  # a loss that cannot be made is said before anything is trained
    return classifier


def _labels(config: Mapping[str, Any]) -> Path:
    return Path(config["labels"] or MinedFolder(Path(config["mined"])).file(LABELS))


def _label_set(config: Mapping[str, Any]) -> str:
    return str(config["labels"] or MinedFolder(Path(config["mined"])).dataset().label_set)


def _mirror(
    trainer: L.Trainer,
    config: Mapping[str, Any],
    *,
    predictions: list[Prediction],
    data: ClipDataModule,
    metrics: Mapping[str, float],
) -> None:
    """Send clips and lineage to W&B, where it is on."""
    mined = MinedFolder(Path(config["mined"]))
    votes = defaultdict(list)
    for vote in mined.votes() if mined.has(VOTES) else ():
        votes[vote.delivery_id].append(vote)
    labels = {clip.delivery_id: clip for clip in data.clips()}
    wandb_media.log_clips(trainer.loggers, predictions=predictions, labels=labels, votes=votes, folder=mined.path)
    for folder in (mined.path, Path(config["out"])):
        wandb_media.log_ledger(trainer.loggers, folder=folder)
    wandb_media.finish(trainer.loggers, summary=metrics)
