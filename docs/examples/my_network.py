"""A network of your own: `model._target_=my_network.TwoStreams`.

It is called with `num_classes` and its own arguments, takes the two pathways of a clip and ends with a torch.nn.Linear.
"""

import torch
from torch import Tensor, nn


class TwoStreams(nn.Module):
    """Pool two small 3-D convolutions, one on each pathway.

    Args:
        num_classes: Outputs; slowpaths gives it.
        num_features: Channels of each stream.
    """

    def __init__(self, *, num_classes: int, num_features: int = 8) -> None:
        super().__init__()
        self.slow = nn.Conv3d(3, num_features, kernel_size=(1, 7, 7), stride=(1, 4, 4))
        self.fast = nn.Conv3d(3, num_features, kernel_size=(5, 7, 7), stride=(2, 4, 4))
        self.head = nn.Linear(2 * num_features, num_classes)

    def forward(self, pathways: list[Tensor]) -> Tensor:
        """Return logits (B, num_classes) from [slow (B, 3, T / alpha, H, W), fast (B, 3, T, H, W)]."""
        streams = (self.slow, self.fast)
        pooled = [stream(path).relu().mean(dim=(2, 3, 4)) for stream, path in zip(streams, pathways, strict=True)]
        return self.head(torch.cat(pooled, dim=1))
