"""`slowpaths train`: fit SlowFast on a mined set and predict all its clips."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ProgressBar
from omegaconf import DictConfig

from slowpaths.apps.console import show_table
from slowpaths.apps.launch import Outcome, plain, require
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.records import Prediction
from slowpaths.data.module import ClipDataModule
from slowpaths.models import callbacks
from slowpaths.models.classifier import StrokeClassifier
from slowpaths.models.predict import load_classifier, predict
from slowpaths.models.weights import WEIGHTS, load_backbone, load_kinetics, read_checkpoint
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.tables import read_votes, write_predictions


def run(cfg: DictConfig) -> Outcome:
    """Train on `mined=`; run again with the same `out=` to resume."""
    require(cfg, "train", "mined")
    config = plain(cfg)
    out = Path(config["out"])
    logging.getLogger("lightning.pytorch").handlers.clear()  # it would say everything twice
    callbacks.ignore_known_warnings()
    L.seed_everything(config["seed"], workers=True, verbose=False)
    data = build_data(config)
    data.setup()
    classifier = build_classifier(config, data)
    keeper = callbacks.build_checkpoints(out / "checkpoints", has_validation=bool(data.records("val")))
    last = out / "checkpoints" / "last.ckpt"
    if last.exists():
        _refuse_other_run(last, classifier)
    progress = callbacks.build_progress()
    trainer = L.Trainer(
        default_root_dir=out,
        enable_progress_bar=isinstance(progress, ProgressBar),
        logger=callbacks.build_loggers(config["logger"], out=out, run_name=out.name, config=config),
        callbacks=[
            callbacks.History(out / "history.csv"),
            callbacks.ConfusionMedia(),
            progress,
            keeper,
        ],
        enable_model_summary=False,
        log_every_n_steps=1,
        **config["trainer"],
    )
    trainer.fit(classifier, data, ckpt_path=last if last.exists() else None, weights_only=True)
    best = Path(keeper.best_model_path or last)
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


def build_data(config: Mapping[str, Any]) -> ClipDataModule:
    """Return the clips of `mined=` as the configuration wants them.

    Raises:
        UsageError: If `data` holds an impossible value.
    """
    try:
        return ClipDataModule(mined=config["mined"], labels=config["labels"], seed=config["seed"], **config["data"])
    except (TypeError, ValueError) as error:
        raise UsageError(f"data settings: {error}") from error


def build_classifier(config: Mapping[str, Any], data: ClipDataModule) -> StrokeClassifier:
    """Return a fresh classifier, on first weights where `init=` names them."""
    trainer = config["trainer"]
    devices = trainer["devices"] if isinstance(trainer["devices"], int) and trainer["devices"] > 0 else 1
    classifier = StrokeClassifier(
        **config["model"],
        **config["loss"],
        **config["optim"],
        batch_size=config["data"]["batch_size"] * trainer["accumulate_grad_batches"] * devices * trainer["num_nodes"],
        class_prior=data.class_prior(),
        clip=data.clip_settings(),
        lineage=data.lineage(),
        configuration=configuration(config),
        seed=config["seed"],
    )
    if config["init"] in WEIGHTS:
        load_kinetics(classifier.network, name=config["init"], weights_dir=config["weights_dir"])
    elif config["init"]:
        load_backbone(classifier.network, Path(config["init"]))
    return classifier


def configuration(config: Mapping[str, Any]) -> str:
    """Return the fingerprint of everything in a configuration that decides the result, but for its length."""
    trainer = {key: value for key, value in config["trainer"].items() if key != "max_epochs"}
    kept = {key: value for key, value in config.items() if key not in ("out", "logger", "weights_dir")}
    return fingerprint({**kept, "trainer": trainer})


def _refuse_other_run(last: Path, classifier: StrokeClassifier) -> None:
    known = read_checkpoint(last).get("hyper_parameters", {})
    if any(known.get(key) != classifier.hparams[key] for key in ("configuration", "lineage")):
        raise UsageError(f"{last.parents[1]} holds a run with other settings or labels: choose another out=")


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
