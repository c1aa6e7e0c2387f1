"""The stroke from the moving skeleton alone: two dilated convolutions and a recurrent unit.

Legend: B batch, S = 32 steps, D = 30 channels of `core.stroke_sequence`, H states.
"""

from __future__ import annotations

import torch
from torch import nn

from slowpaths.core.stroke_sequence import CHANNELS
from slowpaths.data.batch import takes


@takes("skeleton")
class SkeletonGru(nn.Module):
    """Name the stroke of a sequence of skeletons.

    Convolutions over values and differences, a bidirectional gated recurrent unit, mean and maximum over time.

    Args:
        num_classes: Classes.
        width: Channels of the convolutions.
        hidden: Units of the recurrent layer, each way.
        dropout: Share of channels that are dropped.
    """

    def __init__(self, num_classes: int, *, width: int = 96, hidden: int = 64, dropout: float = 0.4) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv1d(2 * CHANNELS, width, 5, padding=2), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout),
            nn.Conv1d(width, width, 5, padding=4, dilation=2), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout),
        )  # fmt: skip
        self.recurrent = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * hidden, num_classes))

    def forward(self, sequences_BSD: torch.Tensor) -> torch.Tensor:
        """Return logits (B, C)."""
        steps_BSD = torch.diff(sequences_BSD, dim=1, prepend=sequences_BSD[:, :1])
        seen_BDS = self.convolutions(torch.cat([sequences_BSD, steps_BSD], dim=2).transpose(1, 2))
        states_BSH, _ = self.recurrent(seen_BDS.transpose(1, 2))
        return self.head(torch.cat([states_BSH.mean(dim=1), states_BSH.amax(dim=1)], dim=1))
