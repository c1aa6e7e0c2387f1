"""Where a run stands, kept in its folder: what a sweep resumes by and `slowpaths compare` reads."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps._compose import plain
from slowpaths.apps._errors import exit_code_of, sentence_of
from slowpaths.apps._launch import Outcome, run_verb
from slowpaths.core.errors import SlowpathsError, UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.threads import is_first_process
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.schema import DELIVERIES, LABELS

HEARTBEAT_S = 2.0  # between two states of a run that goes on
_ELSEWHERE = ("out", "logger", "weights_dir", "workers", "engine", "compile")  # where and how it runs, not its result
_DIGESTED_BYTES = 256 * 2**20  # of a file that is read for its digest: tables and checkpoints, not films


def run_tracked(
    verb: str,
    config: DictConfig,
    *,
    folder: Path,
    axes: Mapping[str, str],
    fingerprint: str,
    on_start: Callable[[], None] | None = None,
) -> Outcome:
    """Run a verb and keep its state; of several processes that train together, the first one keeps it.

    Args:
        verb: The verb.
        config: Its composed configuration.
        folder: Folder of the run.
        axes: What was chosen for this run, key -> value.
        fingerprint: From `decides`.
        on_start: Called when the state says that the run goes on; without it, the state waits for the run's folder.
    """
    if not is_first_process():
        return run_verb(verb, config)
    run, started = RunFolder(folder), time.monotonic()
    old = run.state()
    before = old.seconds if old and old.fingerprint == fingerprint else 0.0
    state = RunState(verb=verb, state="running", fingerprint=fingerprint, overrides=dict(axes), seconds=before)
    if on_start is not None or folder.is_dir():
        run.write_state(state)
    if on_start is not None:
        on_start()

    def seconds() -> float:
        return round(before + time.monotonic() - started, 3)

    try:
        with _heartbeat(lambda: folder.is_dir() and run.write_state(replace(state, seconds=seconds()))):
            outcome = run_verb(verb, config)
    except Exception as error:
        is_refused = isinstance(error, UsageError) and old is not None
        if is_refused and (old.state == "done" or old.fingerprint != fingerprint):
            run.write_state(old)  # what is there stays what it was
        elif folder.is_dir():
            reason = sentence_of(error) or f"a fault of slowpaths: {type(error).__name__}"
            code = exit_code_of(error)
            run.write_state(replace(state, state="failed", reason=reason, exit_code=code, seconds=seconds()))
        raise
    if folder.is_dir():
        metrics = {name: value for name, value in outcome.metrics.items() if math.isfinite(value)}
        run.write_state(replace(state, state="done", exit_code=outcome.exit_code, metrics=metrics, seconds=seconds()))
    return outcome


@contextmanager
def _heartbeat(beat: Callable[[], object]) -> Iterator[None]:
    """Call a function again and again meanwhile: what a killed start took is known to within a beat."""
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(HEARTBEAT_S):
            with suppress(SlowpathsError, OSError):  # a full disk is said by the run itself
                beat()

    thread = threading.Thread(target=watch, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def decides(config: DictConfig) -> str:
    """Return the fingerprint of everything that decides the result of a run: its configuration and its inputs.

    An input is whatever file or folder a value of the configuration names, at any depth.
    """
    values = {key: value for key, value in plain(config).items() if key not in _ELSEWHERE}
    out = str(config.get("out") or "")
    inputs = {key: _content(path, out=Path(out).absolute() if out else None) for key, path in _paths(values)}
    return fingerprint({"configuration": values, "inputs": inputs})


def _paths(value: Any, key: str = "") -> Iterator[tuple[str, Path]]:
    """Yield the values of a configuration that name a file or folder which is there, with their keys."""
    if isinstance(value, Mapping):
        for name, inside in value.items():
            yield from _paths(inside, f"{key}.{name}")
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from _paths(inside, f"{key}[{number}]")
    elif isinstance(value, str) and value:
        with suppress(OSError, ValueError):  # too long, or no path at all
            if (path := Path(value)).exists():
                yield key, path


def _content(path: Path, *, out: Path | None) -> str:
    """Return what identifies an input: what a mined folder or a ledger says, a table's digest, else files and sizes.

    Videos are not read for it: their names, sizes and times of change tell them apart. What a run writes is no input.
    """
    mined = MinedFolder(path)
    known = [file for file in (mined.file(LABELS), mined.file(DELIVERIES), mined.ledger_file) if file.is_file()]
    if known:
        return " ".join(file_digest(file) for file in known[:2])
    if path.is_file() and path.stat().st_size <= _DIGESTED_BYTES:
        return file_digest(path)
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    inputs = [file for file in files if out is None or not file.absolute().is_relative_to(out)]
    stats = [(str(file.relative_to(path)), file.stat()) for file in inputs]
    return fingerprint([[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats])
