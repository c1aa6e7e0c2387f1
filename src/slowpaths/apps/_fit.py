"""What training and pretraining share: the clips, a fit that a killed run goes on with, and the best of its epochs."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
from hydra.core.hydra_config import HydraConfig
from lightning.pytorch.callbacks import Callback, ProgressBar
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.threads import limit_threads
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import ClipSettings, Targets
from slowpaths.models.callbacks.checkpoints import AtomicCheckpointIO, FiniteGuard, build_checkpoints
from slowpaths.models.callbacks.history import History, build_progress
from slowpaths.models.callbacks.noise import quiet_libraries
from slowpaths.models.checkpoint import read_checkpoint
from slowpaths.models.ema import EmaModule
from slowpaths.models.initialisation import load_initialisation
from slowpaths.models.part import Part
from slowpaths.models.settings import RunSettings
from slowpaths.store.ledger import digests
from slowpaths.store.run_folder import RunFolder

_ELSEWHERE = ("out", "logger", "weights_dir")  # where and how, not what


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Hold what a fit ends with.

    Args:
        trainer: The trainer.
        checkpoint: The checkpoint of the best epoch; of the last one, where nothing is validated.
        metrics: The metrics of that epoch, by name.
    """

    trainer: L.Trainer
    checkpoint: Path
    metrics: Mapping[str, float]


def build_data(config: Mapping[str, Any], *, targets: Targets) -> ClipDataModule:
    """Return the clips of `mined=` as the configuration wants them, read and split."""
    labels = config["labels"] if targets == "labels" else None
    data = ClipDataModule(
        mined=config["mined"],
        settings=ClipSettings(**config["data"]),
        targets=targets,
        labels=labels,
        seed=config["seed"],
    )
    data.setup()
    return data


def run_settings(config: Mapping[str, Any], data: ClipDataModule) -> RunSettings:
    """Return what a checkpoint says of its run."""
    trainer = config["trainer"]
    devices = trainer["devices"] if isinstance(trainer["devices"], int) and trainer["devices"] > 0 else 1
    return RunSettings(
        batch_size=config["data"]["batch_size"] * trainer["accumulate_grad_batches"] * devices * trainer["num_nodes"],
        seed=config["seed"],
        clip=data.shown(),
        lineage=data.lineage(),
        configuration=configuration(config),
        initialisation=config["init"] or "",
    )


def fit(
    module: EmaModule,
    data: ClipDataModule,
    config: Mapping[str, Any],
    *,
    verb: str,
    monitor: str,
    extra: Sequence[Callback] = (),
) -> Fitted:
    """Fit a module; the same call with the same `out` goes on where an earlier one stopped.

    Args:
        module: Fresh module; pretrained weights are loaded where `init=` names them.
        data: Its clips.
        config: Configuration of the verb.
        verb: The verb.
        monitor: The loss by which the best epoch is chosen, where there are validation clips.
        extra: Further callbacks.

    Raises:
        UsageError: If `out` holds a run with other settings or clips, or Lightning refuses its settings.
    """
    folder = RunFolder(Path(config["out"]))
    quiet_libraries()
    limit_threads()
    L.seed_everything(config["seed"], workers=True, verbose=False)
    last = folder.last_checkpoint
    if last.exists():
        _refuse_other_run(folder, module)
    elif config["init"]:
        load_initialisation(module.network, config["init"], weights_dir=config["weights_dir"])
    watched = monitor if data.records("val") else None
    keeper, history = build_checkpoints(folder.checkpoints, monitor=watched), History(folder.history)
    own = [Part.parse(node, key="callbacks").build() for node in config.get("callbacks") or ()]
    progress = build_progress()
    trainer = _build_trainer(config, callbacks=[FiniteGuard(last), history, *own, *extra, progress, keeper])
    with relaunched(verb, folder.path):
        trainer.fit(module, data, ckpt_path=last if last.exists() else None, weights_only=True)
    return Fitted(trainer=trainer, checkpoint=Path(keeper.best_model_path or last), metrics=history.kept(watched))


def _build_trainer(config: Mapping[str, Any], *, callbacks: Sequence[Callback]) -> L.Trainer:
    settings = {name: value for name, value in config["trainer"].items() if value is not None}
    settings |= {
        "default_root_dir": config["out"],
        "enable_progress_bar": any(isinstance(callback, ProgressBar) for callback in callbacks),
        "logger": build_loggers(config),
        "callbacks": list(callbacks),
        "plugins": [AtomicCheckpointIO()],
        "enable_model_summary": False,
        "log_every_n_steps": 1,
        "use_distributed_sampler": False,  # clips come in an order of our own
    }
    try:
        return L.Trainer(**settings)
    except (MisconfigurationException, ValueError, TypeError) as error:
        raise UsageError(f"trainer: {' '.join(str(error).split())}") from error


def build_loggers(config: Mapping[str, Any]) -> list[Logger]:
    """Return the loggers of `logger=`, which know the configuration; none where W&B is disabled."""
    made = [Part.parse(node, key=f"logger.{name}").build() for name, node in (config.get("logger") or {}).items()]
    loggers = [logger for logger in made if logger is not None]
    for logger in loggers:
        logger.log_hyperparams(dict(config))
    return loggers


@contextmanager
def relaunched(verb: str, out: Path) -> Iterator[None]:
    """Let Lightning start this very command for its other processes: by its name, and with the same folder.

    Args:
        verb: The verb.
        out: The folder, which may hold a time of day that would be another one there.
    """
    main, known = sys.modules["__main__"], HydraConfig.instance()
    before = sys.argv, main.__spec__, known.cfg
    sys.argv = ["slowpaths", verb, *_overrides(), "out='{}'".format(str(out).replace("'", "\\'"))]
    # Without these Lightning starts the script that runs here, or has ways of its own with Hydra; both know no verb.
    main.__spec__, known.cfg = importlib.util.find_spec("slowpaths.cli"), None
    try:
        yield
    finally:
        sys.argv, main.__spec__, known.cfg = before


def command(verb: str) -> str:
    """Return the command that was typed, without the flags of a sweep."""
    return shlex.join(["slowpaths", verb, *_overrides()])


def _overrides() -> list[str]:
    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


def configuration(config: Mapping[str, Any]) -> str:
    """Return the fingerprint of everything in a configuration that decides the result, but for its length."""
    trainer = {key: value for key, value in config["trainer"].items() if key != "max_epochs"}
    return fingerprint({**{key: config[key] for key in config if key not in _ELSEWHERE}, "trainer": trainer})


def digests_of(folder: RunFolder, files: Sequence[Path]) -> dict[str, str]:
    """Return the digests of files of a run, by their names below its folder."""
    root = folder.path.resolve()
    return digests(root, [file.resolve().relative_to(root).as_posix() for file in files])


def _refuse_other_run(folder: RunFolder, module: EmaModule) -> None:
    known = read_checkpoint(folder.last_checkpoint).get("hyper_parameters", {}).get("run", {})
    if any(known.get(key) != module.hparams["run"][key] for key in ("configuration", "lineage")):
        raise UsageError(f"{folder.path} holds a run with other settings or clips: choose another out=")
