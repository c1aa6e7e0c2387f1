"""Going on with a run: what its last checkpoint must hold, and one sentence where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slowpaths.apps._errors import one_line, sentence_of
from slowpaths.core.errors import MissingWeightsError, UsageError
from slowpaths.models.checkpoint import RUN_PARTS, misfit, read_checkpoint, require_finite
from slowpaths.models.ema import EmaModule
from slowpaths.models.rehearsal import Begin
from slowpaths.store.run_folder import RunFolder

_CURE = "delete it to train from the start, or choose another out="
_MIDDLE_CURE = "delete it to go on from the last whole epoch, or choose another out="
_LONGEST = 200  # characters of what torch says of tensors: it lists them all


def run_so_far(folder: RunFolder) -> Mapping[str, Any]:
    """Return what the checkpoint that a run goes on from says of the run: the fields of `RunSettings`.

    Raises:
        MissingWeightsError: If the file cannot be read, or lacks a part.
        SlowpathsError: If a number in it is not finite.
    """
    last = folder.resume_checkpoint or folder.last_checkpoint
    cure = _cure(folder, last)
    content = read_checkpoint(last, cure=cure)
    wrong, run = misfit(content, RUN_PARTS), None
    if not wrong:
        run = content["hyper_parameters"].get("run")
        wrong = "" if isinstance(run, Mapping) else "it does not say of which run"
    if wrong or run is None:
        raise MissingWeightsError(f"a run cannot go on from {last} ({wrong}): {cure}")
    require_finite(content, what=str(last), cure=cure)
    return run


def refuse_other_run(folder: RunFolder, module: EmaModule) -> None:
    """Refuse to go on with a run that learnt something else.

    Raises:
        UsageError: If its settings or clips were others.
        SlowpathsError: As `run_so_far`.
    """
    known = run_so_far(folder)
    if any(known.get(key) != module.hparams["run"][key] for key in ("configuration", "lineage")):
        raise UsageError(f"{folder.path} holds a run with other settings or clips: choose another out=")


def refuse_fewer_epochs(folder: RunFolder, last: Path, max_epochs: int | None) -> None:
    """Refuse to go on with a run that has had more epochs already.

    Raises:
        UsageError: Naming how many.
    """
    had = int(read_checkpoint(last, cure=_cure(folder, last)).get("epoch", -1)) + 1
    if max_epochs is not None and 0 <= max_epochs < had:
        raise UsageError(
            f"{folder.path} holds a run of {had} epochs: give trainer.max_epochs={had} or more, or choose another out="
        )


@contextmanager
def taking(folder: RunFolder, last: Path | None, begin: Begin) -> Iterator[None]:
    """Say in one sentence that a checkpoint does not fit the run that goes on from it.

    Args:
        folder: The run.
        last: The checkpoint; None where the run starts.
        begin: Knows whether what the checkpoint holds has been taken; later errors are not the file's.
    """
    try:
        yield
    except Exception as error:
        if last is None or begin.has_begun or sentence_of(error) is not None:
            raise
        why = f"{type(error).__name__}: {one_line(error)}"[:_LONGEST]
        raise MissingWeightsError(f"a run cannot go on from {last} ({why}): {_cure(folder, last)}") from error


def require_kept(folder: RunFolder, checkpoint: Path) -> None:
    """Refuse a run that went on, where the checkpoint of the epoch it keeps is missing or damaged.

    Raises:
        MissingWeightsError: If it cannot be read.
    """
    last = folder.last_checkpoint
    read_checkpoint(checkpoint, cure=f"restore it, delete {last} to train from the start, or choose another out=")


def _cure(folder: RunFolder, checkpoint: Path | None) -> str:
    return _MIDDLE_CURE if checkpoint == folder.middle_checkpoint else _CURE
