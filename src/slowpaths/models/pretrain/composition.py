"""An objective that sums parts, each with its weight: by default SF-XT, agreement of views, time, and pathways."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import build
from slowpaths.data.batch import ClipBatch
from slowpaths.models.ema import EmaModule, update_ema
from slowpaths.models.heads import projection
from slowpaths.models.pretrain.byol import LEAST_BATCH, Byol
from slowpaths.models.pretrain.part import Part, Views, sizes_of
from slowpaths.models.settings import OptimSettings, RunSettings

_log = logging.getLogger(__name__)


class Composition(EmaModule):
    """Train a SlowFast on a weighted sum of parts; the average of its weights is what they compare with.

    The last epoch is kept, not that of the lowest loss: the loss of a network that has collapsed is low.

    Args:
        feature_names: Names of the features F, as `ClipBatch.features_BF` has them.
        parts: Name -> `_target_` of a `Part` and its arguments.
    """

    monitor = None

    def __init__(
        self,
        *,
        feature_names: Sequence[str],
        network: Mapping[str, Any],
        optim: OptimSettings | Mapping[str, Any],
        run: RunSettings | Mapping[str, Any],
        parts: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        wanted = {name: dict(part) for name, part in parts.items() if part is not None}
        more = {"parts": wanted, "feature_names": [str(name) for name in feature_names]}
        super().__init__(network=network, num_classes=1, optim=optim, run=run, more=more)
        if self.ema is None:
            raise UsageError("optim.ema_decay=0 keeps no average to compare with: give such as 0.99")
        projection(self.network).requires_grad_(False)  # it names nothing here
        if any(isinstance(part, Byol) for part in self._parts()) and self.run.batch_size < LEAST_BATCH:
            _log.warning(
                "byol compares batches of %d clips, and below %d it may collapse: raise data.batch_size, or take "
                "objective=moco",
                self.run.batch_size,
                LEAST_BATCH,
            )
        self.val_loss = MeanMetric()

    def build_heads(self) -> None:
        """Build the parts that count."""
        sizes = sizes_of(self.network, self.hparams["feature_names"])
        made = {
            name: build(part, key=f"objective.parts.{name}", sizes=sizes)
            for name, part in self.hparams["parts"].items()
        }
        self.parts = nn.ModuleDict({name: part for name, part in made.items() if part.weight > 0})
        if not self.parts:
            raise UsageError("objective.parts holds nothing of a weight above 0: give one")
        for part in self._parts():
            part.average_heads()

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Return the heads of the parts."""
        for part in self._parts():
            yield from part.heads.parameters()

    def train(self, mode: bool = True) -> Composition:
        """Switch to training; averages stay in evaluation."""
        super().train(mode)
        for part in self._parts():
            part.averages.eval()
        return self

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the weighted sum of a batch."""
        loss = self._loss(batch, stage="train")
        self.log_loss(loss, batch)
        return loss

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the same of clips that are held out."""
        loss = self._loss(batch, stage="val")
        self.val_loss.update(loss.nan_to_num(torch.inf), len(batch))
        self.log("val/loss", self.val_loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch))
        return loss

    def move_averages(self) -> None:
        """Move the averages of network and heads; they come to rest along half a cosine (Grill et al. 2020)."""
        done = min(1.0, self.global_step / max(1, self.trainer.estimated_stepping_batches))
        decay = 1 - (1 - self.optim_settings.ema_decay) * (1 + math.cos(math.pi * done)) / 2
        pairs = [(cast(nn.Module, self.ema), self.network), *((part.averages, part.heads) for part in self._parts())]
        for average, moving in pairs:
            update_ema(average, moving, decay=decay, num_updates=self.global_step)

    def scores(self) -> list[tuple[str, int, float]]:
        """Return rows for features.csv; here there are none."""
        return []

    def _parts(self) -> list[Part]:
        return [cast(Part, part) for part in self.parts.values()] if hasattr(self, "parts") else []

    def _loss(self, batch: ClipBatch, *, stage: str) -> Tensor:
        lateral_V = None
        drop_p = max(part.lateral_drop_p for part in self._parts())
        if self.training and drop_p > 0:
            lateral_V = (torch.rand(len(batch), device=batch.index_B.device) >= drop_p).float()
        assert self.ema is not None
        views = Views(batch, self.network, self.ema, lateral_V)
        losses = {name: cast(Part, part)(views) for name, part in self.parts.items()}
        if self.training:
            for part in self._parts():
                part.remember(views)
        for name, loss in losses.items():
            self.log(f"{stage}/{name}", loss, on_step=False, on_epoch=True, batch_size=len(batch))
        return torch.stack([cast(Part, self.parts[name]).weight * loss for name, loss in losses.items()]).sum()
