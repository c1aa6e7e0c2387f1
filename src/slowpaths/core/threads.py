"""How many threads this process may use, and the one way to bound them in every library that starts its own.

A process takes the cores it may run on, or its share of them where several work at once: two workers with two cores
each would start four busy threads on two cores, and a busy machine makes that many times slower, not twice as fast.
"""

from __future__ import annotations

import multiprocessing.connection
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SHARE = "SLOWPATHS_THREADS"
"""Environment variable with this process's share of the cores; child processes inherit it."""
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
             "VECLIB_MAXIMUM_THREADS", "OPENCV_FOR_THREADS_NUM")  # fmt: skip
"""What numeric libraries read when they are loaded."""
_NUMBERS = ("LOCAL_RANK", "RANK", "NODE_RANK", "SLURM_PROCID")  # of a process among those that train together
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def is_first_process() -> bool:
    """Return whether this is the process that writes, of several that train together, on one machine or on many."""
    return all(os.environ.get(name, "0") == "0" for name in _NUMBERS)


def available_threads() -> int:
    """Return how many threads this process may use: its cores, or its share of them."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota(_QUOTA) or cores, _number(os.environ, SHARE) or cores))


def share_threads(num_processes: int) -> int:
    """Return how many threads each of some processes may use, so that together they use the cores once."""
    return max(1, available_threads() // max(1, num_processes))


def limit_threads(num: int | None = None) -> int:
    """Bound the threads of this process and of those it starts, in libraries that are loaded and that will be.

    Without a number the bound, which is returned, is `available_threads`. What the environment bounds more tightly
    stays.
    """
    num = min(available_threads(), max(1, num)) if num is not None else available_threads()
    is_share = num < (os.cpu_count() or 1)
    if is_share:
        os.environ[SHARE] = str(num)
    for name in VARIABLES:
        if is_share and not 1 <= (_number(os.environ, name) or 0) <= num:
            os.environ[name] = str(num)
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_info, threadpool_limits

        if any(pool["num_threads"] > num for pool in threadpool_info()):
            threadpool_limits(limits=num)
    torch, cv2 = sys.modules.get("torch"), sys.modules.get("cv2")
    if torch is not None and torch.get_num_threads() > num:
        torch.set_num_threads(num)
    if cv2 is not None and cv2.getNumThreads() > num:
        cv2.setNumThreads(num)
    return num


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let PyTorch, which must be loaded, compute in one thread.

    The order of its sums, and so their last digits, depends on the number of threads: with one, footage is mined and
    labelled to the same bytes by one process and by many of a cluster. Small networks gain nothing by two.
    """
    torch = sys.modules["torch"]
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def start_worker(num_threads: int) -> None:
    """Bound the threads of a process that works for another one, and end it where that one is killed.

    What is left of a killed run would go on with work that its next start does again.
    """
    limit_threads(num_threads)
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=[parent.sentinel], daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


def _number(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "")
    return int(text) if text.isdecimal() and int(text) else None


def _quota(path: Path) -> int | None:
    """Return the cores a container may use; None where they are not limited."""
    try:
        quota, period = path.read_text().split()
        return max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):
        return None
