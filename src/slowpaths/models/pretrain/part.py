"""What the parts of a composition share: two views of every clip, seen by the network and by its average.

Legend: B clips of a batch, V = 2 B rows (a view of each clip, then the other of each), D features of an embedding,
T frames, K keys, H, W pixels.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import ClipBatch, pack_pathways
from slowpaths.models.batch_norm import norms
from slowpaths.models.ema import network_input
from slowpaths.models.heads import is_slowfast


class Sizes(NamedTuple):
    """Hold what a part is built for."""

    slow: int  # pooled features of the slow pathway
    fast: int  # pooled features of the fast pathway
    features: tuple[str, ...] = ()  # names of the features of `ClipBatch.features_BF`


class Pooled(NamedTuple):
    """Hold what the two pathways see, averaged over time and picture."""

    slow_VD: Tensor
    fast_VD: Tensor

    @property
    def both_VD(self) -> Tensor:
        """Return slow and fast beside each other, as the head of the network takes them."""
        return torch.cat(self, dim=1)


@dataclass(eq=False)
class Views:
    """Show a batch to a network and to its average, once for all parts that ask.

    Args:
        batch: Rows V, as `data.views` orders them; of one row only, both views are that one.
        network: The network that learns.
        average: The average of its weights; it gets no gradient.
        lateral_V: Factors of what the fast pathway hands to the slow one; None for 1.
    """

    batch: ClipBatch
    network: nn.Module
    average: nn.Module
    lateral_V: Tensor | None = None

    def __post_init__(self) -> None:
        rows = torch.arange(len(self.batch), device=self.batch.index_B.device)
        half = max(1, len(rows) // 2)
        self.first_B, self.second_B = rows[:half], rows[-half:]

    @cached_property
    def pathways(self) -> list[Tensor]:
        """Return [slow, fast] as the network takes them."""
        return network_input(self.batch)

    @cached_property
    def online(self) -> Pooled:
        """Return what the network sees."""
        return pool_pathways(self.network, self.pathways, lateral_B=self.lateral_V)

    @cached_property
    def averaged(self) -> Pooled:
        """Return what the average sees."""
        with torch.no_grad():
            return pool_pathways(self.average, self.pathways)

    def swapped(self, rows_VD: Tensor) -> Tensor:
        """Return for each row the row of the other view of its clip."""
        return torch.cat([rows_VD[self.second_B], rows_VD[self.first_B]])

    def both(self, rows_VD: Tensor) -> Tensor:
        """Return the rows as pairs count them: first views, then second ones."""
        return torch.cat([rows_VD[self.first_B], rows_VD[self.second_B]])


class Part(nn.Module):
    """Be one term of the loss: called with `Views` it returns a number.

    Args:
        weight: Its weight in the sum; 0 leaves it out.
    """

    name: ClassVar[str]  # for messages and metrics
    lateral_drop_p: float = 0.0  # share of clips for which the slow pathway goes without the fast one

    def __init__(self, *, weight: float) -> None:
        super().__init__()
        self.refuse(weight=weight, least=0.0)
        self.weight = weight
        self.heads = nn.ModuleDict()
        self.averages = nn.ModuleDict()

    def refuse(self, *, least: float, **values: float) -> None:
        """Refuse settings below `least` (or at it, where that is not 0 or 1).

        Raises:
            UsageError: Naming the key.
        """
        for key, value in values.items():
            if not isinstance(value, (int, float)) or not least <= value < float("inf"):
                raise UsageError(f"objective.parts.{self.name}.{key}={value} is out of range: give {least:g} or more")

    def average_heads(self) -> None:
        """Keep an average of every head; the composition moves it."""
        self.averages = copy.deepcopy(self.heads).requires_grad_(False)

    def remember(self, views: Views) -> None:
        """Take from a training step what later ones compare with; here nothing."""

    def forward(self, views: Views) -> Tensor:
        """Return the loss."""
        raise NotImplementedError


def mlp(*sizes: int) -> nn.Sequential:
    """Return linear layers of these sizes, batch norm and ReLU between them."""
    layers: list[nn.Module] = []
    for here, there in pairwise(sizes):
        layers += [nn.Linear(here, there), nn.BatchNorm1d(there), nn.ReLU()]
    return nn.Sequential(*layers[:-2])


def unit(rows: Tensor) -> Tensor:
    """Return rows of length 1 in full precision."""
    return F.normalize(rows.float(), dim=-1)


def info_nce(
    query_VD: Tensor, positive_VD: Tensor, other_KD: Tensor, is_negative_VK: Tensor, *, temperature: float
) -> Tensor:
    """Return -log of the share of the positive among it and the negatives (V,), rows of length 1; 0 without negatives.

    van den Oord et al. 2018, arXiv 1807.03748.

    Example:
        >>> e = torch.eye(2)
        >>> info_nce(e, e, e, ~torch.eye(2, dtype=torch.bool), temperature=1.0)  # log(1 + 1/e)
        tensor([0.3133, 0.3133])
    """
    positive_V1 = (query_VD * positive_VD).sum(dim=1, keepdim=True) / temperature
    negative_VK = (query_VD @ other_KD.T / temperature).masked_fill(~is_negative_VK, -torch.inf)
    return torch.cat([positive_V1, negative_VK], dim=1).logsumexp(dim=1) - positive_V1[:, 0]


def sizes_of(network: nn.Module, features: Sequence[str] = ()) -> Sizes:
    """Return how many features the pathways of a SlowFast have.

    Raises:
        UsageError: If the network is no SlowFast of two pathways.
    """
    stages = list(cast(Any, network).blocks)[:-2] if is_slowfast(network) else []
    pathways = getattr(stages[-1], "multipathway_blocks", ()) if stages else ()
    if len(pathways) != 2:
        raise UsageError(
            f"this objective compares the two pathways of a SlowFast, and the network is a {type(network).__name__}: "
            "choose model=slowfast_tiny or model=slowfast_r50, or objective=features"
        )
    slow, fast = (norms(pathway)[-1].num_features for pathway in pathways)
    return Sizes(slow=slow, fast=fast, features=tuple(features))


def pool_pathways(network: nn.Module, pathways: Sequence[Tensor], *, lateral_B: Tensor | None = None) -> Pooled:
    """Return what each pathway of a SlowFast sees, averaged; `lateral_B` scales what fast hands to slow, by clip."""
    stages, state = cast(list[nn.Module], list(cast(Any, network).blocks)[:-2]), cast(Any, list(pathways))
    with _laterals(stages, lateral_B):
        for stage in stages:
            state = stage(state)
    return Pooled(*(pathway.float().mean(dim=(2, 3, 4)) for pathway in state))


@contextmanager
def _laterals(stages: Sequence[nn.Module], factors_B: Tensor | None) -> Iterator[None]:
    def scale(_: nn.Module, inputs: Any, output: Any) -> Any:
        own = inputs[0][0].shape[1]  # channels of the slow pathway itself; the fused ones follow
        assert factors_B is not None
        fused = output[0][:, own:] * factors_B.to(output[0].dtype).view(-1, 1, 1, 1, 1)
        return [torch.cat([output[0][:, :own], fused], dim=1), output[1]]

    fusions = [cast(Any, stage).multipathway_fusion for stage in stages] if factors_B is not None else []
    handles = [fusion.register_forward_hook(scale) for fusion in fusions if fusion is not None]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def still_statistics(network: nn.Module) -> Iterator[None]:
    """Keep the running moments of batch norm as they are: short windows have others than whole clips."""
    before = [(norm, norm.momentum) for norm in norms(network)]
    for norm, _ in before:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in before:
            norm.momentum = momentum


def repacked(fast_BCTHW: Tensor, pathways: Sequence[Tensor]) -> list[Tensor]:
    """Return [slow, fast] of shorter clips, at the ratio of the pathways of whole ones."""
    alpha = pathways[1].shape[2] // pathways[0].shape[2]
    packed = pack_pathways(fast_BCTHW, alpha=alpha)
    return [clip.contiguous(memory_format=torch.channels_last_3d) for clip in packed]
