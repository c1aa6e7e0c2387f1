"""The stroke classifier as a Lightning module: soft targets in, probabilities out.

Legend: B batch, N the 14 strokes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix, MulticlassF1Score

from slowpaths import __version__
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.data.batch import ClipBatch
from slowpaths.models.averaged import AveragedModule, network_input
from slowpaths.models.heads import FactorHeads, classify, pooled_features, projection
from slowpaths.models.losses import LOSSES, adjust_logits, soft_cross_entropy, weighted_mean

CHECKPOINT_KEY = "slowpaths"
CHECKPOINT_FORMAT = 1


class StrokeClassifier(AveragedModule):
    """Train SlowFast on distributions over strokes.

    All arguments are plain values, so a checkpoint holds everything and loads without running code.

    Args:
        depth: As for `build_slowfast`.
        width: As for `build_slowfast`.
        channel_ratio: As for `build_slowfast`.
        fusion_kernel: As for `build_slowfast`.
        alpha: As for `build_slowfast`.
        dropout: As for `build_slowfast`.
        loss: One of `losses.LOSSES`.
        logit_adjustment: Strength of the logit adjustment; needs `class_prior`.
        class_prior: Share of each stroke in training (14).
        factor_weight: Weight of the foot, plane, side and intent heads in the loss; 0 leaves them out.
        lr: Learning rate of the backbone at a batch of 8.
        batch_size: Clips a step, over all devices and accumulated batches.
        head_lr_ratio: Learning rate of the heads over that of the backbone.
        weight_decay: Decay of kernels and matrices.
        momentum: As for `build_optimiser`.
        optimiser: sgd or adamw.
        warmup_epochs: Epochs over which the rate rises.
        ema_decay: Decay of the average of the weights that is validated and kept; 0 keeps none.
        is_backbone_frozen: Whether only the heads train.
        seed: Seed of the weights and of dropout.
        clip: What a clip looks like (`ClipDataModule.clip_settings`); carried by the checkpoint.
        lineage: Fingerprints of label set and split; carried by the checkpoint.
        configuration: Fingerprint of the whole configuration; carried by the checkpoint.
    """

    def __init__(
        self,
        *,
        depth: int = 50,
        width: int = 64,
        channel_ratio: int = 8,
        fusion_kernel: int = 7,
        alpha: int = 4,
        dropout: float = 0.5,
        loss: str = "soft_ce",
        logit_adjustment: float = 1.0,
        class_prior: Sequence[float] | None = None,
        factor_weight: float = 0.3,
        lr: float = 0.01,
        batch_size: int = 8,
        head_lr_ratio: float = 10.0,
        weight_decay: float = 1e-4,
        momentum: float = 0.9,
        optimiser: str = "sgd",
        warmup_epochs: float = 2.0,
        ema_decay: float = 0.999,
        is_backbone_frozen: bool = False,
        seed: int = 0,
        clip: Mapping[str, float | None] | None = None,
        lineage: Mapping[str, str] | None = None,
        configuration: str = "",
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        fingerprint(dict(self.hparams))  # refuses what a checkpoint could not be loaded with
        if loss not in LOSSES:
            raise UsageError(f"unknown loss '{loss}'; choose one of {', '.join(LOSSES)}")
        if class_prior is not None and len(class_prior) != NUM_STROKES:
            raise UsageError(f"class_prior needs {NUM_STROKES} shares, one a stroke, got {len(class_prior)}")
        with torch.random.fork_rng(devices=[]):
            torch.random.default_generator.manual_seed(seed)
            self.build_network(num_classes=NUM_STROKES)
            self.factors = FactorHeads(projection(self.network).in_features) if factor_weight > 0 else None
        self._loss = LOSSES[loss]
        prior = torch.tensor(class_prior or [1 / NUM_STROKES] * NUM_STROKES)
        self.register_buffer("log_prior_N", prior.clamp_min(1e-4).log(), persistent=False)
        self.val_metrics = _metrics("val/")
        self.test_metrics = _metrics("test/")
        self.val_confusion = MulticlassConfusionMatrix(NUM_STROKES)
        self.test_confusion = MulticlassConfusionMatrix(NUM_STROKES)
        self.val_nll, self.test_nll = MeanMetric(), MeanMetric()

    def forward(self, batch: ClipBatch) -> Tensor:
        """Return logits (B, 14), from the averaged weights where there are any."""
        return self.evaluated(network_input(batch))

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Return the projection to strokes and the factor heads."""
        yield from super().head_parameters()
        if self.factors is not None:
            yield from self.factors.parameters()

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the loss of a batch: strokes, and factors beside them."""
        features_BD = pooled_features(self.network, network_input(batch))
        logits_BN = classify(self.network, features_BD).float()
        logits_BN = adjust_logits(logits_BN, self.get_buffer("log_prior_N"), tau=self.hparams["logit_adjustment"])
        losses_B = self._loss(logits_BN, batch.probs_BN)
        if self.factors is not None:
            targets = self.factors.targets(batch.probs_BN)
            extra = [
                soft_cross_entropy(logits.float(), targets[name]) for name, logits in self.factors(features_BD).items()
            ]
            losses_B = losses_B + self.hparams["factor_weight"] * torch.stack(extra).sum(dim=0)
        loss = weighted_mean(losses_B, batch.weights_B)
        self.log("train/loss", loss, on_step=True, on_epoch=True, prog_bar=True, batch_size=len(batch))
        return loss

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> None:
        """Accumulate the metrics of a validation batch."""
        self._measure(batch, metrics=self.val_metrics, confusion=self.val_confusion, nll=self.val_nll, name="val/nll")

    def test_step(self, batch: ClipBatch, batch_idx: int) -> None:
        """Accumulate the metrics of a test batch; each view of a clip counts on its own."""
        self._measure(
            batch, metrics=self.test_metrics, confusion=self.test_confusion, nll=self.test_nll, name="test/nll"
        )

    def on_validation_epoch_start(self) -> None:
        """Empty the confusion matrix (the logged metrics are emptied by Lightning)."""
        self.val_confusion.reset()

    def on_test_epoch_start(self) -> None:
        """Empty the confusion matrix."""
        self.test_confusion.reset()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say in the checkpoint what it is."""
        checkpoint[CHECKPOINT_KEY] = {
            "format": CHECKPOINT_FORMAT,
            "version": __version__,
            "strokes": list(STROKES),
        }

    def _measure(
        self,
        batch: ClipBatch,
        *,
        metrics: MetricCollection,
        confusion: MulticlassConfusionMatrix,
        nll: MeanMetric,
        name: str,
    ) -> None:
        logits_BN = self(batch).float()
        labels_B = batch.probs_BN.argmax(dim=1)
        metrics.update(logits_BN, labels_B)
        confusion.update(logits_BN, labels_B)
        nll.update(soft_cross_entropy(logits_BN, batch.probs_BN), batch.weights_B)
        self.log_dict(dict(metrics.items()), on_step=False, on_epoch=True, batch_size=len(batch))
        self.log(name, nll, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch))


def _metrics(prefix: str) -> MetricCollection:
    return MetricCollection(
        {
            "top1": MulticlassAccuracy(NUM_STROKES, average="micro"),
            "top5": MulticlassAccuracy(NUM_STROKES, average="micro", top_k=5),
            "balanced_accuracy": MulticlassAccuracy(NUM_STROKES, average="macro"),
            "macro_f1": MulticlassF1Score(NUM_STROKES, average="macro"),
        },
        prefix=prefix,
        compute_groups=False,  # logged one by one: groups would share state behind Lightning's back
    )
