from __future__ import annotations

import copy
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from slowpaths.models.flat import FlatConv3d, FlatMaxPool3d, flatten_kernels


@pytest.mark.parametrize(
    ("kernel", "stride", "has_bias"),
    [
        ((1, 3, 3), (1, 1, 1), False),
        ((1, 7, 7), (1, 2, 2), True),
        ((3, 1, 1), (1, 1, 1), False),
        ((7, 1, 1), (4, 1, 1), True),
        ((1, 1, 1), (1, 2, 2), False),
    ],
)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
def test_values_and_gradients_are_those_of_three_dimensions(
    kernel: tuple[int, int, int], stride: tuple[int, int, int], has_bias: bool, memory_format: torch.memory_format
) -> None:
    torch.manual_seed(0)
    conv = nn.Conv3d(3, 5, kernel, stride, [size // 2 for size in kernel], bias=has_bias).double()
    flat = FlatConv3d(copy.deepcopy(conv))
    clip = torch.randn(2, 3, 8, 6, 10, dtype=torch.float64).contiguous(memory_format=memory_format)
    inputs = [clip.clone().requires_grad_(), clip.clone().requires_grad_()]
    outputs = [conv(inputs[0]), flat(inputs[1])]
    assert outputs[0].shape == outputs[1].shape
    assert torch.allclose(*outputs, atol=1e-12)
    for output in outputs:
        (output**2).sum().backward()
    assert torch.allclose(inputs[0].grad, inputs[1].grad, atol=1e-10)
    assert torch.allclose(conv.weight.grad, flat.weight.grad, atol=1e-10)
    assert flat.state_dict().keys() == conv.state_dict().keys()


_MANY_STEPS = """
import torch
from torch import nn
from slowpaths.models.flat import flatten_kernels
torch.set_num_threads(1)
for channels in (3, 4, 6):
    network = nn.Sequential(nn.Conv3d(channels, 16, 1, (1, 2, 2), bias=False))
    flatten_kernels(network)
    for step in range(30):
        clip = torch.randn(4, channels, 8, 16, 16).contiguous(memory_format=torch.channels_last_3d)
        network(clip).square().sum().backward()
        rest = [torch.empty(100 * size) for size in range(1, 20)]
"""


def test_gradients_of_thin_strided_points_stay_within_their_memory() -> None:
    # A write beyond it ends the process: with AVX2 oneDNN's own kernel does within a few steps.
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    done = subprocess.run([sys.executable, "-c", _MANY_STEPS], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]


def test_maxima_are_those_of_three_dimensions() -> None:
    pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
    clip = torch.randn(2, 4, 5, 9, 8)
    assert torch.equal(FlatMaxPool3d(pool)(clip), pool(clip))


def test_only_kernels_that_look_one_way_are_replaced() -> None:
    network = nn.Sequential(nn.Conv3d(1, 2, (5, 7, 7)), nn.Conv3d(2, 2, (1, 3, 3)), nn.MaxPool3d(2))
    flatten_kernels(network)
    assert [type(layer) for layer in network] == [nn.Conv3d, FlatConv3d, nn.MaxPool3d]


@pytest.mark.parametrize(("kernel", "stride"), [((1, 1, 1), (2, 2, 2)), ((1, 3, 3), (2, 1, 1)), ((3, 1, 1), (1, 2, 2))])
def test_a_stride_across_the_kernel_stays_in_three_dimensions(kernel, stride) -> None:
    network = nn.Sequential(nn.Conv3d(2, 3, kernel, stride))
    clip = torch.randn(1, 2, 6, 6, 6)
    expected = network(clip)
    flatten_kernels(network)
    assert torch.equal(network(clip), expected) and type(network[0]) is nn.Conv3d
