"""Pretraining by measuring: from the pixels of a clip to the numbers that mining read off the batter's skeleton.

A word for a stroke is a bit or two of what mining knows of it. The stride, the height of the hands and the way of the
bat are some forty numbers a clip, and need no label and no rule: a network that has learnt to see them names strokes
from a few dozen labelled clips. (Predicting hand-made motion statistics without labels: Wang et al. 2019, arXiv
1904.03597; here they are statistics of a skeleton.)

Legend: B batch, M measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss
from torchmetrics import MeanMetric, Metric

from slowpaths.core.ids import fingerprint
from slowpaths.data.batch import ClipBatch
from slowpaths.models.averaged import AveragedModule, network_input


class MeasurePretraining(AveragedModule):
    """Train SlowFast to measure; measures that are unknown for a clip are passed over.

    All arguments are plain values, so a checkpoint holds everything and loads without running code.

    Args:
        names: Names of the measures M, as `ClipBatch.measures_BM` has them.
        depth: As for `build_slowfast`.
        width: As for `build_slowfast`.
        channel_ratio: As for `build_slowfast`.
        fusion_kernel: As for `build_slowfast`.
        alpha: As for `build_slowfast`.
        dropout: As for `build_slowfast`.
        lr: Learning rate at a batch of 8.
        batch_size: Clips a step, over all devices and accumulated batches.
        head_lr_ratio: Learning rate of the head over that of the backbone.
        weight_decay: Decay of kernels and matrices.
        momentum: As for `build_optimiser`.
        optimiser: sgd or adamw.
        warmup_epochs: Epochs over which the rate rises.
        ema_decay: Decay of the average of the weights that is validated and kept; 0 keeps none.
        is_backbone_frozen: Whether only the head trains.
        seed: Seed of the weights and of dropout.
        clip: What a clip looks like (`ClipDataModule.clip_settings`); carried by the checkpoint.
        lineage: Fingerprints of measures and split; carried by the checkpoint.
        configuration: Fingerprint of the whole configuration; carried by the checkpoint.
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        depth: int = 50,
        width: int = 64,
        channel_ratio: int = 8,
        fusion_kernel: int = 7,
        alpha: int = 4,
        dropout: float = 0.5,
        lr: float = 0.01,
        batch_size: int = 8,
        head_lr_ratio: float = 1.0,
        weight_decay: float = 1e-4,
        momentum: float = 0.9,
        optimiser: str = "sgd",
        warmup_epochs: float = 2.0,
        ema_decay: float = 0.99,
        is_backbone_frozen: bool = False,
        seed: int = 0,
        clip: Mapping[str, float | None] | None = None,
        lineage: Mapping[str, str] | None = None,
        configuration: str = "",
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        fingerprint(dict(self.hparams))  # refuses what a checkpoint could not be loaded with
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.manual_seed(seed)
            self.build_network(num_classes=len(names))
        self.explained = ShareExplained(len(names))
        self.val_loss = MeanMetric()

    def forward(self, batch: ClipBatch) -> Tensor:
        """Return the measures (B, M) in spreads about their medians, from the averaged weights where there are any."""
        return self.evaluated(network_input(batch))

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the loss of a batch."""
        loss = known_loss(self.network(network_input(batch)).float(), batch.measures_BM)
        self.log("train/loss", loss, on_step=True, on_epoch=True, prog_bar=True, batch_size=len(batch))
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget the clips of the validation before (the logged mean is emptied by Lightning)."""
        self.explained.reset()

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> None:
        """Accumulate loss and explained share of a validation batch."""
        found_BM = self(batch).float()
        self.explained.update(found_BM, batch.measures_BM)
        self.val_loss.update(known_loss(found_BM, batch.measures_BM), batch.measures_BM.isfinite().sum())
        self.log("val/loss", self.val_loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch))

    def on_validation_epoch_end(self) -> None:
        """Log the mean over the measures that differ from clip to clip."""
        self.log("val/r2", self.explained.compute().nanmean(), prog_bar=True)


class ShareExplained(Metric):
    """Measure R2 of each measure over the clips where it is known: 1 is exact, 0 as good as the mean of those clips.

    Args:
        num_measures: Measures M.
    """

    full_state_update = False
    sums_4M: Tensor

    def __init__(self, num_measures: int) -> None:
        super().__init__()
        # Rows: clips, sum, sum of squares, squared errors.
        self.add_state("sums_4M", torch.zeros((4, num_measures), dtype=torch.float64), dist_reduce_fx="sum")

    @property
    def num_clips_M(self) -> Tensor:
        """Return how many clips each measure is known of (M,)."""
        return self.sums_4M[0].long()

    def update(self, found_BM: Tensor, wanted_BM: Tensor) -> None:
        """Add a batch; NaN is unknown."""
        known_BM = wanted_BM.isfinite()
        wanted_BM = wanted_BM.nan_to_num().double()
        errors_BM = (found_BM.double() - wanted_BM).square() * known_BM
        self.sums_4M += torch.stack([known_BM, wanted_BM, wanted_BM.square(), errors_BM]).sum(dim=1)

    def compute(self) -> Tensor:
        """Return R2 (M,); NaN where a measure does not differ, or is known of fewer than two clips."""
        count_M, total_M, squares_M, errors_M = self.sums_4M
        spread_M = squares_M - total_M.square() / count_M.clamp_min(1)
        share_M = 1 - errors_M / spread_M.clamp_min(1e-9)
        return torch.where((count_M > 1) & (spread_M > 1e-9), share_M, torch.nan)


def known_loss(found_BM: Tensor, wanted_BM: Tensor) -> Tensor:
    """Return the mean Huber loss over what is known: quadratic within a spread, linear beyond; 0 where nothing is.

    Example:
        >>> known_loss(torch.tensor([[0.0, 3.0, 9.0]]), torch.tensor([[1.0, 0.0, torch.nan]])).item()
        1.5
    """
    known_BM = wanted_BM.isfinite()
    losses_BM = smooth_l1_loss(found_BM, wanted_BM.nan_to_num(), reduction="none") * known_BM
    return losses_BM.sum() / known_BM.sum().clamp_min(1)
