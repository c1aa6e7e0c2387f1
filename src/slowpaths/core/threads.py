"""How many threads this process should use: its cores, or its share of them where several processes work at once."""

from __future__ import annotations

import os

_share: int | None = None


def available_threads() -> int:
    """Return how many CPU cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return cores if _share is None else min(cores, _share)


def limit_threads(num: int) -> None:
    """Let this process use fewer cores from now on; libraries that are set up later ask `available_threads`.

    Args:
        num: Threads, at least 1.
    """
    global _share
    _share = max(1, num)
