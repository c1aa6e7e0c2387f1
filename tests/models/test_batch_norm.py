from __future__ import annotations

import torch
from torch import nn

from slowpaths.models.batch_norm import measure_batch_norm, norms


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.conv, self.second = nn.BatchNorm3d(2), nn.Conv3d(2, 3, 1), nn.BatchNorm3d(3)
        self.plain, self.drop = nn.BatchNorm3d(3, track_running_stats=False), nn.Dropout(0.5)

    def forward(self, inputs):
        return self.drop(self.plain(self.second(self.conv(self.first(inputs[0])))))


def batches(number: int = 5) -> list[list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [[3 + place * torch.randn(4, 2, 3, 2, 2, generator=generator)] for place in range(1, number + 1)]


def test_the_statistics_are_the_moments_of_all_batches() -> None:
    network = Small().train()
    measure_batch_norm(network, batches())
    every = torch.cat([batch[0] for batch in batches()])
    assert torch.allclose(network.first.running_mean, every.mean(dim=(0, 2, 3, 4)), atol=1e-5)
    assert torch.allclose(network.first.running_var, every.var(dim=(0, 2, 3, 4), correction=0), rtol=1e-5)
    # The second norm sees batches that the first normalised by their own moments.
    seen = []
    for (batch,) in batches():
        mean, var = batch.mean(dim=(0, 2, 3, 4)), batch.var(dim=(0, 2, 3, 4), correction=0)
        shape = (1, 2, 1, 1, 1)
        seen.append(network.conv((batch - mean.view(shape)) / (var + 1e-5).sqrt().view(shape)))
    inner = torch.cat(seen)
    assert torch.allclose(network.second.running_mean, inner.mean(dim=(0, 2, 3, 4)), atol=1e-5)
    assert torch.allclose(network.second.running_var, inner.var(dim=(0, 2, 3, 4), correction=0), rtol=1e-4)


def test_norms_that_are_still_normalise_by_the_statistics_they_keep() -> None:
    network = Small()
    measure_batch_norm(network, batches(), still=[network.first])
    assert network.first.running_mean.tolist() == [0, 0] and network.first.running_var.tolist() == [1, 1]
    inner = network.conv(network.eval().first(torch.cat([batch[0] for batch in batches()])))
    assert torch.allclose(network.second.running_mean, inner.mean(dim=(0, 2, 3, 4)), atol=1e-5)


def test_a_network_of_one_tensor_gets_one() -> None:
    norm = nn.BatchNorm1d(2)
    measure_batch_norm(norm, [torch.tensor([[1.0, 0.0], [3.0, 0.0]])])
    assert norm.running_mean.tolist() == [2, 0] and norm.running_var.tolist() == [1, 0]


def test_modes_momentum_and_weights_stay_as_they_were() -> None:
    network = Small()
    network.conv.eval()
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    measure_batch_norm(network, batches(2))
    assert [network.first.training, network.conv.training, network.drop.training] == [True, False, True]
    assert network.first.momentum == 0.1
    assert all(torch.equal(weight, before[name]) for name, weight in network.named_parameters())
    assert not network.first._forward_pre_hooks


def test_nothing_changes_without_batches() -> None:
    network = Small()
    measure_batch_norm(network, [])
    assert network.first.running_var.tolist() == [1, 1]
    assert norms(network) == [network.first, network.second]
