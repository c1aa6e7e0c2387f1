"""The builders of pytorchvideo, imported without its noise."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

from torch import nn

from slowpaths.core.errors import UsageError


def stock_builder(module: str, name: str) -> Callable[..., Any]:
    """Return a builder of `pytorchvideo.models`."""
    with warnings.catch_warnings():
        # fvcore, which pytorchvideo draws its initialisation from, scripts a loss at import that nothing here uses.
        warnings.filterwarnings("ignore", message=".*torch.jit", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit", category=DeprecationWarning)
        return getattr(importlib.import_module(f"pytorchvideo.models.{module}"), name)


def build_residual(module: str, name: str, *, num_classes: int, depth: int, width: int, dropout: float) -> nn.Module:
    """Build a residual network of one pathway, pooled globally whatever the size of its input.

    Args:
        module: Module of `pytorchvideo.models`.
        name: Its builder.
        num_classes: Classes.
        depth: Depth of the ResNet.
        width: Channels of the stem.
        dropout: Dropout before the projection.

    Raises:
        UsageError: If there is no such depth, or a number is out of range.
    """
    if depth not in (depths := (50, 101, 152)):
        raise UsageError(f"model.depth={depth} is none we build: give one of {', '.join(map(str, depths))}")
    if width < 1:
        raise UsageError(f"model.width={width} is no width: give 1 or more")
    require_dropout(dropout)
    return stock_builder(module, name)(
        model_depth=depth,
        model_num_class=num_classes,
        dropout_rate=dropout,
        stem_dim_out=width,
        head_pool=nn.AdaptiveAvgPool3d,
        head_activation=None,
    )


def require_dropout(dropout: float) -> None:
    """Refuse a share of dropped channels that is none.

    Raises:
        UsageError: If it lies outside 0 .. 1.
    """
    if not 0 <= dropout < 1:
        raise UsageError(f"model.dropout={dropout} is out of range: give 0 or more, and less than 1")
