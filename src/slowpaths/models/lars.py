"""LARS, the optimiser of large batches and of BYOL: each layer moves by a share of its own length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from slowpaths.core.errors import UsageError


class Lars(Optimizer):
    """Scale the rate of each matrix w with gradient g by trust |w| / (|g| + decay |w|): layer-wise adaptive rates.

    You, Gitman and Ginsburg 2017, arXiv 1708.03888, algorithm 1. Vectors (biases, batch norm) move as in SGD with
    momentum and do not decay, as in BYOL (Grill et al. 2020, arXiv 2006.07733). A matrix that is 0, or whose gradient
    is, is not scaled.

    Args:
        params: Groups of parameters; `weight_decay` of a group is that of its matrices.
        lr: Rate of groups that have none of their own.
        momentum: Share of the last move that is made again; 0 for none.
        trust: Share of its length that a matrix moves at a rate of 1.

    Raises:
        UsageError: If a value is out of range.
    """

    def __init__(self, params: list[dict[str, Any]], *, lr: float, momentum: float = 0.9, trust: float = 0.001) -> None:
        if not 0 <= momentum < 1:
            raise UsageError(f"optim.optimiser.momentum={momentum} is out of range: give 0 or more, and less than 1")
        if not 0 < trust < float("inf"):
            raise UsageError(f"optim.optimiser.trust={trust} is out of range: give a number above 0")
        super().__init__(params, {"lr": lr, "momentum": momentum, "trust": trust, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move the parameters that have a gradient, and return what the closure returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "velocity" not in state:
                    state["velocity"] = torch.zeros_like(weight)
                state["velocity"].mul_(group["momentum"]).add_(_pull(weight, group), alpha=group["lr"])
                weight.sub_(state["velocity"])
        return loss


def _pull(weight: Tensor, group: dict[str, Any]) -> Tensor:
    """Return gradient and decay of a weight, those of a matrix scaled by its local rate."""
    gradient, decay = weight.grad, group["weight_decay"]
    assert gradient is not None
    if weight.ndim < 2:
        return gradient
    length, slope = torch.linalg.vector_norm(weight), torch.linalg.vector_norm(gradient)
    rate = group["trust"] * length / (slope + decay * length)
    return (gradient + decay * weight) * torch.where((length > 0) & (slope > 0), rate, torch.ones_like(rate))
