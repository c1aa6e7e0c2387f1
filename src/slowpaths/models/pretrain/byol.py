"""rho-BYOL: from one view of a clip, foretell what the averaged network sees in another.

Feichtenhofer et al. 2021, arXiv 2104.14558, after Grill et al. 2020, arXiv 2006.07733. Needs batches of 16 clips or
more: smaller ones have no moments that keep it from collapse, take MoCo there.
"""

from __future__ import annotations

from torch import Tensor

from slowpaths.models.pretrain.part import Part, Sizes, Views, mlp, unit

LEAST_BATCH = 16  # clips


class Byol(Part):
    """Compare a prediction with the other view.

    Args:
        sizes: What it is built for.
        weight: Weight in the sum.
        hidden: Features of the hidden layers; PySlowFast's value.
        dim: Features of the projection; likewise.
    """

    name = "byol"

    def __init__(self, *, sizes: Sizes, weight: float = 1.0, hidden: int = 4096, dim: int = 256) -> None:
        super().__init__(weight=weight)
        self.refuse(hidden=hidden, dim=dim, least=1)
        self.heads["projector"] = mlp(sizes.slow + sizes.fast, hidden, dim)
        self.heads["predictor"] = mlp(dim, hidden, dim)

    def forward(self, views: Views) -> Tensor:
        """Return 2 - <q1, k2> - <q2, k1>, mean over the clips."""
        query_VD = views.both(self.heads["predictor"](self.heads["projector"](views.online.both_VD)))
        key_VD = views.swapped(self.averages["projector"](views.averaged.both_VD))
        return 2 - 2 * (unit(query_VD) * unit(key_VD)).sum(dim=1).mean()
