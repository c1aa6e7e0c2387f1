"""Compile a network with `torch.compile`: the same names in checkpoints, the same outputs to rounding.

What is compiled are the stages of a network, not the network: training calls the blocks of SlowFast one by one, and the
heads and fusions that hooks look into stay as they are, because compiled code does not see a hook that comes later.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Literal

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn

from slowpaths.core.errors import UsageError
from slowpaths.models.heads import projection

Compile = Literal["eager", "default", "reduce-overhead"]


def require_compiler(device: torch.device) -> None:
    """Compile a small function.

    Raises:
        UsageError: If this machine cannot.
    """
    try:
        torch.compile(lambda x: (x + 1).sin())(torch.zeros(8, device=device))
    except Exception as error:  # what is missing decides which library says so
        why = " ".join(str(error).split())[:200]
        raise UsageError(
            f"compile= finds no compiler that works for {device.type} ({type(error).__name__}: {why}): install g++, on "
            "a GPU Triton too, or leave compile= out"
        ) from error


def compile_network(network: nn.Module, mode: Compile) -> None:
    """Let the stages of a network run compiled, in place; the first batch of each size takes minutes.

    Args:
        network: A network; its parameters keep their names. Copies of it are not compiled.
        mode: "default"; "reduce-overhead" adds CUDA graphs on a GPU; "eager" does nothing.
    """
    if mode != "eager":
        for stage in _stages(network, head=projection(network)):
            stage.compile(mode=None if mode == "default" else mode)


def begin_step() -> None:
    """Tell CUDA graphs, where there are any, that what earlier steps returned is no longer needed."""
    if "torch._inductor.cudagraph_trees" in sys.modules:
        torch.compiler.cudagraph_mark_step_begin()


class CompiledSteps(Callback):
    """Call `begin_step` before every batch."""

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Begin a step of training."""
        begin_step()

    def on_validation_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Begin a batch of validation."""
        begin_step()


def _stages(module: nn.Module, *, head: nn.Module) -> Iterator[nn.Module]:
    fusion = getattr(module, "multipathway_fusion", None)
    for child in module.children():
        holds_head = any(one is head for one in child.modules())
        if holds_head or isinstance(child, (nn.ModuleDict, nn.ModuleList)) or hasattr(child, "multipathway_fusion"):
            yield from _stages(child, head=head)  # of the head itself nothing is left
        elif child is not fusion and any(True for _ in child.parameters()):
            yield child
