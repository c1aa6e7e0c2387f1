"""Make a trained network fast on CPUs: batch norm folded into the convolutions, channels last in memory."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# How pytorchvideo's modules name a convolution and the batch norm that follows it; each copes with a missing norm.
_PAIRS: tuple[tuple[str, str], ...] = (
    ("conv", "norm"),
    ("conv_a", "norm_a"),
    ("conv_b", "norm_b"),
    ("conv_c", "norm_c"),
    ("branch1_conv", "branch1_norm"),
    ("conv_fast_to_slow", "norm"),
)


def fold_for_cpu(network: nn.Module) -> nn.Module:
    """Return a copy of a SlowFast network for prediction on a CPU, with the same outputs to rounding.

    In evaluation batch norm is a scale and a shift, so it vanishes into the weights of the convolution before it.

    Args:
        network: SlowFast network; left as it is.

    Returns:
        A copy in evaluation mode. It takes [slow, fast] in any memory format and is quickest on `channels_last_3d`.
    """
    folded = copy.deepcopy(network).eval()
    for module in list(folded.modules()):
        for conv_name, norm_name in _PAIRS:
            conv, norm = getattr(module, conv_name, None), getattr(module, norm_name, None)
            if isinstance(conv, nn.Conv3d) and isinstance(norm, nn.BatchNorm3d):
                setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, None)
    return folded.requires_grad_(False).to(memory_format=torch.channels_last_3d)
