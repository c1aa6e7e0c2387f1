"""Every convolution over space and time as one over space and one over time."""

from __future__ import annotations

from torch import nn

from slowpaths.data.batch import takes
from slowpaths.models.flat import flatten_kernels
from slowpaths.models.stock import build_residual


@takes("clip")
def build_r2plus1d(*, num_classes: int, depth: int = 50, width: int = 64, dropout: float = 0.5) -> nn.Module:
    """Build R(2+1)D (Tran et al. 2018, arXiv 1711.11248) with bottlenecks, as pytorchvideo does.

    It takes the clip (B, 3, T, H, W).

    Args:
        num_classes: Classes C.
        depth: Depth of the ResNet: 50, 101 or 152.
        width: Channels of the stem.
        dropout: Dropout before the projection.

    Raises:
        UsageError: If a number is out of range.
    """
    network = build_residual(
        "r2plus1d", "create_r2plus1d", num_classes=num_classes, depth=depth, width=width, dropout=dropout
    )
    flatten_kernels(network)
    return network
