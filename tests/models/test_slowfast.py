from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.models.heads import head_prefix
from slowpaths.models.slowfast import TINY, build_slowfast


def stock_builder() -> Callable[..., nn.Module]:
    build_slowfast(num_classes=14, **TINY)  # imports pytorchvideo without the warnings it raises
    from pytorchvideo.models.slowfast import create_slowfast

    return create_slowfast


def size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_r50_is_the_network_of_the_kinetics_weights() -> None:
    with torch.device("meta"):  # shapes only
        ours, stock = build_slowfast(num_classes=400), stock_builder()()
    assert size(ours) == size(stock) == 34_566_488
    shapes = [{name: tensor.shape for name, tensor in network.state_dict().items()} for network in (ours, stock)]
    assert shapes[0] == shapes[1]


def test_outputs_are_those_of_the_stock_builder() -> None:
    ours, plain = (
        build_slowfast(num_classes=14, depth=18).eval(),
        build_slowfast(num_classes=14, depth=18, is_flat=False).eval(),
    )
    # The stock pool has the size of 32 x 224 x 224 built in; here it is given that of a smaller clip.
    pools = ((2, 2, 2), (8, 2, 2))
    stock = stock_builder()(model_depth=18, model_num_class=14, head_pool_kernel_sizes=pools).eval()
    ours.load_state_dict(stock.state_dict())
    plain.load_state_dict(stock.state_dict())
    fast = torch.randn(1, 3, 8, 64, 64, generator=torch.Generator().manual_seed(0))
    slow = fast[:, :, ::4]
    with torch.inference_mode():
        expected = stock([slow, fast])
        assert torch.allclose(plain([slow, fast]), expected, atol=1e-5)
        assert torch.allclose(ours([slow, fast]), expected, atol=1e-5)


def test_sizes_are_golden() -> None:
    with torch.device("meta"):
        assert size(build_slowfast(num_classes=14)) == 34_566_488 - 2305 * 400 + 2305 * 14
        assert size(build_slowfast(num_classes=14, **TINY)) == 841_538


@pytest.mark.parametrize(("num_frames", "side"), [(16, 48), (8, 64)])
def test_any_length_and_size_goes_in(num_frames: int, side: int) -> None:
    network = build_slowfast(num_classes=14, **TINY).eval()
    with torch.inference_mode():
        slow, fast = torch.zeros(1, 3, num_frames // 4, side, side), torch.zeros(1, 3, num_frames, side, side)
        assert network([slow, fast]).shape == (1, 14)


def test_head_is_the_last_block() -> None:
    network = build_slowfast(num_classes=14, **TINY)
    names = [name for name, _ in network.named_parameters() if name.startswith(head_prefix(network))]
    assert names == ["blocks.6.proj.weight", "blocks.6.proj.bias"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 34}, "depth=34"),
        ({"width": 20}, "multiple"),
        ({"channel_ratio": 0}, "at least 1"),
        ({"dropout": 1.0}, "dropout=1.0"),
    ],
)
def test_impossible_networks_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_slowfast(num_classes=14, **options)
