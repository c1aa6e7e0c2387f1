"""`slowpaths train`: fit a network on a mined set and predict all its clips."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._batch_size import with_batch_size
from slowpaths.apps._console import show_table
from slowpaths.apps._fit import Job, fit, record
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._overlay import skeleton_films
from slowpaths.apps._relabel import relabel
from slowpaths.apps.verbs import TrainConfig
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest
from slowpaths.core.records import Prediction
from slowpaths.core.strokes import STROKES
from slowpaths.core.text import csv_table
from slowpaths.data.module import ClipDataModule
from slowpaths.data.splits import Part
from slowpaths.models.calibration import LEAST_GOLD
from slowpaths.models.callbacks import wandb_media
from slowpaths.models.callbacks.label_free import LabelFreeMetrics
from slowpaths.models.callbacks.wandb_media import per_class_scalars
from slowpaths.models.callbacks.withheld import WithheldAgreement
from slowpaths.models.checkpoint import keep_temperature
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.prediction import AVERAGE_VIEW, calibrate, load_classifier, predict, view_disagreement
from slowpaths.models.settings import LabelFree
from slowpaths.models.training_set import TrainingSet, Votes
from slowpaths.store.mined_folder import LabelSetFolder, MinedFolder
from slowpaths.store.schema import LABELS, VOTES
from slowpaths.store.tables import write_predictions, write_text


def run(cfg: DictConfig) -> Outcome:
    """Train on `mined=`; run again with the same `out=` to resume."""
    job = Job(verb="train", config=_values.build(TrainConfig, plain(cfg)), plain=plain(cfg))
    job = with_batch_size(job, lambda job: _parts(job, job.config.labels))
    config, folder, mined = job.config, job.folder, MinedFolder(job.config.mined)
    labels = relabel(job, _classifier) if config.relabel_folds else config.labels
    classifier, data = _parts(job, labels)
    data.predict_dataloader()  # windows that do not fit the clips are said before anything is trained
    extra: list[Callback] = [LabelFreeMetrics()] if config.best_by in get_args(LabelFree) else []
    if config.best_by == "val/withheld_agreement":
        extra = [WithheldAgreement(_withheld_votes(data, config))]
    fitted = fit(classifier, data, job, monitor=config.best_by, extra=[wandb_media.ConfusionMedia(), *extra])
    trainer, best, metrics = fitted.trainer, fitted.checkpoint, fitted.metrics
    if not trainer.is_global_zero:
        return Outcome(metrics=metrics)  # one process of several writes
    trained = load_classifier(best, device=str(trainer.strategy.root_device), allowed={config.model["_target_"]})
    trained.temperature = 1.0  # a run that went on has one already
    predictions = predict(trained, data.predict_dataloader(), clips=data.clips(), parts=data.split.parts)
    predictions, calibration = _calibrate(trained, predictions, data=data, checkpoint=best)
    write_predictions(folder.predictions, predictions, prior=trained.assumed_prior)
    pairs, tested = _pairs(predictions, data, "val", "test"), _pairs(predictions, data, "test")
    per_class = _per_class(pairs)
    measured = {**_agreement("held_out", pairs), **_views(predictions), **_agreement("test", tested)}
    measured |= {"temperature": trained.temperature} if trained.temperature != 1 else {}
    metrics = {**metrics, **measured}
    curves = per_class_scalars("held_out", per_class) | per_class_scalars("test", _per_class(tested))
    write_text(folder.confusion, _confusion(pairs))
    _send_clips(trainer.loggers, predictions, data=data, mined=mined)
    lineage, label_set = data.lineage(), str(labels or mined.dataset().label_set)
    voices = {"voices": file_digest(mined.voices_file)} if config.loss.student_weight else {}
    counts = record(
        fitted,
        trained,
        data,
        job,
        files=[folder.predictions, best, folder.model_card],
        inputs={"labels_file": file_digest(config.labels or mined.file(LABELS)), **voices, **lineage},
        sources={"label set": label_set, "labels": lineage["labels"], "split": lineage["split"]},
        scalars={**measured, **curves},
        per_class=per_class,
        notes=[
            f"**Views.** Predictions are the mean of {views} views of a clip."
            if (views := data.num_test_views) > 1
            else "**Views.** A clip has one view.",
            f"**Calibration.** {calibration}",
        ],
    )
    rows = [*((f"clips to {part}", count) for part, count in counts.items()), *metrics.items()]
    wrote = [best, folder.predictions, folder.history, folder.model_card]
    title = f"slowpaths train: {config.trainer.max_epochs} epochs"
    show_table(title, ["what", "value"], rows, wrote=wrote, notes=[calibration])
    return Outcome(metrics=metrics)


def _parts(job: Job[TrainConfig], labels: Path | None) -> tuple[StrokeClassifier, ClipDataModule]:
    data = job.data(targets="labels", labels=labels)
    return _classifier(job, data), data


def _classifier(job: Job[TrainConfig], data: ClipDataModule) -> StrokeClassifier:
    config = job.config
    if config.loss.feature_weight:
        data.take_features()
    return StrokeClassifier(
        network=config.model,
        loss=config.loss,
        optim=config.optim,
        run=job.run_settings(data),
        class_prior=data.class_prior(),
        num_features=len(data.feature_names),
        training=_training_set(data, mined=config.mined),
    )


def _withheld_votes(data: ClipDataModule, config: TrainConfig) -> Votes:
    """Return the votes on validation clips of the families that the labels were made without.

    Raises:
        UsageError: If there are no such labels, or no such votes.
    """
    label_set = LabelSetFolder(config.labels.parent) if config.labels else None
    rules = MinedFolder(config.mined).rules().values()
    known = {rule.family for rule in (label_set.rules().values() if label_set else rules)}
    withheld = {rule.family for rule in rules} - known
    votes = _training_set(data, mined=config.mined, part="val").votes(families=withheld)
    if not votes.weight_NR.any():
        raise UsageError(
            "best_by=val/withheld_agreement judges by votes of rules that the labels were made without, and there are "
            "none: run `slowpaths label rules.exclude=[sound]`, then without it, and train "
            "labels=MINED/label_sets/ID/labels.parquet of the first of these label sets"
        )
    return votes


def _training_set(data: ClipDataModule, *, mined: Path, part: Part = "train") -> TrainingSet:
    clips = [record.clip for record in (data.training_records() if part == "train" else data.records(part))]
    probs_NC = torch.tensor(np.array([clip.probs for clip in clips]), dtype=torch.float32)
    return TrainingSet(probs_NC=probs_NC, delivery_ids=[clip.delivery_id for clip in clips], mined=mined)


def _calibrate(
    trained: StrokeClassifier, predictions: list[Prediction], *, data: ClipDataModule, checkpoint: Path
) -> tuple[list[Prediction], str]:
    """Fit the temperature to gold of the validation part, and say so, or why not."""
    known = {clip.delivery_id: clip.label for clip in data.clips() if clip.source == "gold"}
    gold = {name: label for name, label in known.items() if data.split.parts.get(name) == "val"}
    if len(gold) < LEAST_GOLD:
        return predictions, (
            f"Confidences are as the network gives them: a temperature is fitted to gold labels of validation matches, "
            f"at least {LEAST_GOLD} of them, and there are {len(gold)}."
        )
    predictions = calibrate(trained, predictions, gold=gold)
    keep_temperature(checkpoint, trained.temperature)
    return predictions, (
        f"Logits are divided by {trained.temperature:.3g}, the temperature fitted to {len(gold)} gold labels of "
        "validation matches."
    )


def _views(predictions: list[Prediction]) -> dict[str, float]:
    """Return how far the views of held-out clips disagree, bits, where there are several."""
    held_out = {row.delivery_id for row in predictions if row.split in ("val", "test")}
    found = [value for name, value in view_disagreement(predictions).items() if name in held_out]
    return {"held_out/view_disagreement": sum(found) / len(found)} if found else {}


def _per_class(pairs: Counter[tuple[str, str]]) -> list[dict[str, str]]:
    """Return precision and recall of every stroke that is labelled or named, against weak labels."""

    def share(part: int, whole: int) -> str:
        return f"{part / whole:.3f}" if whole else ""

    rows = []
    for stroke in STROKES:
        labelled = sum(count for (true, _), count in pairs.items() if true == stroke)
        named = sum(count for (_, said), count in pairs.items() if said == stroke)
        if labelled or named:
            both = pairs[stroke, stroke]
            row = {"stroke": stroke, "labelled": str(labelled), "named": str(named)}
            rows.append(row | {"precision": share(both, named), "recall": share(both, labelled)})
    return rows


def _pairs(predictions: list[Prediction], data: ClipDataModule, *parts: Part) -> Counter[tuple[str, str]]:
    """Count the clips of some parts by weak label and predicted stroke."""
    label_of = {clip.delivery_id: clip.label for clip in data.clips()}
    return Counter(
        (label_of[row.delivery_id], row.label)
        for row in predictions
        if row.view_index == AVERAGE_VIEW and row.split in parts
    )


def _agreement(what: str, pairs: Counter[tuple[str, str]]) -> dict[str, float]:
    """Return the share of clips that are named like their weak label, which is no accuracy."""
    same = sum(count for (true, named), count in pairs.items() if true == named)
    return {f"{what}/label_agreement": same / pairs.total()} if pairs else {}


def _confusion(pairs: Counter[tuple[str, str]]) -> str:
    labels = [stroke for stroke in STROKES if any(stroke in pair for pair in pairs)]
    rows = [{"true": true} | {named: pairs[true, named] for named in labels} for true in labels]
    return csv_table(rows, columns=["true", *labels])


def _send_clips(
    loggers: Iterable[Logger], predictions: list[Prediction], *, data: ClipDataModule, mined: MinedFolder
) -> None:
    """Send clips with skeletons and votes to W&B, where it is on."""
    votes = defaultdict(list)
    for vote in mined.votes() if mined.has(VOTES) else ():
        votes[vote.delivery_id].append(vote)
    labels = {clip.delivery_id: clip for clip in data.clips()}
    with tempfile.TemporaryDirectory() as name:
        films_of = partial(skeleton_films, folder=mined, into=Path(name))
        wandb_media.log_clips(loggers, predictions=predictions, labels=labels, votes=votes, films_of=films_of)
