"""What training and pretraining share: the clips, a fit that a killed run goes on with, and the best of its epochs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, ProgressBar

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.data.module import ClipDataModule, Targets
from slowpaths.models import callbacks
from slowpaths.models.averaged import AveragedModule
from slowpaths.models.weights import load_first_weights, read_checkpoint


def build_data(config: Mapping[str, Any], *, targets: Targets) -> ClipDataModule:
    """Return the clips of `mined=` as the configuration wants them, read and split.

    Raises:
        UsageError: If `data` holds an impossible value.
    """
    labels = {"labels": config["labels"]} if targets == "labels" else {}
    try:
        data = ClipDataModule(mined=config["mined"], targets=targets, seed=config["seed"], **labels, **config["data"])
    except (TypeError, ValueError) as error:
        raise UsageError(f"data settings: {error}") from error
    data.setup()
    return data


def about(config: Mapping[str, Any], data: ClipDataModule) -> dict[str, Any]:
    """Return the arguments that every module of ours has beside its own: batch, clips, lineage, seed."""
    trainer = config["trainer"]
    devices = trainer["devices"] if isinstance(trainer["devices"], int) and trainer["devices"] > 0 else 1
    num_batches = trainer["accumulate_grad_batches"] * devices * trainer["num_nodes"]
    return {
        "batch_size": config["data"]["batch_size"] * num_batches,
        "clip": data.clip_settings(),
        "lineage": data.lineage(),
        "configuration": configuration(config),
        "seed": config["seed"],
    }


def fit(
    module: AveragedModule,
    data: ClipDataModule,
    config: Mapping[str, Any],
    *,
    monitor: str,
    extra: Sequence[Callback] = (),
) -> tuple[L.Trainer, Path]:
    """Fit a module; the same call with the same `out` goes on where an earlier one stopped.

    Args:
        module: Fresh module; its first weights are loaded where `init=` names them.
        data: Its clips.
        config: Configuration of the verb.
        monitor: The loss by which the best epoch is chosen, where there are validation clips.
        extra: Further callbacks.

    Returns:
        The trainer, and the checkpoint of the best epoch (of the last one, where nothing is validated).

    Raises:
        UsageError: If `out` holds a run with other settings or clips.
    """
    out = Path(config["out"])
    logging.getLogger("lightning.pytorch").handlers.clear()  # it would say everything twice
    callbacks.ignore_known_warnings()
    L.seed_everything(config["seed"], workers=True, verbose=False)
    if config["init"]:
        load_first_weights(module.network, config["init"], weights_dir=config["weights_dir"])
    keeper = callbacks.build_checkpoints(out / "checkpoints", monitor=monitor if data.records("val") else None)
    last = out / "checkpoints" / "last.ckpt"
    if last.exists():
        _refuse_other_run(last, module)
    progress = callbacks.build_progress()
    trainer = L.Trainer(
        default_root_dir=out,
        enable_progress_bar=isinstance(progress, ProgressBar),
        logger=callbacks.build_loggers(config["logger"], out=out, run_name=out.name, config=config),
        callbacks=[callbacks.History(out / "history.csv"), *extra, progress, keeper],
        enable_model_summary=False,
        log_every_n_steps=1,
        use_distributed_sampler=False,  # clips come in an order of our own
        **config["trainer"],
    )
    trainer.fit(module, data, ckpt_path=last if last.exists() else None, weights_only=True)
    return trainer, Path(keeper.best_model_path or last)


def configuration(config: Mapping[str, Any]) -> str:
    """Return the fingerprint of everything in a configuration that decides the result, but for its length."""
    trainer = {key: value for key, value in config["trainer"].items() if key != "max_epochs"}
    kept = {key: value for key, value in config.items() if key not in ("out", "logger", "weights_dir")}
    return fingerprint({**kept, "trainer": trainer})


def _refuse_other_run(last: Path, module: AveragedModule) -> None:
    known = read_checkpoint(last).get("hyper_parameters", {})
    if any(known.get(key) != module.hparams[key] for key in ("configuration", "lineage")):
        raise UsageError(f"{last.parents[1]} holds a run with other settings or clips: choose another out=")
