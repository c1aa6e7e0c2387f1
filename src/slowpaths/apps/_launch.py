"""Start a verb: compose its configuration, run it, keep its log, and turn an error into a sentence and an exit code."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from slowpaths.apps._compose import compose, config_dir, explain, hydra_for, parsed_overrides, plain
from slowpaths.apps._errors import RUNS, SIGTERM, fail, hear_sigterm
from slowpaths.apps._start import check_start
from slowpaths.core.errors import UsageError
from slowpaths.core.threads import is_first_process, limit_threads
from slowpaths.models.callbacks.noise import quiet_libraries
from slowpaths.store.lock import sole_writer
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_text

__all__ = ["Outcome", "compose", "config_dir", "fail", "launch", "plain", "run_verb"]

_TALKS = ("train", "pretrain")  # verbs whose log lines are shown
_LOG_LINE = "[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Hold what a verb ends with.

    Args:
        metrics: Its numbers, by name; those of the cells of a sweep stand in one table.
        exit_code: 0 done, 3 done with some input quarantined.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    exit_code: int = 0


def launch(verb: str, arguments: Sequence[str]) -> int:
    """Compose the configuration of `verb` and run its app.

    Args:
        verb: Name of the module in `slowpaths.apps` and of the primary config.
        arguments: Hydra overrides and flags, as typed.

    Returns:
        The exit code.
    """
    out = None
    try:
        with hear_sigterm():
            flags = _flags(arguments)
            overrides = _with_folder(flags.overrides, flags.config_dir)
            if flags.help:
                from slowpaths.apps._help import verb_help

                sys.stdout.write(verb_help(verb))
            elif flags.cfg or flags.info or flags.hydra_help:
                _show(verb, overrides, flags)
            elif flags.multirun:
                from slowpaths.apps._sweep import run_sweep

                return run_sweep(verb, overrides)
            else:
                cfg = compose(verb, overrides)
                check_start(verb, cfg)
                out = Path(cfg.out) if cfg.get("out") else None
                with writes(verb, cfg):
                    return _run_alone(verb, cfg, out, overrides).exit_code
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit) and type(error).__name__ != SIGTERM:
            if not isinstance(error.__context__, KeyboardInterrupt):  # which Lightning turns into an exit
                raise
            error = error.__context__
        return fail(verb, error, out=out)
    return 0


def _run_alone(verb: str, cfg: DictConfig, out: Path | None, overrides: list[str]) -> Outcome:
    """Run a verb that is no cell of a sweep; the state of a run stands in its folder."""
    if verb not in RUNS or out is None:
        return run_verb(verb, cfg)
    from slowpaths.apps._tracking import decides, run_tracked

    typed = parsed_overrides(verb, overrides)
    axes = {item.get_key_element(): item.get_value_element_as_str() for item in typed}
    return run_tracked(verb, cfg, folder=out, axes=axes, fingerprint=decides(cfg))


def writes(verb: str, cfg: DictConfig, *, wait: bool = False) -> AbstractContextManager[None]:
    """Be the one run that writes the folder of a verb; see `store.lock.sole_writer`."""
    folder = cfg.get("out") or cfg.get("mined") or cfg.get("experiments")
    is_second = verb in ("train", "pretrain") and not is_first_process()
    if verb == "doctor" or not folder or is_second:
        return nullcontext()
    return sole_writer(Path(str(folder)).expanduser(), part=str(cfg.get("part") or "").replace("/", "-of-"), wait=wait)


def answer_shell(arguments: Sequence[str], verbs: Sequence[str]) -> int:
    """Complete a command line for a shell, and return the exit code."""
    from slowpaths.apps._help import complete

    try:
        complete(arguments, verbs)
    except (Exception, KeyboardInterrupt) as error:
        return fail("-sc", error)
    return 0


def _flags(arguments: Sequence[str]) -> Any:
    parser = get_args_parser()

    def refuse(message: str) -> None:
        raise UsageError(f"{message}; `slowpaths --help` lists what there is")

    parser.error = refuse  # type: ignore[method-assign]
    flags = parser.parse_intermixed_args(list(arguments))
    if flags.config_name or flags.config_path:
        raise UsageError("--config-name and --config-path cannot be given: add a folder of your own with --config-dir")
    return flags


def _with_folder(overrides: Sequence[str], folder: str | None) -> list[str]:
    if folder is None:
        return list(overrides)
    if not Path(folder).is_dir():
        raise UsageError(f"--config-dir {folder} is no folder")
    return [f"hydra.searchpath=['file://{Path(folder).resolve()}']", *overrides]


def _show(verb: str, overrides: list[str], flags: Any) -> None:
    with hydra_for(verb, overrides) as read:
        loader = cast(Any, GlobalHydra.instance().hydra)
        try:
            if flags.cfg:
                loader.show_cfg(
                    config_name=verb, overrides=read, cfg_type=flags.cfg, package=flags.package, resolve=flags.resolve
                )
            elif flags.info:
                loader.show_info(flags.info, config_name=verb, overrides=read)
            else:
                loader.hydra_help(config_name=verb, args_parser=get_args_parser(), args=flags)
        except (HydraException, OmegaConfBaseException) as error:
            raise UsageError(explain(verb, error, overrides)) from error


def run_verb(verb: str, cfg: DictConfig) -> Outcome:
    """Run a verb with a composed configuration; a run keeps its configuration and its log in its out folder."""
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)  # other libraries' deprecations are not for users
    limit_threads()
    app = importlib.import_module(f"slowpaths.apps.{verb}")
    quiet_libraries()  # that the app loads
    with _logging(verb, cfg):
        return app.run(cfg)


class _Shown(logging.StreamHandler):
    """Show log lines on the terminal; of a verb that runs within another one, only its own does."""


class _RunRecord(logging.FileHandler):
    """Keep the log and the configuration of a run in its folder, once the run has made it."""

    def __init__(self, folder: RunFolder, configuration: str) -> None:
        super().__init__(folder.log_file, delay=True)
        self._folder, self._configuration = folder, configuration
        self._before: str | None = None  # configuration of the run that was there
        self._waiting: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or let it wait for the folder."""
        self._waiting.append(record)
        self.flush_waiting()

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing of a log that cannot be written: what the run itself cannot write stops it with a sentence."""

    def flush_waiting(self) -> None:
        """Write what waits, where the folder is there."""
        if not self._folder.path.is_dir():
            return
        if self._configuration:
            if self._folder.configuration_file.is_file():
                self._before = self._folder.configuration_file.read_text()
            write_text(self._folder.configuration_file, self._configuration)
            self._folder.log_file.touch()
            self._configuration = ""
        for record in self._waiting:
            super().emit(record)
        self._waiting.clear()

    def take_back(self) -> None:
        """Leave the configuration of the run that was there: this one was refused."""
        self._configuration = ""
        if self._before is not None:
            write_text(self._folder.configuration_file, self._before)

    def close(self) -> None:
        """Write what waits, and close the file."""
        try:
            self.flush_waiting()
        finally:
            super().close()


@contextmanager
def _logging(verb: str, cfg: DictConfig) -> Iterator[None]:
    root, level = logging.getLogger(), logging.getLogger().level
    talks = verb in _TALKS
    shown = _Shown(sys.stdout if talks else sys.stderr)
    shown.setLevel(logging.INFO if talks else logging.WARNING)
    shown.setFormatter(logging.Formatter(_LOG_LINE if talks else "%(message)s"))
    handlers: list[logging.Handler] = [shown]
    record: _RunRecord | None = None
    if verb in RUNS:
        record = _RunRecord(RunFolder(Path(plain(cfg)["out"]).expanduser()), OmegaConf.to_yaml(plain(cfg)))
        record.setFormatter(logging.Formatter(_LOG_LINE))
        handlers.append(record)
    outer = [handler for handler in root.handlers if isinstance(handler, _Shown)]
    root.setLevel(logging.INFO)
    for handler in outer:
        root.removeHandler(handler)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    except UsageError:
        if record is not None:
            record.take_back()
        raise
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
        for handler in outer:
            root.addHandler(handler)
        for handler in handlers:
            with suppress(OSError):  # a full disk
                handler.close()
