"""Loaders of clips: one learns the epoch before it orders anything, and how the processes of all of them start."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from itertools import islice
from typing import Any

from torch.utils.data import BatchSampler, DataLoader, Sampler

from slowpaths.core.threads import start_worker
from slowpaths.data.batch import ClipItem

_PRELOADED = ("slowpaths.data.clip_dataset", "slowpaths.data.loader")


def process_options(num_workers: int) -> dict[str, Any]:
    """Return the options of a `DataLoader` that say how many processes load, and how they start.

    They start from a server without threads, not as copies of this process: a lock that another thread of this one
    holds at that moment would stay shut in a copy for ever. It is Python's own choice from 3.14 on.
    """
    if num_workers == 0:
        return {"num_workers": 0}
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    context.set_forkserver_preload(list(_PRELOADED))
    return {
        "num_workers": num_workers,
        "multiprocessing_context": context,
        "worker_init_fn": _take_one_core,
        "persistent_workers": True,
    }


def _take_one_core(worker: int) -> None:
    start_worker(1)


class _LateStart(Sampler[list[int]]):
    """Give the batches of another sampler, the first time without the first `num_left_out`, which nothing reads."""

    def __init__(self, batches: Sampler[list[int]]) -> None:
        self.num_left_out = 0
        self._batches = batches

    @property
    def sampler(self) -> Any:
        """Return what Lightning tells the epoch."""
        return getattr(self._batches, "sampler", None)

    def __len__(self) -> int:
        return len(self._batches)  # pyrefly: ignore[bad-argument-type]

    def __iter__(self) -> Iterator[list[int]]:
        left_out, self.num_left_out = self.num_left_out, 0
        yield from islice(self._batches, left_out, None)


class EpochLoader(DataLoader[ClipItem]):
    """Load batches whose order depends on the epoch.

    Nothing is ordered or read before the first batch of an iteration is asked for: Lightning makes the iterator of a
    run that goes on before it tells the sampler the epoch, and worker processes read ahead.

    Args:
        options: As for `DataLoader`, with `batch_sampler`, or `sampler`, `batch_size` and `drop_last`.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        batches = options.pop("batch_sampler", None)
        if batches is None:
            order = (options.pop(name) for name in ("sampler", "batch_size", "drop_last"))
            batches = BatchSampler(*order)
        self._late_start = _LateStart(batches)
        super().__init__(*args, batch_sampler=self._late_start, **options)

    def begin_at(self, batch: int) -> None:
        """Leave out the first batches of the next iteration; a loader stays as long as it is."""
        self._late_start.num_left_out = batch

    def __iter__(self) -> Iterator[Any]:  # pyrefly: ignore[bad-override]
        yield from super().__iter__()
