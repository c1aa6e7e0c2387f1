"""Make a trained network fast on CPUs without changing what it says."""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from slowpaths.models.flat import FlatConv3d, flatten_kernels
from slowpaths.models.heads import is_slowfast

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
    """Return a copy of a network for prediction, with the same outputs to rounding; only SlowFast becomes faster.

    In evaluation batch norm is a scale and a shift, so it vanishes into the weights of the convolution before it; what
    can be computed in two dimensions is (see `flatten_kernels`). The copy is quickest on `channels_last_3d`.
    """
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    if not is_slowfast(network):
        return folded  # nothing is known of the order of its layers
    for module in list(folded.modules()):
        for conv_name, norm_name in _PAIRS:
            conv, norm = getattr(module, conv_name, None), getattr(module, norm_name, None)
            if isinstance(conv, (nn.Conv3d, FlatConv3d)) and isinstance(norm, nn.BatchNorm3d):
                mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
                conv.weight, conv.bias = fuse_conv_bn_weights(
                    conv.weight, conv.bias, mean, variance, norm.eps, norm.weight, norm.bias
                )
                setattr(module, norm_name, None)
        if isinstance(module, nn.ReLU):
            module.inplace = True  # its input is the fresh output of a convolution, or a fresh sum
    flatten_kernels(folded)
    return folded
