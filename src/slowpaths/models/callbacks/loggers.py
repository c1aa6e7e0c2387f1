"""The loggers of `logger=`; any class or function that makes a Lightning logger will do, these have our ways.

W&B runs offline unless the variable WANDB_MODE or a sweep's agent says otherwise.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from lightning.pytorch.loggers import CSVLogger, Logger

from slowpaths.core.errors import MissingDependencyError, UsageError
from slowpaths.core.threads import is_first_process
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_text


def csv_logger(*, save_dir: str = ".") -> Logger:
    """Log to `csv/version_<n>/metrics.csv`, a folder for each start: a run that goes on loses no row.

    Args:
        save_dir: Folder of the run.
    """
    return CSVLogger(save_dir, name="csv")


def tensorboard_logger(*, save_dir: str = ".") -> Logger:
    """Log to `tensorboard/`.

    Args:
        save_dir: Folder of the run.

    Raises:
        MissingDependencyError: If TensorBoard is not installed.
    """
    from lightning.pytorch.loggers import TensorBoardLogger

    try:
        return TensorBoardLogger(save_dir, name="", version="tensorboard")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            "logger=tensorboard needs TensorBoard: pip install 'slowpaths[tensorboard]'"
        ) from error


def wandb_logger(
    *,
    save_dir: str = ".",
    project: str = "slowpaths",
    name: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    tags: tuple[str, ...] = (),
    notes: str | None = None,
) -> Logger | None:
    """Log to W&B; a run that is killed and started again in the same folder is one run there.

    Pretraining opens a group of its own where none is given; what starts from its weights joins it.

    Args:
        save_dir: Folder of the run.
        project: Project in W&B.
        name: Name of the run; that of its folder where not given.
        group: Group of the run in W&B.
        job_type: What kind of run it is there; the verb where not given.
        tags: Its tags.
        notes: A longer description.

    Returns:
        The logger; None where WANDB_MODE is "disabled", and nothing is written.

    Raises:
        UsageError: If W&B is to run online and cannot.
    """
    mode = os.environ.get("WANDB_MODE") or ("online" if os.environ.get("WANDB_SWEEP_ID") else "offline")
    if mode == "disabled":
        return None
    from lightning.pytorch.loggers import WandbLogger

    is_offline = mode in ("offline", "dryrun")
    if not is_offline and is_first_process():
        _require_login()
    folder = RunFolder(Path(save_dir))
    folder.path.mkdir(parents=True, exist_ok=True)  # W&B makes a temporary folder where it is missing
    run_id, name = _run_id(folder.wandb_id_file), name or folder.path.name
    if job_type == "pretrain":
        group = group or os.environ.get("WANDB_RUN_GROUP") or f"{name}-{run_id}"
    if group and is_first_process():
        write_text(folder.wandb_group_file, group + "\n")
    logger = WandbLogger(
        project=project,
        name=name,
        group=group,
        job_type=job_type,
        tags=list(tags) or None,
        notes=notes,
        save_dir=str(folder.path.resolve()),  # the service of W&B may have started in another folder
        offline=is_offline,
        id=run_id,
        resume=None if is_offline else "allow",  # offline, the id alone makes it one run
        log_model=False,
    )
    if not is_offline:
        with _said_in_one_sentence():
            _ = logger.experiment
    return logger


def log_scalars(loggers: Iterable[Logger], scalars: Mapping[str, float], *, step: int | None = None) -> None:
    """Send numbers to every logger alike, also after training has ended; those that are not finite are left out."""
    finite = {name: float(value) for name, value in scalars.items() if math.isfinite(value)}
    for logger in loggers:
        logger.log_metrics(finite, step=step)
        logger.save()


def wandb_runs(loggers: Iterable[Logger]) -> list[Any]:
    """Return the W&B run of each W&B logger; without one, W&B is not imported."""
    wanted = [logger for logger in loggers if type(logger).__name__ == "WandbLogger"]
    return [cast(Any, logger).experiment for logger in wanted]


def _require_login() -> None:
    """Ask W&B for its key and whether the server takes it, before there is a folder."""
    import wandb

    with _said_in_one_sentence():
        wandb.login()


@contextmanager
def _said_in_one_sentence() -> Iterator[None]:
    import wandb

    try:
        yield
    except (wandb.Error, OSError) as error:
        raise UsageError(
            f"W&B cannot start online ({' '.join(str(error).split())}): run `wandb login` or set WANDB_MODE=offline"
        ) from error


def _run_id(file: Path) -> str:
    """Return the id that an agent gives, or the one the run folder keeps; it is kept there in both cases."""
    given = os.environ.get("WANDB_RUN_ID")
    if (given or not file.exists()) and is_first_process():
        write_text(file, (given or secrets.token_hex(4)) + "\n")
    return given or (file.read_text().strip() if file.exists() else "")
