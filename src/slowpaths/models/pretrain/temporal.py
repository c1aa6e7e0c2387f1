"""Within-clip temporal contrast: windows of one clip are told apart (backlift, downswing, impact, follow-through).

Local-local contrast of TCLR, Dave et al. 2021, arXiv 2101.07974: agreement over time alone asks features to be the
same throughout a stroke, the opposite of what tells strokes apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from slowpaths.core.errors import UsageError
from slowpaths.models.pretrain.part import (
    Part,
    Sizes,
    Views,
    info_nce,
    mlp,
    pool_pathways,
    repacked,
    still_statistics,
    unit,
)  # fmt: skip


class TemporalContrast(Part):
    """Find the same window in the other view of the same recording, among the other windows of it.

    The views are shifted in time by a few frames, less than a window is long.

    Args:
        sizes: What it is built for.
        weight: Weight in the sum.
        hidden: Features of the hidden layer.
        dim: Features of the projection.
        num_windows: Windows a clip is cut into.
        temperature: Temperature of the softmax.
    """

    name = "temporal"

    def __init__(
        self,
        *,
        sizes: Sizes,
        weight: float = 0.5,
        hidden: int = 512,
        dim: int = 128,
        num_windows: int = 4,
        temperature: float = 0.1,
    ) -> None:
        super().__init__(weight=weight)
        self.refuse(hidden=hidden, dim=dim, least=1)
        self.refuse(num_windows=num_windows, least=2)
        self.refuse(temperature=temperature, least=1e-3)
        self.num_windows, self.temperature = num_windows, temperature
        self.heads["projector"] = mlp(sizes.slow + sizes.fast, hidden, dim)

    def forward(self, views: Views) -> Tensor:
        """Return the mean over the windows of clips whose two views are of one recording; 0 where there are none."""
        first, second = (self._windows(views, rows_B) for rows_B in (views.first_B, views.second_B))
        with still_statistics(views.network):
            found = self.heads["projector"](pool_pathways(views.network, first).both_VD)
        with torch.no_grad():
            wanted = self.averages["projector"](pool_pathways(views.average, second).both_VD)
        rows = views.batch.index_B
        is_same_B = rows[views.first_B] == rows[views.second_B]
        return window_loss(found, wanted, is_same_B, temperature=self.temperature)

    def _windows(self, views: Views, rows_B: Tensor) -> list[Tensor]:
        fast_BCTHW = views.pathways[1][rows_B]
        length, alpha = fast_BCTHW.shape[2] // self.num_windows, fast_BCTHW.shape[2] // views.pathways[0].shape[2]
        if length < alpha:
            raise UsageError(
                f"data.num_frames={fast_BCTHW.shape[2]} holds no {self.num_windows} windows of {alpha} frames: raise "
                "it, or lower objective.parts.temporal.num_windows"
            )
        cut = fast_BCTHW[:, :, : length * self.num_windows].unflatten(2, (self.num_windows, length))
        return repacked(cut.transpose(1, 2).flatten(0, 1), views.pathways)


def window_loss(found_KD: Tensor, wanted_KD: Tensor, is_same_B: Tensor, *, temperature: float) -> Tensor:
    """Return the contrast of K = B x n windows, those of a clip beside each other, over the clips that count."""
    clip_K = torch.arange(len(is_same_B), device=found_KD.device).repeat_interleave(len(found_KD) // len(is_same_B))
    is_negative_KK = (clip_K[:, None] == clip_K) & ~torch.eye(len(clip_K), dtype=torch.bool, device=found_KD.device)
    wanted_KD = unit(wanted_KD)
    losses_K = info_nce(unit(found_KD), wanted_KD, wanted_KD, is_negative_KK, temperature=temperature)
    counts_K = is_same_B[clip_K].float()
    return (losses_K * counts_K).sum() / counts_K.sum().clamp_min(1)
