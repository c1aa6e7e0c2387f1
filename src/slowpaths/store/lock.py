"""One writer a folder: locks that the system releases however a process ends, also where it is killed.

The lock of a folder lies beside it (`.<name>.lock`), since the folder may not be there yet and must not look begun; it
is gone when the run ends. On a network file system it holds between machines where that supports `flock` (NFS since
Linux 2.6.12 does, Lustre where it is mounted with it); where it does not, the log says so and nothing is locked.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from slowpaths.core.errors import SlowpathsError
from slowpaths.store.tables import write_error

_log = logging.getLogger(__name__)
_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_LEFTOVER = re.compile(r"\..+\.\w{8}\.part")  # of a write that was killed, as `tables.atomic_write` names it


@contextmanager
def hold(path: Path, *, wait: bool = False, is_shared: bool = False) -> Iterator[bool]:
    """Hold a lock and yield whether it is held.

    Args:
        path: Its file, which is made, and gone again when nobody holds it.
        wait: Wait for whoever holds it.
        is_shared: Hold it together with others that do so too.
    """
    import fcntl

    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("a") as stream:
            try:
                fcntl.flock(stream, kind | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            except OSError as error:
                if error.errno not in _UNSUPPORTED:
                    raise
                _log.warning("%s cannot be locked (%s): start no second run on this folder", path, error.strerror)
            if not _is_file_of(path, stream.fileno()):
                continue  # whoever held it has just removed it
            try:
                yield True
            finally:
                with suppress(OSError):
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
            return


@contextmanager
def sole_writer(folder: Path, *, part: str = "", wait: bool = False) -> Iterator[None]:
    """Be the one run that writes a folder, and remove what writes that were killed have left in it.

    Args:
        folder: It need not be there yet.
        part: Several runs may write one folder where each is another part of the work.
        wait: Wait for the run that writes it.

    Raises:
        SlowpathsError: If another run writes it, or nobody may.
    """
    folder = folder.resolve()
    place = folder.parent if _may_write(folder.parent) else folder
    locks = [(place / f".{folder.name}.lock", bool(part))]
    locks += [(place / f".{folder.name}.{part}.lock", False)] if part else []
    with ExitStack() as held:
        for made in [item for item in (place, *place.parents) if not item.exists()][::-1]:
            held.callback(_remove_if_empty, made)
        for path, is_shared in locks:
            try:
                is_held = held.enter_context(hold(path, wait=wait, is_shared=is_shared))
            except OSError as error:
                raise write_error(folder, error) from error
            if not is_held:
                raise SlowpathsError(f"another run is writing {folder}: wait until it ends, or choose another out=")
        if not part:
            remove_leftovers(folder)
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove half-written files and folders below a folder, but not below one that another run may be writing."""
    for place, folders, files in os.walk(folder):
        leftovers = [name for name in (*folders, *files) if _LEFTOVER.fullmatch(name)]
        is_sweep = ".locks" in folders
        folders[:] = [] if is_sweep else [name for name in folders if f".{name}.lock" not in files]
        for path in (Path(place, name) for name in leftovers):
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _may_write(folder: Path) -> bool:
    return os.access(next(item for item in (folder, *folder.parents) if item.exists()), os.W_OK)


def _is_file_of(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
