"""Where a run stands, kept in its folder: what a sweep resumes by and `slowpaths compare` reads."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig

from slowpaths.apps._compose import plain
from slowpaths.apps._errors import exit_code_of, sentence_of
from slowpaths.apps._launch import Outcome, run_verb
from slowpaths.core.errors import SlowpathsError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.threads import is_first_process
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.schema import DELIVERIES, LABELS

HEARTBEAT_S = 2.0  # between two states of a run that goes on
_ELSEWHERE = ("out", "logger", "weights_dir", "workers", "engine", "compile")  # where and how it runs, not its result
_INPUTS = ("mined", "labels", "gold", "init", "ckpt", "predictions", "truth", "shots_truth")


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
        if folder.is_dir():
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
    """Return the fingerprint of everything that decides the result of a run: its configuration and its inputs."""
    values = {key: value for key, value in plain(config).items() if key not in _ELSEWHERE}
    given = {key: values[key] if isinstance(values[key], list) else [values[key]] for key in _INPUTS if values.get(key)}
    inputs = {key: " ".join(_content(Path(str(path))) for path in paths) for key, paths in given.items()}
    return fingerprint({"configuration": values, "inputs": inputs})


def _content(path: Path) -> str:
    """Return what identifies an input: the digest of a file, of the newest labels of a mined folder, or of a ledger."""
    mined = MinedFolder(path)
    candidates = [path, mined.file(LABELS), mined.file(DELIVERIES), mined.ledger_file]
    found = [file_digest(file) for file in candidates if file.is_file()]
    return " ".join(found[:2])
