"""Parts on tiny tensors: their heads let everything through, and what the networks see is given."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from tests.models.training import view_batch
from torch import Tensor, nn

from slowpaths.models.pretrain.part import Part, Pooled, Sizes, Views

P = TypeVar("P", bound=Part)
FOLDER = "slowpaths.models.pretrain"
PARTS: dict[str, dict[str, Any]] = {
    "byol": {"_target_": f"{FOLDER}.byol.Byol", "hidden": 16, "dim": 8},
    "moco": {"_target_": f"{FOLDER}.moco.Moco", "hidden": 16, "dim": 8, "num_keys": 12},
    "temporal": {"_target_": f"{FOLDER}.temporal.TemporalContrast", "hidden": 16, "dim": 8, "num_windows": 2},
    "cross": {"_target_": f"{FOLDER}.cross.CrossPathway", "hidden": 16, "dim": 8},
    "pace": {"_target_": f"{FOLDER}.pace.Pace"},
    "distil": {"_target_": f"{FOLDER}.distil.Distil"},
}


def seen(online: tuple[Tensor, Tensor], averaged: tuple[Tensor, Tensor] | None = None) -> Views:
    """Return views of which the networks see (slow, fast) features (V, D); both the same where one is given."""
    views = Views(view_batch(len(online[0]) // 2), nn.Identity(), nn.Identity())
    views.__dict__ |= {"online": Pooled(*online), "averaged": Pooled(*(averaged or online))}
    return views


def plain(kind: type[P], **options: Any) -> P:
    """Return a part whose heads let everything through."""
    part = kind(sizes=Sizes(2, 2, ("up", "right")), **options)  # type: ignore[call-arg]
    for name in part.heads:
        part.heads[name] = nn.Identity()
    part.average_heads()
    return part


NOTHING = torch.empty(4, 0)
"""Features of a pathway that sees nothing."""
