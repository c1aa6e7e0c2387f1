"""The optimiser and its schedule, scaled to batch size and run length."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import build
from slowpaths.models.settings import OptimSettings

# The batch for which `lr` is meant; another one scales it in proportion (Goyal et al. 2017, arXiv 1706.02677).
REFERENCE_BATCH = 8


ParameterGroups = list[dict[str, Any]]


def build_optimiser(
    settings: OptimSettings,
    *,
    backbone: Sequence[Iterable[nn.Parameter]],
    head: Iterable[nn.Parameter],
    batch_size: int,
) -> Optimizer:
    """Build the optimiser over pretrained (backbone) and fresh (head) parameters; vectors (norms, biases) do not decay.

    The backbone comes stage by stage from the input; the last has the rate of the settings, each before it
    `layer_decay` of the next one's. The batch size counts the clips of a step, over all devices and accumulated
    batches.

    Raises:
        UsageError: If the optimiser does not take its arguments.
    """
    scaled = settings.lr * batch_size / REFERENCE_BATCH
    groups: ParameterGroups = []
    rates = [scaled * settings.layer_decay**depth for depth in reversed(range(len(backbone)))]
    for parameters, rate in zip([*backbone, head], [*rates, scaled * settings.head_lr_ratio], strict=True):
        wanted = [parameter for parameter in parameters if parameter.requires_grad]
        for is_matrix, decay in ((True, settings.weight_decay), (False, 0.0)):
            chosen = [parameter for parameter in wanted if (parameter.ndim > 1) == is_matrix]
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return build(settings.optimiser, groups, key="optim.optimiser", lr=scaled)


def sgd(params: ParameterGroups, *, lr: float, momentum: float = 0.9) -> Optimizer:
    """Build SGD with Nesterov momentum.

    Args:
        params: Groups of parameters.
        lr: Rate of groups that have none of their own.
        momentum: Momentum; 0 is plain SGD.
    """
    return SGD(params, lr=lr, momentum=momentum, nesterov=momentum > 0)


def adamw(params: ParameterGroups, *, lr: float, beta1: float = 0.9, beta2: float = 0.999) -> Optimizer:
    """Build AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101).

    Args:
        params: Groups of parameters.
        lr: Rate of groups that have none of their own.
        beta1: Decay of the first moment.
        beta2: Decay of the second moment.
    """
    return AdamW(params, lr=lr, betas=(beta1, beta2))


def cosine_with_warmup(optimiser: Optimizer, *, num_steps: int, warmup_steps: int) -> LambdaLR:
    """Raise the rate in a line over the warm-up, then let it fall along half a cosine to 0 at the end of the run.

    Raises:
        UsageError: If the warm-up is as long as the run (the rate would never reach its peak).
    """
    if warmup_steps >= num_steps:
        raise UsageError(
            f"the warm-up of {warmup_steps} steps does not end within the run of {num_steps}: "
            "lower optim.warmup_epochs or raise trainer.max_epochs"
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
