"""Pretraining on features: from the pixels of a clip to the features that mining measured on the batter's skeleton.

A word for a stroke is a bit or two of what mining knows of it. The stride, the height of the hands and the way of the
bat are some forty features a clip, and need no label and no rule: a network that has learnt to see them names strokes
from a few dozen labelled clips. (Predicting hand-made motion statistics without labels: Wang et al. 2019, arXiv
1904.03597; here they are statistics of a skeleton.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss
from torchmetrics import MeanMetric, Metric

from slowpaths.core.errors import UsageError
from slowpaths.data.batch import ClipBatch
from slowpaths.models.ema import EmaModule, network_input
from slowpaths.models.settings import OptimSettings, RunSettings


class FeatureRegression(EmaModule):
    """Train a network to see features; those that are unknown for a clip are passed over.

    Args:
        feature_names: Names of the features F, as `ClipBatch.features_BF` has them.
        transition: Error at which the loss turns from quadratic to linear, spreads of a feature.
    """

    monitor = "val/loss"

    def __init__(
        self,
        *,
        feature_names: Sequence[str],
        network: Mapping[str, Any],
        optim: OptimSettings | Mapping[str, Any],
        run: RunSettings | Mapping[str, Any],
        transition: float = 1.0,
    ) -> None:
        if not 0 < transition < float("inf"):
            raise UsageError(f"objective.transition={transition} is out of range: give a number above 0")
        names = [str(name) for name in feature_names]
        more = {"feature_names": names, "transition": transition}
        super().__init__(network=network, num_classes=len(names), optim=optim, run=run, more=more)
        self.explained = ShareExplained(len(names))
        self.val_loss = MeanMetric()

    def forward(self, batch: ClipBatch) -> Tensor:
        """Return the features (B, F) in spreads about their medians, from the EMA where there is one."""
        return self.evaluated(network_input(batch))

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the loss of a batch."""
        loss = self._loss(self.network(network_input(batch)), batch)
        self.log_loss(loss, batch)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget the clips of the validation before (the logged mean is emptied by Lightning)."""
        self.explained.reset()

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Accumulate loss and explained share of a validation batch and return its loss."""
        found_BF = self(batch).float()
        self.explained.update(found_BF, batch.features_BF)
        loss = self._loss(found_BF, batch)
        self.val_loss.update(loss.nan_to_num(torch.inf), batch.features_BF.isfinite().sum())
        self.log("val/loss", self.val_loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch))
        return loss

    def on_validation_epoch_end(self) -> None:
        """Log the mean over the features that differ from clip to clip."""
        if (share := self.explained.compute().nanmean()).isfinite():
            self.log("val/r2", share, prog_bar=True)

    def scores(self) -> list[tuple[str, int, float]]:
        """Return of each feature its name, the validation clips it is known of, and R2; NaN where none can be told."""
        shares, counts = self.explained.compute().tolist(), self.explained.num_clips_F.tolist()
        return list(zip(self.hparams["feature_names"], counts, shares, strict=True))

    def _loss(self, found_BF: Tensor, batch: ClipBatch) -> Tensor:
        return known_loss(found_BF.float(), batch.features_BF, transition=self.hparams["transition"])


class ShareExplained(Metric):
    """Measure R2 of each feature over the clips where it is known: 1 is exact, 0 as good as the mean of those clips."""

    full_state_update = False
    sums_4F: Tensor

    def __init__(self, num_features: int) -> None:
        super().__init__()
        # Rows: clips, sum, sum of squares, squared errors.
        self.add_state("sums_4F", torch.zeros((4, num_features), dtype=torch.float64), dist_reduce_fx="sum")

    @property
    def num_clips_F(self) -> Tensor:
        """Return how many clips each feature is known of (F,)."""
        return self.sums_4F[0].long()

    def update(self, found_BF: Tensor, wanted_BF: Tensor) -> None:
        """Add a batch; NaN is unknown."""
        known_BF = wanted_BF.isfinite()
        wanted_BF = wanted_BF.nan_to_num().double()
        errors_BF = (found_BF.double() - wanted_BF).square() * known_BF
        self.sums_4F += torch.stack([known_BF, wanted_BF, wanted_BF.square(), errors_BF]).sum(dim=1)

    def compute(self) -> Tensor:
        """Return R2 (F,); NaN where a feature does not differ, or is known of fewer than two clips."""
        count_F, total_F, squares_F, errors_F = self.sums_4F
        spread_F = squares_F - total_F.square() / count_F.clamp_min(1)
        share_F = 1 - errors_F / spread_F.clamp_min(1e-9)
        return torch.where((count_F > 1) & (spread_F > 1e-9), share_F, torch.nan)


def known_loss(found_BF: Tensor, wanted_BF: Tensor, *, transition: float = 1.0) -> Tensor:
    """Return the mean Huber loss, linear beyond `transition`, over what is known (not NaN); 0 where nothing is.

    Example:
        >>> known_loss(torch.tensor([[0.0, 3.0, 9.0]]), torch.tensor([[1.0, 0.0, torch.nan]])).item()
        1.5
    """
    known_BF = wanted_BF.isfinite()
    losses_BF = smooth_l1_loss(found_BF, wanted_BF.nan_to_num(), reduction="none", beta=transition) * known_BF
    return losses_BF.sum() / known_BF.sum().clamp_min(1)
