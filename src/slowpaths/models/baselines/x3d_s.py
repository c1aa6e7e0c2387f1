"""A network that was grown for few operations: X3D."""

from __future__ import annotations

from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import takes
from slowpaths.models.flat import flatten_kernels
from slowpaths.models.stock import require_dropout, stock_builder


@takes("clip")
def build_x3d(
    *, num_classes: int, width_factor: float = 2.0, depth_factor: float = 2.2, dropout: float = 0.5
) -> nn.Module:
    """Build X3D (Feichtenhofer 2020, arXiv 2004.04730); the defaults are the S and M network.

    It takes the clip (B, 3, T, H, W), and is pooled globally whatever its size; S was trained on 13 frames at 160 px.

    Args:
        num_classes: Classes C.
        width_factor: Channels over those of the network it was grown from.
        depth_factor: Blocks a stage over those of that network.
        dropout: Dropout before the projection.

    Raises:
        UsageError: If a number is out of range.
    """
    if min(width_factor, depth_factor) <= 0:
        raise UsageError("model.width_factor and model.depth_factor: give numbers above 0")
    require_dropout(dropout)
    network = stock_builder("x3d", "create_x3d")(
        model_num_class=num_classes,
        dropout_rate=dropout,
        width_factor=width_factor,
        depth_factor=depth_factor,
        head_activation=None,
    )
    network.blocks[-1].pool.pool = nn.AdaptiveAvgPool3d(1)
    flatten_kernels(network)
    return network
