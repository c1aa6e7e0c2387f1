"""The stroke classifier as a Lightning module: soft targets in, probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix, MulticlassF1Score

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import arguments_of, build, locate, target_of
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.data.batch import ClipBatch
from slowpaths.models.checkpoint import CHECKPOINT_KEY
from slowpaths.models.ema import SLOWFAST, EmaModule, network_input
from slowpaths.models.heads import FactorHeads, logits_and_features, projection
from slowpaths.models.losses import adjust_logits, soft_cross_entropy, weighted_mean
from slowpaths.models.settings import LossSettings, OptimSettings, RunSettings, as_settings


class StrokeClassifier(EmaModule):
    """Train a two-pathway network on distributions over strokes; other arguments are those of `EmaModule`.

    Args:
        loss: The loss and what stands beside it.
        class_prior: Share of each stroke in training (14), for logit adjustment; uniform where not given.

    Attributes:
        temperature: What logits are divided by in prediction; 1 where no gold told.
    """

    temperature: float = 1.0

    def __init__(
        self,
        *,
        network: Mapping[str, Any] = SLOWFAST,
        loss: LossSettings | Mapping[str, Any] | None = None,
        optim: OptimSettings | Mapping[str, Any] | None = None,
        run: RunSettings | Mapping[str, Any] | None = None,
        class_prior: Sequence[float] | None = None,
    ) -> None:
        if class_prior is not None and len(class_prior) != NUM_STROKES:
            raise UsageError(f"class_prior needs {NUM_STROKES} shares, one a stroke, got {len(class_prior)}")
        settings = as_settings(LossSettings, loss)
        prior = [1 / NUM_STROKES] * NUM_STROKES if class_prior is None else [float(share) for share in class_prior]
        more = {"loss": asdict(settings), "class_prior": prior}
        super().__init__(network=network, num_classes=NUM_STROKES, optim=optim, run=run, more=more)
        self.loss_settings = settings
        self.register_buffer("log_prior_C", torch.tensor(prior).clamp_min(1e-4).log(), persistent=False)
        self.val_metrics = _metrics()
        self.val_confusion = MulticlassConfusionMatrix(NUM_STROKES)
        self.val_nll = MeanMetric()

    def build_heads(self) -> None:
        """Build the factor heads, where they count in the loss."""
        has_factors = self.hparams["loss"]["factor_weight"] > 0
        self.factors = FactorHeads(projection(self.network).in_features) if has_factors else None

    @cached_property
    def loss(self) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the loss; prediction never asks for it."""
        part, key = self.loss_settings.function, "loss.function"
        found = locate(target_of(part, key=key), key=key)
        return build(part, key=key) if isinstance(found, type) else partial(found, **arguments_of(part))

    def forward(self, batch: ClipBatch) -> Tensor:
        """Return logits (B, C), from the EMA where there is one."""
        return self.evaluated(network_input(batch))

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Return the projection to strokes and the factor heads."""
        yield from super().head_parameters()
        if self.factors is not None:
            yield from self.factors.parameters()

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the loss of a batch: strokes, and factors beside them."""
        logits_BC, pooled_BD = logits_and_features(self.network, network_input(batch))
        tau = self.loss_settings.logit_adjustment
        logits_BC = adjust_logits(logits_BC.float(), self.get_buffer("log_prior_C"), tau=tau)
        losses_B = self.loss(logits_BC, batch.probs_BC)
        if self.factors is not None:
            targets = self.factors.targets(batch.probs_BC)
            extra = [
                soft_cross_entropy(logits.float(), targets[name]) for name, logits in self.factors(pooled_BD).items()
            ]
            losses_B = losses_B + self.loss_settings.factor_weight * torch.stack(extra).sum(dim=0)
        loss = weighted_mean(losses_B, batch.weights_B)
        self.log_loss(loss, batch)
        return loss

    def on_validation_epoch_start(self) -> None:
        """Empty the confusion matrix (the logged metrics are emptied by Lightning)."""
        self.val_confusion.reset()

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Accumulate the metrics of a validation batch and return its losses (B,)."""
        logits_BC = self(batch).float()
        labels_B = batch.probs_BC.argmax(dim=1)
        self.val_metrics.update(logits_BC, labels_B)
        self.val_confusion.update(logits_BC, labels_B)
        losses_B = soft_cross_entropy(logits_BC, batch.probs_BC)
        self.val_nll.update(losses_B.nan_to_num(torch.inf), batch.weights_B)
        self.log_dict(dict(self.val_metrics.items()), on_step=False, on_epoch=True, batch_size=len(batch))
        self.log("val/nll", self.val_nll, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch))
        return losses_B

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say in the checkpoint what it is."""
        super().on_save_checkpoint(checkpoint)
        checkpoint[CHECKPOINT_KEY]["strokes"] = list(STROKES)


def _metrics() -> MetricCollection:
    metrics: dict[str, Metric | MetricCollection] = {
        "top1": MulticlassAccuracy(NUM_STROKES, average="micro"),
        "top5": MulticlassAccuracy(NUM_STROKES, average="micro", top_k=5),
        "balanced_accuracy": MulticlassAccuracy(NUM_STROKES, average="macro"),
        "macro_f1": MulticlassF1Score(NUM_STROKES, average="macro"),
    }
    # Logged one by one: groups would share state behind Lightning's back.
    return MetricCollection(metrics, prefix="val/", compute_groups=False)
