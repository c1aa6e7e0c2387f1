from __future__ import annotations

from typing import Any

import pytest
import torch
from lightning.fabric.utilities.data import _set_sampler_epoch
from torch.utils.data import Dataset

from slowpaths.data.loader import EpochLoader
from slowpaths.data.sampling import EpochSampler

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")
NUM, SIZE = 11, 3


class Indices(Dataset[int]):
    """Give back what was asked for, and remember it where it is read here."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __getitem__(self, index: int) -> int:
        self.read.append(index)
        return index


def loader(**options: Any) -> EpochLoader:
    order = {"sampler": EpochSampler(NUM, seed=5), "batch_size": SIZE, "drop_last": False}
    return EpochLoader(Indices(), **order, collate_fn=torch.tensor, **options)


def drawn(batches: Any) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_an_iterator_that_was_made_before_the_epoch_was_told_shows_that_epoch(num_workers: int) -> None:
    early, late = loader(num_workers=num_workers), loader()
    iterator = iter(early)
    for each in (early, late):
        _set_sampler_epoch(each, 4)
    found = drawn(iterator)
    assert found == drawn(late)
    assert sorted(index for batch in found for index in batch) == list(range(4 * NUM, 5 * NUM))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_it_begins_once_in_the_middle_of_an_epoch(num_workers: int) -> None:
    late, whole = loader(num_workers=num_workers, persistent_workers=num_workers > 0), drawn(loader())
    late.begin_at(2)
    assert drawn(late) == whole[2:] and drawn(late) == whole
    assert len(late) == len(whole) == 4


def test_what_is_left_out_is_not_read() -> None:
    late = loader()
    late.begin_at(3)
    rest = drawn(late)
    assert late.dataset.read == [index for batch in rest for index in batch]  # type: ignore[attr-defined]
