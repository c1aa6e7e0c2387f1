"""Start a verb: compose its configuration, run it, and turn what went wrong into one sentence and an exit code."""

from __future__ import annotations

import difflib
import errno
import importlib
import logging
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import hydra
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import slowpaths
from slowpaths.apps import _schema
from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.threads import limit_threads
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_text

RUNS = ("train", "pretrain", "predict", "evaluate")  # verbs whose out= keeps its configuration and log
_TALKS = ("train", "pretrain")  # verbs whose log lines are shown
_LOG_LINE = "[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Hold what a verb ends with.

    Args:
        metric: The number a sweep optimises; None where there is none.
        exit_code: 0 done, 3 done with some input quarantined.
    """

    metric: float | None = None
    exit_code: int = 0


def config_dir() -> Path:
    """Return the folder of the configuration tree: inside the wheel, or beside `src` in a checkout."""
    package = Path(slowpaths.__file__).resolve().parent
    inside, beside = package / "configs", package.parents[1] / "configs"
    return inside if inside.is_dir() else beside


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
        flags = _flags(arguments)
        overrides = _with_folder(flags.overrides, flags.config_dir)
        if flags.help:
            from slowpaths.apps._help import verb_help

            sys.stdout.write(verb_help(verb))
        elif flags.cfg or flags.info or flags.hydra_help:
            _show(verb, overrides, flags)
        elif flags.multirun:
            return _sweep(verb, overrides)
        else:
            cfg = compose(verb, overrides)
            out = Path(cfg.out) if cfg.get("out") else None
            return run_verb(verb, cfg).exit_code
    except (Exception, KeyboardInterrupt) as error:
        return fail(verb, error, out=out)
    return 0


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
    flags = parser.parse_args(list(arguments))
    if flags.config_name or flags.config_path:
        raise UsageError("--config-name and --config-path cannot be given: add a folder of your own with --config-dir")
    return flags


def _with_folder(overrides: Sequence[str], folder: str | None) -> list[str]:
    if folder is None:
        return list(overrides)
    if not Path(folder).is_dir():
        raise UsageError(f"--config-dir {folder} is no folder")
    return [f"hydra.searchpath=['file://{Path(folder).resolve()}']", *overrides]


# Composing


def compose(verb: str, overrides: Sequence[str], *, is_whole: bool = True) -> DictConfig:
    """Return the checked configuration of a verb, with Hydra's own node.

    Args:
        verb: The verb.
        overrides: Hydra overrides, as typed.
        is_whole: Whether a key that must be given may not be missing.

    Raises:
        UsageError: If a key is unknown or missing, or a value is of the wrong kind or out of range.
    """
    with hydra_for(verb, overrides) as read:
        try:
            cfg = hydra.compose(config_name=verb, overrides=read, return_hydra_config=True)
        except (HydraException, OmegaConfBaseException) as error:
            raise UsageError(_explain(verb, error)) from error
        kind = _schema.settings_class(verb)
        empty = [
            item.name
            for item in _schema.fields_of(kind)
            if OmegaConf.is_missing(cfg, item.name) or cfg[item.name] == ""
        ]
        if is_whole and empty:
            name = empty[0]
            raise UsageError(f"{name}= is missing: try `slowpaths {verb} {name}=...`, or `slowpaths {verb} --help`")
        _schema.expand_home(kind, cfg)
        HydraConfig.instance().set_config(cfg)
        own = OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])
        _schema.check(kind, cast(Any, OmegaConf.to_container(own, resolve=True)))
    return cfg


@contextmanager
def hydra_for(verb: str, overrides: Sequence[str]) -> Iterator[list[str]]:
    """Let Hydra compose our configurations; yields the overrides with paths quoted."""
    _schema.install()
    read = [_quoted(verb, text) for text in overrides]
    targets = (re.fullmatch(r"[+]*([\w/]+)\._target_=(.+)", text) for text in read)
    before, _schema.TypedFiles.own_targets = _schema.TypedFiles.own_targets, {m[1]: m[2] for m in targets if m}
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize_config_dir(str(config_dir()), version_base="1.3", job_name=verb):
            yield read
    finally:
        _schema.TypedFiles.own_targets = before


def _quoted(verb: str, text: str) -> str:
    """Return an override with its value quoted, where it is a path or a word that the grammar would read otherwise.

    Raises:
        UsageError: If it cannot be read.
    """
    key, equals, value = text.partition("=")
    annotation = _schema.annotation_of(_schema.settings_class(verb), key) if equals else None
    is_path = annotation is not None and _schema.is_path(annotation)
    quoted = "{}='{}'".format(key, value.removesuffix("\\").replace("'", "\\'"))
    parsed = _parsed(text)
    if parsed is None:
        if is_path and value[:1] not in ("[", "{", '"', "'"):
            return quoted
        raise UsageError(f"cannot read {text}: give a value with spaces, quotes, commas or brackets as '{key}=\"...\"'")
    if annotation is None or parsed.is_sweep_override():
        return text
    if _schema.is_list(annotation) and isinstance(parsed.value(), str):
        return f"{key}=[{value}]"
    if (is_path or annotation is str) and isinstance(
        parsed.value(), int | float
    ):  # a word, though it reads as a number
        return quoted
    return text


def _parsed(text: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(text)
    except HydraException:
        return None


def plain(cfg: Any) -> Any:
    """Return a resolved configuration as plain dicts, lists and scalars.

    Raises:
        UsageError: If a mandatory key has no value.
    """
    try:
        own = OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"]) if "hydra" in cfg else cfg
        return OmegaConf.to_container(own, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise UsageError(f"the configuration cannot be resolved: {_one_line(error)}") from error


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
            raise UsageError(_explain(verb, error)) from error


def _explain(verb: str, error: Exception) -> str:
    """Return what Hydra refuses as one sentence with the full name of the key."""
    cause = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__ or cause.__context__
    text = _one_line(error)
    if match := re.search(r"Could not override '([^']+)'", text):
        return _unknown(verb, match[1].split("@")[0])
    if match := re.search(
        r"Could not find '([^']+)/([^'/]+)' Available options in '[^']+': (.*?)(?: Config search|$)", text
    ):
        return f"unknown {match[1]} '{match[2]}'; choose one of {', '.join(match[3].split())}"
    if match := re.search(r"Ambiguous value for argument '([^=]+)=(.*?)' 1\.", text):
        key, value = match[1], match[2]
        return f"{key}= has several values: give a list, {key}=[{value}], -m for a sweep, or quotes, '{key}=\"...\"'"
    if isinstance(cause, OmegaConfBaseException):
        key = str(cause.full_key or cause.key)
        if "not in" in str(cause.msg):
            return _unknown(verb, key)
        annotation = _schema.annotation_of(_schema.settings_class(verb), key)
        given = re.search(r"[Vv]alue '(.*)' (?:of type|is not a valid|for field)", str(cause.msg), re.DOTALL)
        value = None if "is not Optional" in str(cause.msg) else given[1] if given else ""
        if value != "" and annotation is not None:
            return _schema.refusal(key, value, annotation)
        if value:
            return f"{key}={value} is not {_wanted(str(cause.msg))}"
        return _schema.explain(cause)
    return text


def _wanted(text: str) -> str:
    kinds = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false", "String": "a word"}
    return next((words for name, words in kinds.items() if f"to {name}" in text), "what it takes")


def _unknown(verb: str, key: str) -> str:
    known = known_keys(verb)
    near = difflib.get_close_matches(key, known, n=1) or difflib.get_close_matches(
        key.split(".")[-1], [name.split(".")[-1] for name in known], n=1
    )
    hint = f"did you mean '{near[0]}'?" if near else f"`slowpaths {verb} --help` lists the keys"
    return f"unknown key '{key}'; {hint}"


def known_keys(verb: str) -> list[str]:
    """Return the full names of the keys a verb takes, with its default choices."""

    def walk(node: DictConfig, prefix: str = "") -> list[str]:
        names = []
        for key in node:
            names.append(f"{prefix}{key}")
            if isinstance(child := node._get_node(key), DictConfig) and not child._is_none():
                names += walk(child, f"{prefix}{key}.")
        return names

    with hydra_for(verb, []):
        return walk(hydra.compose(config_name=verb))


def cells(verb: str, overrides: Sequence[str]) -> list[list[str]]:
    """Return the overrides of each cell of a sweep, in order.

    Raises:
        UsageError: If an override cannot be read.
    """
    parsed = [OverridesParser.create().parse_override(_quoted(verb, text)) for text in overrides]
    (batch,) = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    return [list(cell) for cell in batch]


def _one_line(error: BaseException) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()


# Running


def run_verb(verb: str, cfg: DictConfig) -> Outcome:
    """Run a verb with a composed configuration; a run keeps its configuration and its log in its out folder."""
    logging.captureWarnings(True)
    for noisy in ("py.warnings", "lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.rank_zero"):
        logging.getLogger(noisy).setLevel(logging.ERROR)  # other libraries' deprecations are for us, not for users
    limit_threads()
    with _logging(verb, cfg):
        return importlib.import_module(f"slowpaths.apps.{verb}").run(cfg)


class _RunRecord(logging.FileHandler):
    """Keep the log and the configuration of a run in its folder, once the run has made it."""

    def __init__(self, folder: RunFolder, configuration: str) -> None:
        super().__init__(folder.log_file, delay=True)
        self._folder, self._configuration = folder, configuration
        self._waiting: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or let it wait for the folder."""
        self._waiting.append(record)
        self.flush_waiting()

    def flush_waiting(self) -> None:
        """Write what waits, where the folder is there."""
        if not self._folder.path.is_dir():
            return
        if self._configuration:
            write_text(self._folder.configuration_file, self._configuration)
            self._folder.log_file.touch()
            self._configuration = ""
        for record in self._waiting:
            super().emit(record)
        self._waiting.clear()


