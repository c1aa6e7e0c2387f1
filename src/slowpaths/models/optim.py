"""The optimiser and its schedule, scaled to batch size and run length."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from slowpaths.core.errors import UsageError

# The batch for which `lr` is meant; another one scales it in proportion (Goyal et al. 2017, arXiv 1706.02677).
REFERENCE_BATCH = 8
OPTIMISERS: tuple[str, ...] = ("sgd", "adamw")


def build_optimiser(
    *,
    backbone: Iterable[nn.Parameter],
    head: Iterable[nn.Parameter],
    lr: float,
    batch_size: int,
    head_lr_ratio: float = 10.0,
    weight_decay: float = 1e-4,
    momentum: float = 0.9,
    optimiser: str = "sgd",
) -> Optimizer:
    """Build SGD with Nesterov momentum, or AdamW; vectors (batch norm, biases) do not decay.

    Args:
        backbone: Parameters that were pretrained.
        head: Fresh parameters.
        lr: Learning rate of the backbone at a batch of 8.
        batch_size: Clips a step, over all devices and accumulated batches.
        head_lr_ratio: Learning rate of the head over that of the backbone.
        weight_decay: Decay of matrices and kernels.
        momentum: Momentum of SGD; of the first moment in AdamW.
        optimiser: sgd or adamw (Loshchilov and Hutter 2019, arXiv 1711.05101).

    Raises:
        UsageError: If it is neither.
    """
    if optimiser not in OPTIMISERS:
        raise UsageError(f"unknown optimiser '{optimiser}'; choose {' or '.join(OPTIMISERS)}")
    scaled = lr * batch_size / REFERENCE_BATCH
    groups = []
    for parameters, rate in ((backbone, scaled), (head, scaled * head_lr_ratio)):
        wanted = [parameter for parameter in parameters if parameter.requires_grad]
        for is_matrix, decay in ((True, weight_decay), (False, 0.0)):
            chosen = [parameter for parameter in wanted if (parameter.ndim > 1) == is_matrix]
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    if optimiser == "adamw":
        return AdamW(groups, lr=scaled, betas=(momentum, 0.999))
    return SGD(groups, lr=scaled, momentum=momentum, nesterov=momentum > 0)


def cosine_with_warmup(optimiser: Optimizer, *, num_steps: int, warmup_steps: int) -> LambdaLR:
    """Raise the rate in a line over the warm-up, then let it fall along half a cosine to 0.

    Args:
        optimiser: Its rates are the peaks.
        num_steps: Steps of the whole run.
        warmup_steps: Steps of the warm-up.

    Raises:
        UsageError: If the warm-up is as long as the run (the rate would never reach its peak).
    """
    if warmup_steps >= num_steps:
        raise UsageError(
            f"the warm-up of {warmup_steps} steps does not end within the run of {num_steps}: "
            "lower warmup_epochs or train for more epochs"
        )
    return LambdaLR(optimiser, lambda step: rate_at(step, num_steps=num_steps, warmup_steps=warmup_steps))


def rate_at(step: int, *, num_steps: int, warmup_steps: int) -> float:
    """Return the share of the peak rate at a step.

    Example:
        >>> [round(rate_at(step, num_steps=6, warmup_steps=2), 3) for step in range(7)]
        [0.5, 1.0, 1.0, 0.854, 0.5, 0.146, 0.0]
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup_steps) / (num_steps - warmup_steps))))


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, *, decay: float, num_updates: int) -> None:
    """Move an exponential average of a network one step towards it.

    The first steps use a smaller decay, (1 + n) / (10 + n), or the average would keep the initial weights for
    thousands of steps. Running statistics are averaged alike: those of the network itself belong to other weights.

    Args:
        average: The average; changed in place.
        network: The network that trains.
        decay: Largest decay.
        num_updates: Updates so far.
    """
    decay = min(decay, (1 + num_updates) / (10 + num_updates))
    for old, new in zip(average.parameters(), network.parameters(), strict=True):
        old.lerp_(new, 1 - decay)
    for old, new in zip(average.buffers(), network.buffers(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - decay)
        else:
            old.copy_(new)
