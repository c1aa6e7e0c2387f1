"""The slow pathway alone: what SlowFast is without its fast one.

Legend: B batch, T frames, H, W pixels, C classes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor, nn

from slowpaths.data.batch import pack_pathways, takes
from slowpaths.models.flat import flatten_kernels
from slowpaths.models.stock import build_residual


@takes("clip")
def build_slow_only(
    *, num_classes: int, depth: int = 50, width: int = 64, alpha: int = 4, dropout: float = 0.5
) -> nn.Module:
    """Build the slow pathway of SlowFast (Feichtenhofer et al. 2019, arXiv 1812.03982); the defaults are R50 8x8.

    It takes the clip (B, 3, T, H, W) and looks at the frames of the slow pathway; tensors have the names of
    pytorchvideo's `slow_r50`.

    Args:
        num_classes: Classes C.
        depth: Depth of the ResNet: 50, 101 or 152.
        width: Channels of the stem.
        alpha: Frames of the clip to one that is looked at.
        dropout: Dropout before the projection.

    Raises:
        UsageError: If a number is out of range.
    """
    network = build_residual(
        "resnet", "create_resnet", num_classes=num_classes, depth=depth, width=width, dropout=dropout
    )
    flatten_kernels(network)
    network.register_forward_pre_hook(partial(_take_slow, alpha=alpha))
    return network


def _take_slow(_: nn.Module, given: tuple[Any, ...], *, alpha: int) -> Tensor:
    return pack_pathways(given[0], alpha=alpha)[0]
