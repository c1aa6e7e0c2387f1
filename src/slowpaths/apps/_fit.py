"""What training and pretraining share: the clips, a fit that a killed run goes on with, and the record of it."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import lightning as L
from hydra.core.hydra_config import HydraConfig
from lightning.pytorch.callbacks import Callback, ProgressBar
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from slowpaths.apps._console import progress
from slowpaths.apps._errors import one_line, sentence_of
from slowpaths.apps._resume import refuse_fewer_epochs, refuse_other_run, require_kept, taking
from slowpaths.apps._trainer import TrainerSettings
from slowpaths.apps._values import instantiate
from slowpaths.apps.verbs import FitConfig
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.threads import limit_threads
from slowpaths.data.batch import input_kind_of
from slowpaths.data.module import ClipDataModule
from slowpaths.data.settings import Targets
from slowpaths.data.splits import PARTS
from slowpaths.models.callbacks import wandb_lineage, wandb_media
from slowpaths.models.callbacks.checkpoints import AtomicCheckpointIO, FiniteGuard, build_checkpoints
from slowpaths.models.callbacks.curves import Curves
from slowpaths.models.callbacks.history import History, build_progress
from slowpaths.models.callbacks.loggers import log_scalars
from slowpaths.models.card import write_cards
from slowpaths.models.compiled import CompiledSteps, compile_network, require_compiler
from slowpaths.models.ema import EmaModule
from slowpaths.models.initialisation import load_initialisation, weights_file
from slowpaths.models.rehearsal import Begin, rehearse
from slowpaths.models.settings import RunSettings
from slowpaths.models.sharding import FSDP, ShardedStrategy
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import DELIVERIES

_ELSEWHERE = ("out", "logger", "weights_dir", "compile", "checkpoint_minutes")  # where and how, not what
_LENGTH = ("max_epochs", "max_steps")  # of a run that may go on
_MEASURED_AGAINST = {
    "train": "Measured against weak labels of held-out matches, not against truth: what the rules get wrong counts as "
    "right here.",
    "pretrain": "Measured against what mining measured and labelled, not against truth.",
}  # verb -> what its metrics compare with; what `evaluate` adds to a run is measured against truth
C = TypeVar("C", bound=FitConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Generic[C]):
    """Hold what is to be fitted.

    Args:
        verb: The verb.
        config: Its settings.
        plain: The same as plain values.
    """

    verb: str
    config: C
    plain: Mapping[str, Any]

    @property
    def folder(self) -> RunFolder:
        """Return the folder of the run."""
        return RunFolder(self.config.out)

    @property
    def origin(self) -> RunFolder | None:
        """Return the run that the weights of `init=` come from, where they lie in one."""
        return RunFolder.of(Path(self.config.init)) if self.config.init else None

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of everything that decides the result, but for the length of the run."""
        trainer = {key: value for key, value in self.plain["trainer"].items() if key not in _LENGTH}
        decides = {key: value for key, value in self.plain.items() if key not in _ELSEWHERE}
        return fingerprint({**decides, "trainer": trainer})

    def data(
        self, *, targets: Targets, labels: Path | None = None, delivery_ids: Collection[str] | None = None
    ) -> ClipDataModule:
        """Return the clips of `mined=`, or those of some deliveries, read and split."""
        config = self.config
        data = ClipDataModule(
            mined=config.mined,
            settings=config.data,
            targets=targets,
            input_kind=input_kind_of(config.model),
            told=progress,
            labels=labels,
            seed=config.seed,
            delivery_ids=delivery_ids,
        )
        data.setup()
        return data

    def run_settings(self, data: ClipDataModule) -> RunSettings:
        """Return what a checkpoint says of its run."""
        trainer = self.config.trainer
        num_batches = trainer.accumulate_grad_batches * num_devices(trainer) * trainer.num_nodes
        return RunSettings(
            batch_size=self.config.data.clips_a_batch * num_batches,
            seed=self.config.seed,
            clip=data.shown(),
            lineage=data.lineage(),
            configuration=self.fingerprint,
            initialisation=self.config.init or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Hold what a fit ends with.

    Args:
        trainer: The trainer.
        checkpoint: The checkpoint of the best epoch; of the last one, where nothing is validated.
        metrics: The metrics of that epoch, by name.
        last_metrics: Those of the last epoch.
    """

    trainer: L.Trainer
    checkpoint: Path
    metrics: Mapping[str, float]
    last_metrics: Mapping[str, float]


def fit(
    module: EmaModule, data: ClipDataModule, job: Job[Any], *, monitor: str | None, extra: Sequence[Callback] = ()
) -> Fitted:
    """Fit a module; the same call with the same `out` goes on where an earlier one stopped.

    The folder is made when the trainer, the network with a clip of the set, the optimiser and its schedule have been
    found to work.

    Args:
        module: Fresh module; pretrained weights are loaded where `init=` names them.
        data: Its clips.
        job: What is fitted.
        monitor: The loss by which the best epoch is chosen, where there are validation clips; None keeps the last.
        extra: Further callbacks; what they log of an epoch is in its history.

    Raises:
        UsageError: If `out` holds a run with other settings or clips, or Lightning refuses its settings.
        MissingWeightsError: If a checkpoint that `out` holds is damaged.
    """
    folder, config = job.folder, job.config
    limit_threads()
    L.seed_everything(config.seed, workers=True, verbose=False)
    last, resumed = folder.last_checkpoint, folder.resume_checkpoint
    if resumed:
        refuse_other_run(folder, module)
        refuse_fewer_epochs(folder, resumed, config.trainer.max_epochs)
    elif config.init:
        load_initialisation(module.network, config.init, weights_dir=config.weights_dir, sha256=config.init_sha256)
    watched = monitor if data.records("val") else None
    minutes = config.checkpoint_minutes
    middle = {"middle": folder.middle_checkpoint, "minutes": minutes} if minutes is not None else {}
    keeper = build_checkpoints(folder.checkpoints, monitor=watched, **middle)
    history = History(folder.history)
    own = [instantiate(node, key=f"callbacks[{n}]") for n, node in enumerate(config.callbacks)]
    begin = Begin(lambda: _build_loggers(job))
    callbacks = [FiniteGuard(last), *extra, history, Curves(), *own, build_progress(), keeper, CompiledSteps(), begin]
    trainer = _build_trainer(job, callbacks=callbacks)
    rehearse(
        module,
        data.train_dataloader(),
        device=trainer.strategy.root_device,
        has_sentence=lambda error: sentence_of(error) is not None,
    )
    if config.compile != "eager":
        require_compiler(trainer.strategy.root_device)
        for network in (*module.networks, *([module.ema] if module.ema is not None else [])):
            compile_network(network, config.compile)
    with relaunched(job), taking(folder, resumed, begin):
        trainer.fit(module, data, ckpt_path=resumed, weights_only=True)
    kept = folder.best_checkpoint if watched and keeper.best_model_path else last
    if resumed and trainer.is_global_zero:
        require_kept(folder, kept)
    metrics, last_metrics = history.kept(watched), history.kept(None)
    return Fitted(trainer=trainer, checkpoint=kept, metrics=metrics, last_metrics=last_metrics)


def _build_trainer(job: Job[Any], *, callbacks: list[Callback]) -> L.Trainer:
    settings = {name: value for name, value in job.plain["trainer"].items() if value is not None}
    if settings["strategy"] == FSDP:
        settings |= {"strategy": ShardedStrategy(), "inference_mode": False}  # shards are gathered by autograd's hooks
    settings |= {
        "default_root_dir": str(job.config.out),
        "enable_progress_bar": any(isinstance(callback, ProgressBar) for callback in callbacks),
        "logger": False,  # loggers make files: `Begin` builds them
        "callbacks": callbacks,
        "plugins": [AtomicCheckpointIO()],
        "enable_model_summary": False,
        "log_every_n_steps": 1,
        "use_distributed_sampler": False,  # clips come in an order of our own
    }
    return _trainer(**settings)


def num_devices(settings: TrainerSettings) -> int:
    """Return how many devices of a machine train: those that are counted or listed, otherwise what Lightning takes.

    Raises:
        UsageError: If there are none.
    """
    devices = settings.devices
    if isinstance(devices, tuple):
        return len(devices)
    if isinstance(devices, int) and devices > 0:
        return devices
    return _trainer(accelerator=settings.accelerator, devices=devices, logger=False).num_devices


def _trainer(**settings: Any) -> L.Trainer:
    try:
        return L.Trainer(**settings)
    except (MisconfigurationException, ValueError, TypeError) as error:
        raise UsageError(
            f"the trainer cannot start ({one_line(error)}): choose another trainer= or its keys"
        ) from error


def _build_loggers(job: Job[Any]) -> list[Logger]:
    """Return the loggers of `logger=`, which know the configuration, and what metrics are measured against."""
    loggers = build_loggers(job.config.logger, verb=job.verb, origin=job.origin)
    for logger in loggers:
        logger.log_hyperparams({**job.plain, "measured_against": _MEASURED_AGAINST[job.verb]})
    return loggers


def build_loggers(nodes: Mapping[str, Any] | None, *, verb: str, origin: RunFolder | None) -> list[Logger]:
    """Return the loggers of `logger=`; none where W&B is disabled.

    A job type that was not chosen is the verb, a group that was not chosen that of the run `origin`.
    """
    group = origin.wandb_group_file.read_text().strip() if origin and origin.wandb_group_file.is_file() else None
    made = []
    for name, node in (nodes or {}).items():
        known = {"job_type": verb, "group": group}
        chosen = {key: node[key] or value for key, value in known.items() if key in node}
        made.append(instantiate({**node, **chosen}, key=f"logger.{name}"))
    return [logger for logger in made if logger is not None]


@contextmanager
def relaunched(job: Job[Any]) -> Iterator[None]:
    """Let Lightning start this very command for its other processes: by its name, and with the same folder.

    The folder is given, because it may hold a time of day that would be another one there.
    """
    main, known = sys.modules["__main__"], HydraConfig.instance()
    before = sys.argv, main.__spec__, known.cfg
    out = str(job.config.out).replace("'", "\\'")
    sys.argv = ["slowpaths", job.verb, *_overrides(), f"out='{out}'"]
    # Without these Lightning starts the script that runs here, or has ways of its own with Hydra; both know no verb.
    main.__spec__, known.cfg = importlib.util.find_spec("slowpaths.cli"), None
    try:
        yield
    finally:
        sys.argv, main.__spec__, known.cfg = before


def record(
    fitted: Fitted,
    module: EmaModule,
    data: ClipDataModule,
    job: Job[Any],
    *,
    files: Sequence[Path],
    inputs: Mapping[str, str],
    sources: Mapping[str, str],
    scalars: Mapping[str, float] = MappingProxyType({}),
    per_class: Sequence[Mapping[str, str]] = (),
    notes: Sequence[str] = (),
) -> dict[str, int]:
    """Write the model cards and the ledger, send numbers to the loggers, and the ledgers to W&B, where it is on.

    Args:
        fitted: What the fit ended with.
        module: The trained module.
        data: Its clips.
        job: What was fitted.
        files: What was written, for the ledger.
        inputs: What was read, for the ledger.
        sources: What was read, for the card.
        scalars: What was measured after the fit, for every logger.
        per_class: Numbers of each stroke on held-out clips, for the card.
        notes: What else the card says, paragraphs.

    Returns:
        Part of the split -> deliveries in it.
    """
    folder, config = job.folder, job.config
    counts: dict[str, int] = {part: len(data.split.deliveries(part)) for part in PARTS}
    about = {
        "verb": job.verb,
        "command": shlex.join(["slowpaths", job.verb, *_overrides()]),
        "data": str(config.mined),
        "sources": sources,
        "counts": counts,
        "warning": _MEASURED_AGAINST[job.verb],
    }
    measured = {"metrics": fitted.metrics, "per_class": per_class, "notes": notes}
    write_cards(folder, module, kept=fitted.checkpoint, measured=measured, last=fitted.last_metrics, **about)
    inputs = {**inputs, "deliveries": file_digest(MinedFolder(config.mined).file(DELIVERIES))}
    if config.init and (weights := weights_file(config.init)).is_file():
        inputs["init"] = file_digest(weights)
    root = folder.path.resolve()
    entry = Entry(
        stage=job.verb,
        inputs=inputs,
        outputs=digests(root, [file.resolve().relative_to(root).as_posix() for file in files]),
        configuration=job.fingerprint,
        seed=config.seed,
        counts=counts,
    )
    append_entry(folder.path, entry)
    loggers = fitted.trainer.loggers
    log_scalars(loggers, scalars, step=fitted.trainer.global_step)
    for source in (config.mined, *([job.origin.path] if job.origin else [])):
        wandb_lineage.log_ledger(loggers, folder=source, used=inputs.values())
    wandb_lineage.log_ledger(loggers, folder=folder.path)
    wandb_media.finish(loggers, summary={**fitted.metrics, **scalars})
    return counts


def _overrides() -> list[str]:
    """Return what was typed, without the flags of a sweep."""
    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []
