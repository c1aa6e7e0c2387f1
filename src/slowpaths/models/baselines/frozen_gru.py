"""The stroke from pictures that a network of photographs has seen: frozen features, a recurrent unit, ordered pooling.

A backbone that was trained on ImageNet and stays as it is, with a recurrent head on its features, is the family that is
strongest on CricShot10 (Sen et al. 2021, doi 10.3390/s21082846: VGG-16 and a GRU).

Legend: B batch, T frames, F = 1280 features of a picture, H states, G segments.
"""

from __future__ import annotations

import torch
from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import NUM_PICTURE_FEATURES, takes


@takes("picture_features")
class FrozenGru(nn.Module):
    """Name the stroke of a sequence of picture features.

    Features are standardised and made narrow, a bidirectional gated recurrent unit reads them, and its states are
    averaged over segments that keep their order: a stroke backwards is another stroke.

    Args:
        num_classes: Classes.
        width: Channels that the features of a picture become.
        hidden: Units of the recurrent layer, each way.
        num_segments: Parts of the window that are averaged each by itself.
        is_centred: Whether each feature is counted from its mean over the window: what does not change during a
            stroke is ground and kit, by which a match is known again and not a stroke.
        dropout: Share of channels that are dropped.

    Raises:
        UsageError: If there is no segment.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        width: int = 128,
        hidden: int = 64,
        num_segments: int = 4,
        is_centred: bool = True,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        if num_segments < 1:
            raise UsageError(f"model.num_segments={num_segments} pools nothing: give 1 or more")
        self.is_centred = is_centred
        self.standardise = nn.BatchNorm1d(NUM_PICTURE_FEATURES, affine=False)
        self.narrow = nn.Sequential(nn.Dropout(dropout), nn.Linear(NUM_PICTURE_FEATURES, width), nn.ReLU())
        self.recurrent = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.pool = nn.AdaptiveAvgPool1d(num_segments)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * hidden * num_segments, num_classes))

    def forward(self, features_BTF: torch.Tensor) -> torch.Tensor:
        """Return logits (B, C)."""
        if self.is_centred:
            features_BTF = features_BTF - features_BTF.mean(dim=1, keepdim=True)
        standard_BTF = self.standardise(features_BTF.transpose(1, 2)).transpose(1, 2)
        states_BTH, _ = self.recurrent(self.narrow(standard_BTF))
        pooled_BHG = self.pool(states_BTH.transpose(1, 2))
        return self.head(pooled_BHG.flatten(1))
