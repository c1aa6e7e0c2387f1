"""Build SlowFast networks from pytorchvideo's parts, with names that fit the published Kinetics weights.

Legend: B batch, T frames of the fast pathway, H, W pixels, C classes.
"""

from __future__ import annotations

from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.models.flat import flatten_kernels
from slowpaths.models.stock import require_dropout, stock_builder

DEPTHS: tuple[int, ...] = (18, 50, 101, 152)

# The small network for CPUs: one bottleneck a stage, a quarter of the width, and a fast pathway of a quarter (not an
# eighth) of the slow one, which would have two channels only.
TINY: dict[str, int] = {"depth": 18, "width": 16, "channel_ratio": 4, "fusion_kernel": 5}


def build_slowfast(
    *,
    num_classes: int,
    depth: int = 50,
    width: int = 64,
    channel_ratio: int = 8,
    fusion_kernel: int = 7,
    alpha: int = 4,
    dropout: float = 0.5,
    is_flat: bool = True,
) -> nn.Module:
    """Build a SlowFast network (Feichtenhofer et al. 2019, arXiv 1812.03982); the defaults are R50 8x8.

    ::

        slow (B, 3, T/alpha, H, W)      fast (B, 3, T, H, W)
              |                               |
        blocks.0  stem, width           stem, width / channel_ratio
              | <------- fuse, stride alpha --|
        blocks.1  res2, 4 x width       res2
              | <------- fuse ----------------|
        blocks.2  res3, 8 x width       res3
              | <------- fuse ----------------|
        blocks.3  res4, 16 x width      res4
              | <------- fuse ----------------|
        blocks.4  res5, 32 x width      res5
              |                               |
        blocks.5  global average of each, concatenated: 32 x width x (1 + 1 / channel_ratio) features
              |
        blocks.6  dropout, projection -> (B, C)

    Pooling is global whatever the size of the input, so that one network takes 96 px and 256 px, 16 and 32 frames; at
    32 frames of 224 px it is what the Kinetics weights were trained with. The network takes [slow, fast].

    Args:
        num_classes: Classes C.
        depth: Depth of the ResNet, 18, 50, 101 or 152; 18 is one bottleneck block a stage.
        width: Channels of the slow stem.
        channel_ratio: Channels of the slow pathway over those of the fast one.
        fusion_kernel: Frames a fusion convolution looks at.
        alpha: Fast frames to a slow one.
        dropout: Dropout before the projection.
        is_flat: Whether convolutions are computed in two dimensions where they can be: the same numbers, faster.

    Raises:
        UsageError: If the depth is not one of those, or the widths do not divide.
    """
    if depth not in DEPTHS:
        raise UsageError(f"model.depth={depth} is none we build: give one of {', '.join(map(str, DEPTHS))}")
    if min(alpha, fusion_kernel, channel_ratio) < 1:
        raise UsageError("model.alpha, model.fusion_kernel and model.channel_ratio: give at least 1")
    if width < channel_ratio or width % channel_ratio:
        raise UsageError(f"model.width={width} must be a multiple of channel_ratio: give such as {4 * channel_ratio}")
    require_dropout(dropout)
    network = stock_builder("slowfast", "create_slowfast")(
        model_depth=depth,
        model_num_class=num_classes,
        dropout_rate=dropout,
        slowfast_channel_reduction_ratio=(channel_ratio,),
        slowfast_fusion_conv_kernel_size=(fusion_kernel, 1, 1),
        slowfast_fusion_conv_stride=(alpha, 1, 1),
        stem_dim_outs=(width, width // channel_ratio),
        head_pool=nn.AdaptiveAvgPool3d,
        head_output_size=(1, 1, 1),
    )
    if is_flat:
        flatten_kernels(network)
    return network
