"""rho-MoCo: tell the other view of a clip from a queue of other clips.

Feichtenhofer et al. 2021, arXiv 2104.14558, after He et al. 2020, arXiv 1911.05722.
"""

from __future__ import annotations

import torch
from torch import Tensor

from slowpaths.models.pretrain.part import Part, Sizes, Views, info_nce, mlp, unit


class Moco(Part):
    """Contrast with a queue; in it, recordings of the same ball are passed over.

    Args:
        sizes: What it is built for.
        weight: Weight in the sum.
        hidden: Features of the hidden layers; PySlowFast's value of its three layers, as are dim and temperature.
        dim: Features of the projection.
        num_keys: Length of the queue.
        temperature: Temperature of the softmax.
    """

    name = "moco"
    queue_KD: Tensor
    queue_ball_K: Tensor
    next_key: Tensor

    def __init__(
        self,
        *,
        sizes: Sizes,
        weight: float = 1.0,
        hidden: int = 2048,
        dim: int = 128,
        num_keys: int = 4096,
        temperature: float = 0.1,
    ) -> None:
        super().__init__(weight=weight)
        self.refuse(hidden=hidden, dim=dim, num_keys=num_keys, least=1)
        self.refuse(temperature=temperature, least=1e-3)
        self.temperature = temperature
        self.heads["projector"] = mlp(sizes.slow + sizes.fast, hidden, hidden, dim)
        self.register_buffer("queue_KD", torch.zeros(num_keys, dim))
        self.register_buffer("queue_ball_K", torch.full((num_keys,), -1))  # -1: empty
        self.register_buffer("next_key", torch.zeros((), dtype=torch.int64))

    def keys(self, views: Views) -> Tensor:
        """Return the keys of the rows (V, D)."""
        return unit(self.averages["projector"](views.averaged.both_VD))

    def forward(self, views: Views) -> Tensor:
        """Return the mean over the rows."""
        query_VD = views.both(unit(self.heads["projector"](views.online.both_VD)))
        ball_V1 = views.both(views.batch.ball_B)[:, None]
        is_negative_VK = (self.queue_ball_K >= 0) & (self.queue_ball_K != ball_V1)
        positive_VD = views.swapped(self.keys(views))
        queue_KD = self.queue_KD.clone()  # the step goes on to change it before the gradient is taken
        return info_nce(query_VD, positive_VD, queue_KD, is_negative_VK, temperature=self.temperature).mean()

    @torch.no_grad()
    def remember(self, views: Views) -> None:
        """Put the keys of a step into the queue, in place of the oldest."""
        keys_VD = self.keys(views)[-len(self.queue_KD) :]
        places = (self.next_key + torch.arange(len(keys_VD), device=keys_VD.device)) % len(self.queue_KD)
        self.queue_KD[places] = keys_VD
        self.queue_ball_K[places] = views.batch.ball_B[-len(keys_VD) :]
        self.next_key.copy_((self.next_key + len(keys_VD)) % len(self.queue_KD))
