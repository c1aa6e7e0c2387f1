"""An optimiser of your own: `optim.optimiser._target_=my_optimiser.Lion`.

Any torch optimiser class works too: `optim.optimiser._target_=torch.optim.RMSprop`.
"""

import torch
from torch.optim import Optimizer


class Lion(Optimizer):
    """Move each weight by the sign of a momentum (Chen et al. 2023, arXiv 2302.06675).

    Args:
        params: Groups of parameters with their `lr` and `weight_decay`; slowpaths gives them.
        lr: Rate of groups that have none of their own; slowpaths gives it.
        beta1: Share of the momentum in a step.
        beta2: Decay of the momentum.
    """

    def __init__(self, params, lr, beta1: float = 0.9, beta2: float = 0.99) -> None:
        super().__init__(params, {"lr": lr, "beta1": beta1, "beta2": beta2, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure=None):
        """Take one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                direction = torch.lerp(weight.grad, momentum, group["beta1"]).sign()
                weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * direction)
                momentum.lerp_(weight.grad, 1 - group["beta2"])
        return loss