@contextmanager
def _logging(verb: str, cfg: DictConfig) -> Iterator[None]:
    root, level = logging.getLogger(), logging.getLogger().level
    for name in ("lightning.pytorch", "lightning.fabric"):  # with handlers of their own they say everything twice
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    talks = verb in _TALKS
    shown = logging.StreamHandler(sys.stdout if talks else sys.stderr)
    shown.setLevel(logging.INFO if talks else logging.WARNING)
    shown.setFormatter(logging.Formatter(_LOG_LINE if talks else "%(message)s"))
    handlers: list[logging.Handler] = [shown]
    if verb in RUNS:
        record = _RunRecord(RunFolder(Path(plain(cfg)["out"]).expanduser()), OmegaConf.to_yaml(plain(cfg)))
        record.setFormatter(logging.Formatter(_LOG_LINE))
        handlers.append(record)
    root.setLevel(logging.INFO)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in handlers:
            if isinstance(handler, _RunRecord):
                handler.flush_waiting()
            root.removeHandler(handler)
            handler.close()


def _sweep(verb: str, overrides: Sequence[str]) -> int:
    """Run the cells of a sweep one after another; every one is checked before the first starts."""
    checked = [(cell, compose(verb, cell)) for cell in cells(verb, overrides)]
    codes = []
    for cell, cfg in checked:
        sys.stdout.write(f"cell {' '.join(cell)}\n")
        try:
            codes.append(run_verb(verb, cfg).exit_code)
        except (Exception, KeyboardInterrupt) as error:
            codes.append(fail(verb, error))
    return max(codes, default=0)


