"""Weights, gradients and optimiser states dealt out over processes (FSDP2): `trainer.strategy=fsdp`, on GPUs and CPUs.

Lightning's own strategy of that name shards on NVIDIA GPUs only, and by the older FSDP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lightning.pytorch.strategies import ModelParallelStrategy
from torch import nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard

FSDP = "fsdp"
"""Its name in `trainer.strategy=`."""
_CONTAINERS = (nn.ModuleDict, nn.ModuleList)


class ShardedStrategy(ModelParallelStrategy):
    """Shard over all processes; checkpoints are whole files, which load as those of one process do."""

    def __init__(self) -> None:
        super().__init__(tensor_parallel_size=1, save_distributed_checkpoint=False)

    def setup_environment(self) -> None:
        """Take every process, now that it is known how many there are."""
        self._data_parallel_size = self.num_nodes * self.num_processes
        super().setup_environment()


def shard(module: nn.Module, mesh: DeviceMesh) -> None:
    """Deal the weights of what a module holds out over the processes of a mesh, in place.

    Weights are gathered where what holds them is called, and we call the blocks of SlowFast and the heads of an
    objective one by one: of a module that holds nothing but containers, each of their modules is dealt out by itself.
    """
    for unit in _called(module.children()):
        for weight in unit.parameters():
            weight.data = weight.data.contiguous()  # FSDP2 cuts no channels-last weights; pictures stay so
        fully_shard(unit, mesh=mesh, reshard_after_forward=True)  # each is a root of its own, and roots would not


def _called(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for module in modules:
        children = list(module.children())
        if isinstance(module, _CONTAINERS) or (children and all(isinstance(child, _CONTAINERS) for child in children)):
            yield from _called(children)
        elif any(True for _ in module.parameters()):
            yield module
