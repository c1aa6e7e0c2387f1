from __future__ import annotations

import pytest
import torch
from torch import nn

from slowpaths.models.fold import fold_for_cpu
from slowpaths.models.heads import projection
from slowpaths.models.slowfast import TINY, build_slowfast


def lived_in(*, is_flat: bool = True) -> nn.Module:
    """Return a small network whose batch norms have statistics and scales of their own."""
    torch.manual_seed(0)
    network = build_slowfast(num_classes=14, **TINY, is_flat=is_flat).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -1, 1)
    nn.init.normal_(projection(network).weight)
    return network


@pytest.mark.parametrize("is_flat", [False, True])
def test_folding_changes_no_output(is_flat: bool) -> None:
    network = lived_in(is_flat=is_flat)
    fast = torch.randn(2, 3, 16, 48, 48)
    slow = fast[:, :, ::4].clone()
    with torch.inference_mode():
        folded, plain = fold_for_cpu(network)([slow, fast]), network([slow.clone(), fast.clone()])
    assert plain.abs().max() > 1
    assert (folded - plain).abs().max() < 1e-4


def test_no_norm_is_left_and_the_network_is_untouched() -> None:
    network = lived_in()
    folded = fold_for_cpu(network.train())
    assert not any(isinstance(module, nn.BatchNorm3d) for module in folded.modules())
    assert any(isinstance(module, nn.BatchNorm3d) for module in network.modules())
    assert network.training
    assert not folded.training