# Failing


def fail(verb: str, error: BaseException, *, out: Path | None = None) -> int:
    """Say on the terminal what went wrong, in one sentence.

    Args:
        verb: The verb.
        error: What was raised; the traceback of a fault of ours goes to a file for a bug report.
        out: Folder of the run, where there is one.

    Returns:
        The exit code.
    """
    if isinstance(error, BrokenPipeError):  # whoever read the output went away; nothing can be said to them
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    sentence = sentence_of(error)
    if sentence is None:
        path = _keep_traceback(verb, error, out)
        sentence = f"a fault of slowpaths: {type(error).__name__}; please report it with {path}"
    sys.stderr.write(f"slowpaths {verb}: {sentence}\n")
    return error.exit_code if isinstance(error, SlowpathsError) else 1


def sentence_of(error: BaseException) -> str | None:
    """Return what a user can do about an error, as one sentence; None where it is a fault of ours."""
    name, text = type(error).__name__, _one_line(error)
    if isinstance(error, SlowpathsError):
        return text
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; the same command goes on from here"
    if name == "OutOfMemoryError":
        return "the GPU has too little memory: lower data.batch_size or data.crop_px"
    if isinstance(error, MemoryError):
        return "memory is full: use fewer workers or a smaller batch, or close other programs"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: free some space, and the same command goes on from here"
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"{error.filename or 'a file'} may not be read or written: give another path, or change its permissions"
    if isinstance(error, OSError) and error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG):
        return f"{error.filename} cannot be used ({error.strerror}): give another path"
    if name == "MisconfigurationException":
        return f"the trainer cannot start: {text}"
    if type(error).__module__.startswith("wandb"):
        return f"W&B refuses ({text}): run `wandb login`, or leave WANDB_MODE=offline and `wandb sync` later"
    return None


def _keep_traceback(verb: str, error: BaseException, out: Path | None) -> Path:
    text = "".join(traceback.format_exception(error))
    if out is not None and verb in RUNS and out.is_dir():
        path = RunFolder(out).traceback_file
        write_text(path, text)
        return path
    with tempfile.NamedTemporaryFile("w", prefix=f"slowpaths-{verb}-", suffix=".txt", delete=False) as file:
        file.write(text)
    return Path(file.name)
