"""Batch norm of few clips: which layers there are, and their statistics measured over many batches.

Legend: B batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def norms(network: nn.Module) -> list[_BatchNorm]:
    """Return the batch norms of a network that keep statistics."""
    return [one for one in network.modules() if isinstance(one, _BatchNorm) and one.running_mean is not None]


@torch.no_grad()
def measure_batch_norm(
    network: nn.Module, inputs: Iterable[Tensor | list[Tensor]], *, still: Collection[nn.Module] = ()
) -> None:
    """Set the statistics of batch norm to the mean moments of batches under the weights of now, in place.

    Running averages lag behind weights that move, and those of an average of weights belong to no network. Wu and
    Johnson 2021, arXiv 2105.07576, section 3. Nothing changes where there are no batches.

    Args:
        network: The network; its modes stay as they are.
        inputs: What it takes, batches of one size.
        still: Batch norms that keep their statistics, and normalise by them.
    """
    layers = [layer for layer in norms(network) if layer not in still]
    modes = {module: module.training for module in network.modules()}
    momenta = [layer.momentum for layer in layers]
    moments = [(cast(Tensor, layer.running_mean), cast(Tensor, layer.running_var)) for layer in layers]
    sums = [[torch.zeros_like(mean), torch.zeros_like(mean)] for mean, _ in moments]
    counts = [0] * len(layers)

    def count(layer: _BatchNorm, given: tuple[Tensor]) -> None:
        place = layers.index(layer)
        axes = [axis for axis in range(given[0].ndim) if axis != 1]
        for power in (0, 1):
            sums[place][power] += given[0].float().pow(power + 1).mean(dim=axes)
        counts[place] += 1

    handles = [layer.register_forward_pre_hook(count) for layer in layers]
    network.eval()
    for layer in layers:
        layer.train()
        layer.momentum = 0.0  # batches are normalised by their own moments, as in training; nothing is averaged in
    try:
        for batch in inputs:
            network(batch if isinstance(batch, Tensor) else list(batch))
    finally:
        for handle in handles:
            handle.remove()
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        for module, mode in modes.items():
            module.training = mode
    for (mean, var), (total, square), number in zip(moments, sums, counts, strict=True):
        if number:
            mean.copy_(total / number)
            var.copy_((square / number - (total / number) ** 2).clamp_min(0))
