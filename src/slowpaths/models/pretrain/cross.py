"""Cross-pathway contrast: what the slow pathway sees in one view, and the fast one in the other, belong together.

After the cross-pathway training of slow and fast (Li et al. 2023). The fast pathway is already copied into the slow one
on its way: so the two sides are different views, and for half of the clips the slow one goes without. Negatives are
other balls of the same match and camera view: a scene tells nothing there.
"""

from __future__ import annotations

from torch import Tensor

from slowpaths.models.pretrain.part import Part, Sizes, Views, info_nce, mlp, unit


class CrossPathway(Part):
    """Contrast slow with fast, both ways.

    Args:
        sizes: What it is built for.
        weight: Weight in the sum.
        hidden: Features of the hidden layers.
        dim: Features of the projections.
        temperature: Temperature of the softmax.
        lateral_drop_p: Share of the clips for which the network that learns hands nothing from fast to slow.
    """

    name = "cross"

    def __init__(
        self,
        *,
        sizes: Sizes,
        weight: float = 0.25,
        hidden: int = 512,
        dim: int = 128,
        temperature: float = 0.1,
        lateral_drop_p: float = 0.5,
    ) -> None:
        super().__init__(weight=weight)
        self.refuse(hidden=hidden, dim=dim, least=1)
        self.refuse(temperature=temperature, least=1e-3)
        self.refuse(lateral_drop_p=lateral_drop_p, least=0.0)
        self.temperature, self.lateral_drop_p = temperature, min(1.0, lateral_drop_p)
        self.heads["slow"] = mlp(sizes.slow, hidden, dim)
        self.heads["fast"] = mlp(sizes.fast, hidden, dim)

    def forward(self, views: Views) -> Tensor:
        """Return the mean over the rows and both ways; 0 where a batch has no two balls of a scene."""
        scene_V, ball_V = views.batch.scene_B, views.batch.ball_B
        is_negative_VV = views.both(scene_V)[:, None] == views.swapped(scene_V)  # key k is the other view of row k
        is_negative_VV &= views.both(ball_V)[:, None] != views.swapped(ball_V)
        losses = []
        for query, key in (("slow", "fast"), ("fast", "slow")):
            query_VD = unit(self.heads[query](getattr(views.online, f"{query}_VD")))
            key_VD = views.swapped(unit(self.averages[key](getattr(views.averaged, f"{key}_VD"))))
            losses.append(
                info_nce(views.both(query_VD), key_VD, key_VD, is_negative_VV, temperature=self.temperature).mean()
            )
        return (losses[0] + losses[1]) / 2
