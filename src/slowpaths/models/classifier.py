"""The stroke classifier as a Lightning module: soft targets in, probabilities out."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix, MulticlassF1Score

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import arguments_of, build, locate, target_of
from slowpaths.core.strokes import NUM_STROKES, STROKES
from slowpaths.data.batch import ClipBatch
from slowpaths.models.balanced_accuracy import BalancedAccuracy
from slowpaths.models.calibration import refinement_loss
from slowpaths.models.checkpoint import CHECKPOINT_KEY
from slowpaths.models.ema import SLOWFAST, EmaModule, network_input
from slowpaths.models.heads import FactorHeads, copy_backbone, logits_and_features, projection
from slowpaths.models.losses import adjust_logits, soft_cross_entropy, weighted_mean
from slowpaths.models.mixing import curriculum_share, left_out_share, mix, picked, sureness_ranks
from slowpaths.models.pretrain.distil import STUDENT, confident_loss
from slowpaths.models.pretrain.features import known_loss
from slowpaths.models.settings import LossSettings, OptimSettings, RunSettings, as_settings
from slowpaths.models.training_set import TrainingSet

_LOSS_STATE = "loss_state"


class StrokeClassifier(EmaModule):
    """Train a two-pathway network on distributions over strokes; other arguments are those of `EmaModule`.

    Args:
        loss: The loss and what stands beside it.
        class_prior: Share of each stroke in training (14), for logit adjustment; uniform where not given.
        num_features: Features of `ClipBatch.features_BF` that a head is to see; 0 for none.
        training: The training clips, for losses, a curriculum and a student that want to know them; no hyperparameter.

    Raises:
        UsageError: If the student is to be learnt from, and says nothing of the training clips.

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
        num_features: int = 0,
        training: TrainingSet | None = None,
    ) -> None:
        if class_prior is not None and len(class_prior) != NUM_STROKES:
            raise UsageError(f"class_prior needs {NUM_STROKES} shares, one a stroke, got {len(class_prior)}")
        settings = as_settings(LossSettings, loss)
        prior = [1 / NUM_STROKES] * NUM_STROKES if class_prior is None else [float(share) for share in class_prior]
        more = {"loss": asdict(settings), "class_prior": prior, "num_features": num_features}
        super().__init__(network=network, num_classes=NUM_STROKES, optim=optim, run=run, more=more)
        self.loss_settings, self._training_set = settings, training
        self.curriculum_share, self.left_out_share = settings.curriculum_start, 0.0
        # logits are learnt beside tau times the log shares of training; alone they take the rest of these for given
        log_prior = (1 - settings.logit_adjustment) * np.log(np.maximum(prior, 1e-4))
        self.assumed_prior = (np.exp(log_prior) / np.exp(log_prior).sum()).tolist()
        self.register_buffer("log_prior_C", torch.tensor(prior).clamp_min(1e-4).log(), persistent=False)
        said_NC = None
        if training is not None and self.student is not None:
            said_NC = training.voice(STUDENT, otherwise="set loss.student_weight=0")
        self.register_buffer("student_NC", said_NC, persistent=False)
        self.val_metrics = _metrics()
        self.val_confusion = MulticlassConfusionMatrix(NUM_STROKES)
        self.val_nll = MeanMetric()
        self._validated: list[tuple[Tensor, Tensor, Tensor]] = []  # logits, labels and weights of each batch

    def build_heads(self) -> None:
        """Build the heads beside the strokes, where they count in the loss."""
        width, num_features = projection(self.network).in_features, self.hparams["num_features"]
        self.factors = FactorHeads(width) if self.hparams["loss"]["factor_weight"] > 0 else None
        self.features = nn.Linear(width, num_features) if num_features else None
        self.student = nn.Linear(width, NUM_STROKES) if self.hparams["loss"]["student_weight"] > 0 else None
        # The second network of co-teaching has other random weights; it is kept to resume, the first one predicts.
        part, co_teaching = self.hparams["network"], self.hparams["loss"]["co_teaching"]
        self.peer = build(part, key="model", num_classes=NUM_STROKES) if co_teaching > 0 else None

    @property
    def networks(self) -> Sequence[nn.Module]:
        """Return the network, and the second one of co-teaching where there is one."""
        return [self.network] if self.peer is None else [self.network, self.peer]

    @cached_property
    def loss(self) -> Callable[..., Tensor]:
        """Return the loss; prediction never asks for it."""
        part, key = self.loss_settings.function, "loss.function"
        found = locate(target_of(part, key=key), key=key)
        if not isinstance(found, type):
            return partial(found, **arguments_of(part))
        wants_clips = "training" in inspect.signature(found).parameters
        return build(part, key=key, **({"training": self.training_set} if wants_clips else {}))

    @cached_property
    def loss_knows_clips(self) -> bool:
        """Return whether the loss is told which clips it sees."""
        return "index_B" in inspect.signature(getattr(self.loss, "forward", self.loss)).parameters

    @property
    def training_set(self) -> TrainingSet:
        """Return the training clips."""
        if self._training_set is None:
            raise UsageError("this loss or curriculum needs to know the training clips: give training=")
        return self._training_set

    @cached_property
    def sureness_ranks_N(self) -> Tensor:
        """Return how many clips of its stroke are surer than each training clip, a share (N,)."""
        return sureness_ranks(self.training_set.probs_NC).to(self.device)

    def forward(self, batch: ClipBatch) -> Tensor:
        """Return logits (B, C), from the EMA where there is one."""
        return self.evaluated(network_input(batch))

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Return the projection to strokes and the heads beside it."""
        yield from super().head_parameters()
        for head in (self.factors, self.features, self.student):
            if head is not None:
                yield from head.parameters()

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the loss of a batch: strokes and what stands beside; of mixed clips that of both, by their shares.

        Raises:
            UsageError: If the loss remembers clips, and clips are mixed.
        """
        inputs, weights_B, settings = network_input(batch), batch.weights_B, self.loss_settings
        if self.curriculum_share < 1:
            weights_B = weights_B * (self.sureness_ranks_N[batch.index_B] < self.curriculum_share)
        if settings.mixup_alpha and self.loss_knows_clips:
            raise UsageError("this loss remembers each clip, and a mixture is none: set loss.mixup_alpha=0")
        if settings.co_teaching and (settings.mixup_alpha or self.loss_knows_clips):
            raise UsageError(
                "co-teaching leaves out whole clips, each known by its own loss: set loss.mixup_alpha=0 and a loss "
                "that remembers no clips, or loss.co_teaching=0"
            )
        mixed = mix(inputs, alpha=settings.mixup_alpha) if settings.mixup_alpha else None
        logits_BC, pooled_BD = logits_and_features(self.network, mixed.inputs if mixed else inputs)
        logits_BC = adjust_logits(logits_BC.float(), self.get_buffer("log_prior_C"), tau=settings.logit_adjustment)
        losses_B = self._losses(logits_BC, pooled_BD, batch.probs_BC, batch.index_B)
        if mixed:
            other_B = mixed.partner_B
            others_B = self._losses(logits_BC, pooled_BD, batch.probs_BC[other_B], batch.index_B[other_B])
            losses_B = torch.cat([losses_B, others_B])
            weights_B = torch.cat([mixed.share * weights_B, (1 - mixed.share) * weights_B[other_B]])
        if self.peer is None:
            loss = weighted_mean(losses_B, weights_B)
        else:
            others_logits_BC, _ = logits_and_features(self.peer, inputs)
            loss = self._taught_by_each_other(losses_B, others_logits_BC, batch.probs_BC, weights_B)
        for name, weight, loss_of, targets in self._beside(pooled_BD, batch):
            error = loss_of(targets)
            if mixed:
                error = mixed.share * error + (1 - mixed.share) * loss_of(targets[mixed.partner_B])
            self.log(f"train/{name}_loss", error, on_step=False, on_epoch=True, batch_size=len(batch))
            loss = loss + weight * error
        self.log_loss(loss, batch)
        return loss

    def _beside(
        self, pooled_BD: Tensor, batch: ClipBatch
    ) -> Iterator[tuple[str, float, Callable[..., Tensor], Tensor]]:
        """Yield what is learnt beside the label, of every clip: its name, weight, loss, and the targets of the loss."""
        settings = self.loss_settings
        if self.features is not None:
            found_BF = self.features(pooled_BD).float()
            yield "feature", settings.feature_weight, partial(known_loss, found_BF), batch.features_BF
        if self.student is not None:
            assert self.training_set  # its rows are those of `index_B`
            found_BC, least = self.student(pooled_BD).float(), settings.student_min_confidence
            loss_of = partial(confident_loss, found_BC, min_confidence=least)
            yield "student", settings.student_weight, loss_of, self.get_buffer("student_NC")[batch.index_B]

    def _taught_by_each_other(
        self, losses_B: Tensor, others_logits_BC: Tensor, probs_BC: Tensor, weights_B: Tensor
    ) -> Tensor:
        """Return the loss of both networks, each on the clips that the other one picked."""
        log_prior_C, tau = self.get_buffer("log_prior_C"), self.loss_settings.logit_adjustment
        others_B = self.loss(adjust_logits(others_logits_BC.float(), log_prior_C, tau=tau), probs_BC)
        with torch.no_grad():
            ours, theirs = (picked(losses, left_out=self.left_out_share) for losses in (losses_B, others_B))
        return weighted_mean(losses_B, weights_B * theirs) + weighted_mean(others_B, weights_B * ours)

    def _losses(self, logits_BC: Tensor, pooled_BD: Tensor, probs_BC: Tensor, index_B: Tensor) -> Tensor:
        known = {"index_B": index_B} if self.loss_knows_clips else {}
        losses_B = self.loss(logits_BC, probs_BC, **known)
        if self.factors is None:
            return losses_B
        targets = self.factors.targets(probs_BC)
        extra = [soft_cross_entropy(logits.float(), targets[name]) for name, logits in self.factors(pooled_BD).items()]
        return losses_B + self.loss_settings.factor_weight * torch.stack(extra).sum(dim=0)

    def setup(self, stage: str) -> None:
        """Refuse a trainer that the loss does not go with.

        Raises:
            UsageError: If the loss remembers clips, and they are dealt to several processes; or it takes steps of its
                own, and gradients are scaled.
        """
        if stage != "fit":
            return
        if self.loss_knows_clips and self.trainer.world_size > 1:
            raise UsageError("this loss remembers each clip, in one process: set trainer.devices=1")
        if hasattr(self.loss, "step") and getattr(self.trainer.precision_plugin, "scaler", None) is not None:
            raise UsageError(
                "this loss takes steps of its own, by gradients that trainer.precision=16-mixed scales: set "
                "trainer.precision=bf16-mixed or 32-true"
            )

    def on_train_start(self) -> None:
        """Bring what the loss keeps to the device."""
        super().on_train_start()
        if self.peer is not None and self.run.initialisation and self.trainer.global_step == 0:
            copy_backbone(self.network, self.peer)  # pretrained weights came after the constructor
        if isinstance(self.loss, nn.Module):
            self.loss.to(self.device)
        self.on_train_epoch_start()  # a run that goes on in the middle of an epoch is told of none

    def on_train_epoch_start(self) -> None:
        """Let the curriculum and co-teaching go on."""
        settings, progress = self.loss_settings, self.current_epoch / max(1, self.trainer.max_epochs or 0)
        start, most = settings.curriculum_start, settings.co_teaching
        self.curriculum_share = curriculum_share(progress, start=start, length=settings.curriculum_length)
        self.left_out_share = left_out_share(progress, most=most, length=settings.co_teaching_length)

    def on_train_batch_end(self, outputs: Any, batch: ClipBatch, batch_idx: int) -> None:
        """Move the averages, and what the loss learns for itself."""
        super().on_train_batch_end(outputs, batch, batch_idx)
        if hasattr(self.loss, "step"):
            self.loss.step()

    def on_validation_epoch_start(self) -> None:
        """Begin anew (the logged metrics are emptied by Lightning)."""
        self.val_confusion.reset()
        self._validated = []

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, Tensor]:
        """Accumulate the metrics of a validation batch and return its losses (B,) and logits (B, C)."""
        logits_BC = self(batch).float()
        labels_B = batch.probs_BC.argmax(dim=1)
        self.val_metrics.update(logits_BC, labels_B)
        self.val_confusion.update(logits_BC, labels_B)
        losses_B = soft_cross_entropy(logits_BC, batch.probs_BC)
        self.val_nll.update(losses_B.nan_to_num(torch.inf), batch.weights_B)
        self._validated.append((logits_BC.cpu(), batch.probs_BC.cpu(), batch.weights_B.cpu()))
        self.log_dict(dict(self.val_metrics.items()), on_step=False, on_epoch=True, batch_size=len(batch))
        self.log("val/nll", self.val_nll, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(batch))
        return {"loss": losses_B, "logits_BC": logits_BC}

    def on_validation_epoch_end(self) -> None:
        """Log how well clips are told apart, however sure the network is of them."""
        logits_NC, probs_NC, weights_N = (
            torch.cat(parts).double().numpy() for parts in zip(*self._validated, strict=True)
        )
        is_known = np.isfinite(logits_NC).all() and weights_N.sum() > 0
        loss = refinement_loss(logits_NC, probs_NC, weights_N) if is_known else math.inf
        self.log("val/refinement", torch.tensor(loss, dtype=torch.float32, device=self.device), sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say in the checkpoint what it is, and keep what the loss knows of the clips."""
        super().on_save_checkpoint(checkpoint)
        checkpoint[CHECKPOINT_KEY]["strokes"] = list(STROKES)
        if isinstance(self.loss, nn.Module) and (state := self.loss.state_dict()):
            checkpoint[_LOSS_STATE] = state

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Give the loss what it knew of the clips."""
        super().on_load_checkpoint(checkpoint)
        if _LOSS_STATE in checkpoint:
            assert isinstance(self.loss, nn.Module)
            self.loss.load_state_dict(checkpoint[_LOSS_STATE])


def _metrics() -> MetricCollection:
    metrics: dict[str, Metric | MetricCollection] = {
        "top1": MulticlassAccuracy(NUM_STROKES, average="micro"),
        "top5": MulticlassAccuracy(NUM_STROKES, average="micro", top_k=5),
        "balanced_accuracy": BalancedAccuracy(NUM_STROKES),
        "macro_f1": MulticlassF1Score(NUM_STROKES, average="macro"),
    }
    # Logged one by one: groups would share state behind Lightning's back.
    return MetricCollection(metrics, prefix="val/", compute_groups=False)
