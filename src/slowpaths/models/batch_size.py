"""How many clips fit a device at once, tried out."""

from __future__ import annotations

import copy
import logging
import warnings
from itertools import cycle, islice
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from slowpaths.models.optim import adamw

_log = logging.getLogger(__name__)
_DEFAULT, _LEAST_STEPS = 8, 8


def find_batch_size(module: L.LightningModule, loader: DataLoader[Any], *, device: torch.device) -> int:
    """Return the largest power of two of clips whose training step fits a GPU, and log it.

    A copy of the module takes whole steps, with the state of AdamW, which is the largest of our optimisers. An epoch
    keeps at least eight steps, however large the memory. On a CPU nothing bounds the batch that could be tried without
    harm to other programs: there it is 8.

    Args:
        module: Network, loss and what belongs to them; it stays as it is.
        loader: Its training clips.
        device: Where it will train.
    """
    dataset: Any = loader.dataset
    most = max(2, len(dataset) // _LEAST_STEPS)
    if device.type == "cpu":
        _log.info("data.batch_size=auto: %d clips, as always on a CPU", size := min(_DEFAULT, most))
        return size
    size, reason = 2, f"an epoch keeps {_LEAST_STEPS} steps"
    while 2 * size <= most:
        if not _fits(module, loader, 2 * size, device=device):
            reason = f"{2 * size} do not fit"
            break
        size *= 2
    _log.info("data.batch_size=auto: %d clips on %s (%s)", size, device, reason)
    return size


def _fits(module: L.LightningModule, loader: DataLoader[Any], count: int, *, device: torch.device) -> bool:
    """Return whether a step with so many clips fits."""
    assert loader.collate_fn is not None
    dataset: Any = loader.dataset
    batch = loader.collate_fn([dataset[row] for row in islice(cycle(range(len(dataset))), count)])
    try:
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nobody listens to what the module logs
            copied = copy.deepcopy(module).to(device).train()
            weights = [weight for weight in copied.parameters() if weight.requires_grad]
            loss = copied.training_step(batch.to(device), 0)
            assert isinstance(loss, Tensor)
            loss.backward()
            adamw([{"params": weights}], lr=0.0).step()
    except torch.OutOfMemoryError:
        return False
    finally:
        copied = weights = batch = loss = None
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return True
