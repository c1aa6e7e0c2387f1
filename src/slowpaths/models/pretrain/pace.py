"""Pace prediction: say how fast a clip is played, half, as it is, or double (Wang et al. 2020, arXiv 2008.05861)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from slowpaths.core.errors import UsageError
from slowpaths.models.pretrain.part import Part, Sizes, Views, pool_pathways, repacked, still_statistics

STEPS = (1, 2, 4)
"""Frames from one to the next: half the pace, the pace, and double it, of every second frame."""


class Pace(Part):
    """Classify the pace of a quarter of the frames of the first view.

    Args:
        sizes: What it is built for.
        weight: Weight in the sum.
    """

    name = "pace"

    def __init__(self, *, sizes: Sizes, weight: float = 0.1) -> None:
        super().__init__(weight=weight)
        self.heads["pace"] = nn.Linear(sizes.slow + sizes.fast, len(STEPS))

    def forward(self, views: Views) -> Tensor:
        """Return the cross-entropy, mean over the clips; in validation every clip has one pace for good."""
        fast_BCTHW = views.pathways[1][views.first_B]
        if fast_BCTHW.shape[2] < STEPS[-1] * (alpha := fast_BCTHW.shape[2] // views.pathways[0].shape[2]):
            raise UsageError(f"data.num_frames={fast_BCTHW.shape[2]} is too short for three paces: give {4 * alpha}")
        rows_B = views.batch.index_B[views.first_B]
        pace_B = torch.randint(len(STEPS), rows_B.shape, device=rows_B.device) if self.training else rows_B % len(STEPS)
        start_B = torch.full(rows_B.shape, 0.5, device=rows_B.device)
        if self.training:
            start_B = torch.rand(rows_B.shape, device=rows_B.device)
        with still_statistics(views.network):
            pooled = pool_pathways(views.network, repacked(paced(fast_BCTHW, pace_B, start_B), views.pathways))
        return cross_entropy(self.heads["pace"](pooled.both_VD).float(), pace_B)


def paced(fast_BCTHW: Tensor, pace_B: Tensor, start_B: Tensor) -> Tensor:
    """Return a quarter of the frames of each clip at its pace (a number of `STEPS`), from a share of the room before.

    Example:
        >>> clip = torch.arange(8.0).view(1, 1, 8, 1, 1)
        >>> [paced(clip, torch.tensor([pace]), torch.tensor([1.0])).flatten().tolist() for pace in range(3)]
        [[6.0, 7.0], [5.0, 7.0], [3.0, 7.0]]
    """
    length = fast_BCTHW.shape[2] // STEPS[-1]
    step_B = torch.tensor(STEPS, device=pace_B.device)[pace_B]
    room_B = fast_BCTHW.shape[2] - (length - 1) * step_B - 1
    frames_BT = (start_B * room_B).round().long()[:, None] + step_B[:, None] * torch.arange(
        length, device=pace_B.device
    )
    return torch.stack([clip[:, frames] for clip, frames in zip(fast_BCTHW, frames_BT, strict=True)])
