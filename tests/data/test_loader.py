from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from lightning.fabric.utilities.data import _set_sampler_epoch
from torch.utils.data import Dataset

from slowpaths.data.loader import EpochLoader, process_options
from slowpaths.data.sampling import EpochSampler

NUM, SIZE = 11, 3


class Indices(Dataset[int]):
    """Give back what was asked for, and remember it where it is read here."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __getitem__(self, index: int) -> int:
        self.read.append(index)
        return index


LOCK = threading.Lock()


class Locked(Dataset[int]):
    """Take a lock of this module before it gives anything."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        with LOCK:
            return index


def loader(**options: Any) -> EpochLoader:
    order = {"sampler": EpochSampler(NUM, seed=5), "batch_size": SIZE, "drop_last": False}
    return EpochLoader(Indices(), **order, collate_fn=torch.tensor, **options)


def drawn(batches: Any) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_an_iterator_that_was_made_before_the_epoch_was_told_shows_that_epoch(num_workers: int) -> None:
    early, late = loader(**process_options(num_workers)), loader()
    iterator = iter(early)
    for each in (early, late):
        _set_sampler_epoch(each, 4)
    found = drawn(iterator)
    assert found == drawn(late)
    assert sorted(index for batch in found for index in batch) == list(range(4 * NUM, 5 * NUM))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_it_begins_once_in_the_middle_of_an_epoch(num_workers: int) -> None:
    late, whole = loader(**process_options(num_workers)), drawn(loader())
    late.begin_at(2)
    assert drawn(late) == whole[2:] and drawn(late) == whole
    assert len(late) == len(whole) == 4


def test_a_process_that_loads_does_not_wait_for_locks_of_this_one() -> None:
    """In a fork of this process a lock that any of its threads holds would stay shut for ever."""
    batches = torch.utils.data.DataLoader(Locked(), timeout=120, **process_options(1))
    with LOCK:
        assert [int(batch) for batch in batches] == [0, 1]


def test_what_is_left_out_is_not_read() -> None:
    late = loader()
    late.begin_at(3)
    rest = drawn(late)
    assert late.dataset.read == [index for batch in rest for index in batch]  # type: ignore[attr-defined]
