"""The last layers: swapping them, telling them from the backbone, and the factor heads beside them.

Legend: B batch, D pooled features, N the 14 strokes, V values of one factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from slowpaths.core.strokes import FACTORS, STROKES

# The factors of a stroke that get a head of their own: what foot, what plane, where to, with what intent.
FACTOR_NAMES: tuple[str, ...] = ("foot", "plane", "side", "intent")
HEAD_PREFIX = "blocks.6."


def projection(network: nn.Module) -> nn.Linear:
    """Return the last layer of a SlowFast network."""
    return cast(nn.Linear, _blocks(network)[-1].get_submodule("proj"))


def swap_head(network: nn.Module, *, num_classes: int) -> None:
    """Put a fresh projection to another number of classes in place of the old one (initialised as Kinetics heads are).

    Args:
        network: SlowFast network; changed in place.
        num_classes: Classes of the new head.
    """
    fresh = nn.Linear(projection(network).in_features, num_classes)
    nn.init.normal_(fresh.weight, std=0.01)
    nn.init.zeros_(fresh.bias)
    setattr(_blocks(network)[-1], "proj", fresh)  # noqa: B010 - a module's attribute, not one the type knows


def pooled_features(network: nn.Module, pathways: list[Tensor]) -> Tensor:
    """Return the pooled features (B, D) below the head: slow first, then fast.

    Args:
        network: SlowFast network.
        pathways: [slow (B, 3, T / alpha, H, W), fast (B, 3, T, H, W)], normalised.
    """
    state = list(pathways)  # pytorchvideo writes into the list it is given
    for block in _blocks(network)[:-1]:
        state = block(state)
    return cast(Tensor, state).flatten(1)


def classify(network: nn.Module, features_BD: Tensor) -> Tensor:
    """Return the logits (B, N) of pooled features, with the network's own dropout."""
    return _blocks(network)[-1](features_BD[:, :, None, None, None])


def factor_members(name: str) -> tuple[list[str], Tensor]:
    """Return the values of a factor and which strokes have which.

    Args:
        name: One of `FACTOR_NAMES`.

    Returns:
        Values V in order of first use, and membership (N, V) of zeros and ones.

    Example:
        >>> factor_members("intent")[0]
        ['none', 'defend', 'attack']
    """
    values = list(dict.fromkeys(getattr(factors, name) for factors in FACTORS.values()))
    rows = [[float(getattr(FACTORS[stroke], name) == value) for value in values] for stroke in STROKES]
    return values, torch.tensor(rows)


class FactorHeads(nn.Module):
    """Predict foot, plane, side and intent beside the stroke, so that confusions stay among like strokes.

    Args:
        num_features: Pooled features D.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__()
        members = {name: factor_members(name)[1] for name in FACTOR_NAMES}
        self.projections = nn.ModuleDict({name: nn.Linear(num_features, m.shape[1]) for name, m in members.items()})
        for name, matrix in members.items():
            self.register_buffer(f"members_{name}", matrix, persistent=False)

    def forward(self, features_BD: Tensor) -> dict[str, Tensor]:
        """Return the logits (B, V) of every factor."""
        return {name: head(features_BD) for name, head in self.projections.items()}

    def targets(self, probs_BN: Tensor) -> Mapping[str, Tensor]:
        """Return the marginals (B, V) of a distribution over strokes."""
        return {name: probs_BN @ self.get_buffer(f"members_{name}") for name in FACTOR_NAMES}


def _blocks(network: nn.Module) -> nn.ModuleList:
    return cast(nn.ModuleList, network.get_submodule("blocks"))
