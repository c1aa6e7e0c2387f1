"""What went wrong, as one sentence and an exit code; the traceback of a fault of ours goes to a file."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slowpaths.core.errors import SlowpathsError
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_text

_GRACE_S = 20.0  # clusters kill 30 s after they have told to end
_CODE_OF_SIGTERM = 143  # what a shell says of a process that the signal ended
RUNS = ("train", "pretrain", "predict", "evaluate")
"""Verbs whose out= is a run folder."""

# What libraries say where memory is full, by regular expression; each raises an error of its own kind.
_GPU_FULL = r"(cuda|hip|mps backend|xpu) out of memory|_status_alloc_failed"
_MEMORY_FULL = r"bad_alloc|alloc_cpu|allocate memory|(failed|unable) to allocate|(not enough|insufficient) memory"
_SHARED_MEMORY_FULL = r"dataloader worker .*bus error|out of shared memory"
_LOADER_KILLED = r"dataloader worker .*(killed by signal: (killed|terminated)|exited unexpectedly)"
_MEMORY_CURES = {
    _GPU_FULL: "the GPU has too little memory: lower data.batch_size or data.crop_px",
    _MEMORY_FULL: "memory is full: use fewer workers or a smaller batch, or close other programs",
    _SHARED_MEMORY_FULL: "shared memory is full: lower data.num_workers, or give more (of a container by --shm-size), "
    "and the same command goes on from here",
    _LOADER_KILLED: "a process that loads clips was killed, most likely for want of memory: lower data.num_workers, "
    "data.cache_mib or data.batch_size, and the same command goes on from here",
}


class SIGTERMException(SystemExit):
    """Told to end. Lightning has one of the same name; both are a `SystemExit` that would look like success."""


SIGTERM = SIGTERMException.__name__


@contextmanager
def hear_sigterm() -> Iterator[None]:
    """End by a `SIGTERMException` where the process is told to end, and at once where that takes long."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    last = threading.Timer(_GRACE_S, os._exit, [_CODE_OF_SIGTERM])  # where what is being done does not end
    last.daemon = True

    def end(number: int, frame: object) -> None:
        if not last.is_alive():
            last.start()
        raise SIGTERMException(_CODE_OF_SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        last.cancel()


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
    return exit_code_of(error)


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of a verb that ended with an error."""
    if type(error).__name__ == SIGTERM:
        return _CODE_OF_SIGTERM
    return error.exit_code if isinstance(error, SlowpathsError) else 1


def sentence_of(error: BaseException) -> str | None:
    """Return what a user can do about an error, as one sentence; None where it is a fault of ours."""
    name, text = type(error).__name__, one_line(error)
    if isinstance(error, SlowpathsError):
        return text
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; the same command goes on from here"
    if name == SIGTERM:
        return "told to end; the same command goes on from here"
    if name == "OutOfMemoryError":
        return _MEMORY_CURES[_GPU_FULL]
    if isinstance(error, MemoryError):
        return _MEMORY_CURES[_MEMORY_FULL]
    if cure := next((cure for said, cure in _MEMORY_CURES.items() if re.search(said, text, re.IGNORECASE)), None):
        return cure
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: free some space, and the same command goes on from here"
    if isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENXIO, errno.EINVAL):
        return f"{error.filename or 'a file'} cannot be used ({error.strerror}): give another path"
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


def one_line(error: BaseException) -> str:
    """Return the text of an error in one line."""
    return re.sub(r"\s+", " ", str(error)).strip()
