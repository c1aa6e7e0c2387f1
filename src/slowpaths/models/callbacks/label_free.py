"""Judge the epochs of a run without a right label.

Validation labels are wrong where the rules are, and the epoch that copies them best need not be the best one. What a
clip may be is the smallest set of strokes that holds 90 % of its label. Legend: B batch, C the 14 strokes, T frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from slowpaths.data.batch import ClipBatch
from slowpaths.models.embedding import moved
from slowpaths.models.settings import LabelFree

_MASS = 0.9  # of a label, in its set of candidates
_JITTER_STEPS = 2  # of what is shown, later


class LabelFreeMetrics(Callback):
    """Log val/covering_rate, val/approximated_accuracy and val/jitter_consistency.

    The last is the share of clips that are named the same where what is shown begins two frames later, of picture
    features two pictures.
    """

    NAMES = get_args(LabelFree)

    def __init__(self) -> None:
        self._values: dict[str, list[Tensor]] = {}

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin anew."""
        self._values = {}

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Judge a batch."""
        assert isinstance(outputs, Mapping)
        logits_BC = outputs["logits_BC"]
        found = {
            "val/covering_rate": covered(logits_BC, batch.probs_BC),
            "val/approximated_accuracy": approximated(logits_BC, batch.probs_BC),
        }
        if isinstance(batch, ClipBatch):
            again_BC = pl_module(moved(batch, _JITTER_STEPS))
            found["val/jitter_consistency"] = (again_BC.argmax(dim=1) == logits_BC.argmax(dim=1)).float()
        for name, values_B in found.items():
            self._values.setdefault(name, []).append(values_B)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the means."""
        for name, values in self._values.items():
            pl_module.log(name, torch.cat(values).mean(), sync_dist=True)


def candidates(probs_BC: Tensor) -> Tensor:
    """Return the smallest sets of strokes (B, C) that hold 90 % of each label, as booleans.

    Example:
        >>> candidates(torch.tensor([[0.6, 0.3, 0.06, 0.04]])).tolist()
        [[True, True, False, False]]
    """
    order_BC = probs_BC.argsort(dim=1, descending=True, stable=True)
    sorted_BC = probs_BC.gather(1, order_BC)
    before_BC = sorted_BC.cumsum(dim=1) - sorted_BC
    return torch.zeros_like(probs_BC, dtype=torch.bool).scatter(1, order_BC, before_BC < _MASS - 1e-6)


def covered(logits_BC: Tensor, probs_BC: Tensor) -> Tensor:
    """Return whether (B,) the named stroke is one the label allows; its mean is the covering rate.

    Wang et al. 2025, "Realistic evaluation of deep partial-label learning algorithms", arXiv 2502.10184.
    """
    return candidates(probs_BC).gather(1, logits_BC.argmax(dim=1, keepdim=True)).squeeze(1).float()


def approximated(logits_BC: Tensor, probs_BC: Tensor) -> Tensor:
    """Return the probability (B,) that the named stroke y is right, q_y p_y / sum(q p); its mean approximates accuracy.

    The same paper, where q is uniform over a set of candidates; the network's own p stands for the true one.
    """
    both_BC = probs_BC * logits_BC.softmax(dim=1)
    named_B1 = logits_BC.argmax(dim=1, keepdim=True)
    return (both_BC.gather(1, named_B1) / both_BC.sum(dim=1, keepdim=True).clamp_min(1e-12)).squeeze(1)
