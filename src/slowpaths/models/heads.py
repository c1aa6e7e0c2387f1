"""The last layers: telling them from the backbone, and the factor heads beside them.

Legend: B batch, D pooled features of a network, C the 14 strokes, V values of one factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import FACTORS, STROKES

# The factors of a stroke that get a head of their own: what foot, what plane, where to, with what intent.
FACTOR_NAMES: tuple[str, ...] = ("foot", "plane", "side", "intent")


def is_slowfast(network: nn.Module) -> bool:
    """Return whether a network is pytorchvideo's SlowFast: blocks that join two pathways, then one that projects."""
    blocks = getattr(network, "blocks", None)
    return (
        isinstance(blocks, nn.ModuleList)
        and len(blocks) > 1
        and hasattr(blocks[0], "multipathway_blocks")
        and isinstance(getattr(blocks[-1], "proj", None), nn.Linear)
    )


def projection(network: nn.Module) -> nn.Linear:
    """Return the layer that names classes: the last linear one.

    Raises:
        UsageError: If a network has none.
    """
    return cast(nn.Linear, network.get_submodule(_projection_name(network)))


def head_prefix(network: nn.Module) -> str:
    """Return what the names of the head's tensors begin with: the last block of SlowFast, otherwise the projection."""
    return f"blocks.{len(_blocks(network)) - 1}." if is_slowfast(network) else f"{_projection_name(network)}."


@torch.no_grad()
def copy_backbone(source: nn.Module, target: nn.Module) -> None:
    """Copy all tensors of a network but those of its head into another one of the same kind."""
    prefix = head_prefix(source)
    tensors = {name: tensor for name, tensor in source.state_dict().items() if not name.startswith(prefix)}
    target.load_state_dict(tensors, strict=False)


def stages(network: nn.Module) -> list[nn.Module]:
    """Return the parts of the backbone from the input on: what stands beside the head, and has weights.

    Of a network whose only such child holds the head, as `blocks` of SlowFast and X3D does, they are the parts of that
    child.
    """
    head, inside = projection(network), network
    beside: list[nn.Module] = []
    while not beside and inside is not head:
        children = list(inside.children())
        inside = next(child for child in children if head in child.modules())
        beside = [child for child in children if child is not inside and any(True for _ in child.parameters())]
    return beside


def logits_and_features(network: nn.Module, shown: Tensor | list[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the logits (B, C) and the pooled features (B, D) below the head: of SlowFast slow first, then fast.

    SlowFast takes [slow (B, 3, T / alpha, H, W), fast (B, 3, T, H, W)], normalised; of any other network the last
    linear layer names the classes.
    """
    given: Any = list(shown) if isinstance(shown, list) else shown  # pytorchvideo writes into the list it is given
    if is_slowfast(network):
        *backbone, head = _blocks(network)
        for block in backbone:
            given = block(given)
        pooled_BD = cast(Tensor, given).flatten(1)
        return head(pooled_BD[:, :, None, None, None]), pooled_BD  # the head drops out before it projects
    seen: list[Tensor] = []
    handle = projection(network).register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        logits_BC = network(given)
    finally:
        handle.remove()
    return logits_BC, seen[-1].flatten(1)


def factor_members(name: str) -> tuple[list[str], Tensor]:
    """Return the values V of a factor (of `FACTOR_NAMES`) in order of first use, and which strokes have which (C, V).

    Example:
        >>> factor_members("intent")[0]
        ['none', 'defend', 'attack']
    """
    values = list(dict.fromkeys(getattr(factors, name) for factors in FACTORS.values()))
    rows = [[float(getattr(FACTORS[stroke], name) == value) for value in values] for stroke in STROKES]
    return values, torch.tensor(rows)


class FactorHeads(nn.Module):
    """Predict foot, plane, side and intent beside the stroke, so that confusions stay among like strokes."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        members = {name: factor_members(name)[1] for name in FACTOR_NAMES}
        self.projections = nn.ModuleDict({name: nn.Linear(num_features, m.shape[1]) for name, m in members.items()})
        for name, matrix in members.items():
            self.register_buffer(f"members_{name}", matrix, persistent=False)

    def forward(self, pooled_BD: Tensor) -> dict[str, Tensor]:
        """Return the logits (B, V) of every factor."""
        return {name: head(pooled_BD) for name, head in self.projections.items()}

    def targets(self, probs_BC: Tensor) -> Mapping[str, Tensor]:
        """Return the marginals (B, V) of a distribution over strokes."""
        return {name: probs_BC @ self.get_buffer(f"members_{name}") for name in FACTOR_NAMES}


def _projection_name(network: nn.Module) -> str:
    names = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not names:
        raise UsageError(
            f"the network {type(network).__name__} has no torch.nn.Linear to name the classes: end it with one"
        )
    return names[-1]


def _blocks(network: nn.Module) -> nn.ModuleList:
    return cast(nn.ModuleList, network.get_submodule("blocks"))
