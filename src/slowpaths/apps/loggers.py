"""The loggers of a training run: CSV always, W&B (offline unless told otherwise) and TensorBoard on request."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger, WandbLogger

from slowpaths.core.errors import MissingDependencyError, UsageError

LOGGERS: tuple[str, ...] = ("csv", "wandb", "tensorboard")


def build_loggers(names: str | Sequence[str], *, out: Path, config: Mapping[str, Any]) -> list[Logger]:
    """Return the loggers of a run; CSV is always among them.

    Args:
        names: Names out of `LOGGERS`, as a list or joined by commas.
        out: Folder of the run.
        config: Resolved configuration, logged as it is.

    Raises:
        UsageError: If a name is unknown.
        MissingDependencyError: If TensorBoard is asked for and not installed.
    """
    wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    if unknown := [name for name in wanted if name not in LOGGERS]:
        raise UsageError(f"unknown logger '{unknown[0]}'; choose from {', '.join(LOGGERS)}")
    loggers: list[Logger] = [CSVLogger(str(out), name="", version="csv")]
    if "wandb" in wanted:
        loggers.append(_wandb(out, config))
    if "tensorboard" in wanted:
        if importlib.util.find_spec("tensorboard") is None:
            raise MissingDependencyError("logger=tensorboard needs tensorboard: pip install 'slowpaths[tensorboard]'")
        loggers.append(TensorBoardLogger(str(out), name="", version="tensorboard"))
    return loggers


def _wandb(out: Path, config: Mapping[str, Any]) -> WandbLogger:
    # Staged artifacts must travel with the run, or syncing from another machine loses them.
    out.mkdir(parents=True, exist_ok=True)
    for variable, folder in (("WANDB_DATA_DIR", "data"), ("WANDB_CACHE_DIR", "cache")):
        os.environ.setdefault(variable, str((out / "wandb" / folder).resolve()))
    mode = os.environ.get("WANDB_MODE", "offline")
    return WandbLogger(
        name=out.name,
        save_dir=str(out),
        offline=mode != "online",
        project=os.environ.get("WANDB_PROJECT", "slowpaths"),
        group=str(config.get("group") or out.parent.name),
        job_type="train",
        config=dict(config),
    )
