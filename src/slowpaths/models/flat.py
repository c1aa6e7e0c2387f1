"""Compute SlowFast's convolutions in two dimensions.

SlowFast factorises space and time: nearly all its kernels are (1, k, k) or (k, 1, 1). In channels-last memory such a
convolution is a two-dimensional one on a view of the same numbers, for which libraries have far better kernels than
for three dimensions. Parameters keep their names and shapes, so checkpoints do not notice.

Legend: B batch, C channels, T frames, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# oneDNN 3.13 (torch 2.15) computes the gradient of the weights of a strided convolution of single pixels of fewer
# channels with AVX2, and writes beyond its memory. Where single pixels are passed over first, there is no stride.
_FEWEST_CHANNELS = 8


def flatten_kernels(network: nn.Module) -> None:
    """Put two-dimensional forms in place of the convolutions and poolings that have one; changes `network`."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv3d) and _is_flat(child):
                setattr(module, name, FlatConv3d(child))
            elif isinstance(child, nn.MaxPool3d) and _triple(child.kernel_size)[0] == 1:
                setattr(module, name, FlatMaxPool3d(child))
    network.to(memory_format=torch.channels_last_3d)


class FlatConv3d(nn.Module):
    """Convolve over space (1, k, k) or over time (k, 1, 1) only, with the parameters of a plain convolution."""

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        assert _is_flat(conv)
        assert not isinstance(conv.padding, str)
        self.weight, self.bias = conv.weight, conv.bias
        self._is_spatial = conv.kernel_size[0] == 1
        axes = slice(1, 3) if self._is_spatial else slice(0, 2)
        self._stride, self._padding = _triple(conv.stride)[axes], _triple(conv.padding)[axes]
        self._is_thin_point = conv.kernel_size == (1, 1, 1) and conv.in_channels < _FEWEST_CHANNELS

    def forward(self, clip_BCTHW: Tensor) -> Tensor:
        """Return the convolution (B, C', T', H', W')."""
        kernel = self.weight[:, :, 0] if self._is_spatial else self.weight[:, :, :, :, 0]

        def conv(planes: Tensor) -> Tensor:
            if self._is_thin_point and not any(self._padding):
                down, across = self._stride
                return F.conv2d(planes[:, :, ::down, ::across], kernel, self.bias)
            return F.conv2d(planes, kernel, self.bias, stride=self._stride, padding=self._padding)

        return _over_frames(clip_BCTHW, conv) if self._is_spatial else _over_time(clip_BCTHW, conv)


class FlatMaxPool3d(nn.Module):
    """Take the maximum over space (1, k, k)."""

    def __init__(self, pool: nn.MaxPool3d) -> None:
        super().__init__()
        self._kernel, self._stride, self._padding = (
            _triple(value)[1:] for value in (pool.kernel_size, pool.stride, pool.padding)
        )

    def forward(self, clip_BCTHW: Tensor) -> Tensor:
        """Return the maxima (B, C, T, H', W')."""
        return _over_frames(clip_BCTHW, lambda planes: F.max_pool2d(planes, self._kernel, self._stride, self._padding))


def _is_flat(conv: nn.Conv3d) -> bool:
    is_plain = conv.groups == 1 and set(conv.dilation) == {1} and not isinstance(conv.padding, str)
    is_spatial = conv.kernel_size[0] == conv.stride[0] == 1  # a stride is along the axes of the kernel, or none
    return is_plain and (is_spatial or (conv.kernel_size[0] > 1 and conv.kernel_size[1:] == conv.stride[1:] == (1, 1)))


def _over_frames(clip_BCTHW: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function of (B T, C, H, W); nothing is copied where the clip is channels last."""
    batch, channels, frames, height, width = clip_BCTHW.shape
    last = clip_BCTHW.permute(0, 2, 3, 4, 1).reshape(batch * frames, height, width, channels)
    planes = function(last.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    return planes.reshape(batch, frames, *planes.shape[1:]).permute(0, 4, 1, 2, 3)


def _over_time(clip_BCTHW: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function of (B, C, T, H W); nothing is copied where the clip is channels last."""
    batch, channels, frames, height, width = clip_BCTHW.shape
    last = clip_BCTHW.permute(0, 2, 3, 4, 1).reshape(batch, frames, height * width, channels)
    planes = function(last.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    return planes.reshape(batch, planes.shape[1], height, width, planes.shape[-1]).permute(0, 4, 1, 2, 3)


def _triple(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value,) * 3 if isinstance(value, int) else tuple(int(number) for number in value)
