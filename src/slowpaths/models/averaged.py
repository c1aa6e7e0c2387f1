"""What all our networks share in training: averaged weights, draws that a resumed run repeats, one optimiser."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import lightning as L
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.data.batch import ClipBatch
from slowpaths.models.heads import projection
from slowpaths.models.optim import build_optimiser, cosine_with_warmup, update_average
from slowpaths.models.slowfast import build_slowfast

_ARCHITECTURE = ("depth", "width", "channel_ratio", "fusion_kernel", "alpha", "dropout")


class AveragedModule(L.LightningModule):
    """Train a SlowFast network, and keep an average of its weights that is validated and saved.

    What inherits saves its hyperparameters, those of `build_slowfast` and `lr`, `batch_size`, `head_lr_ratio`,
    `weight_decay`, `momentum`, `optimiser`, `warmup_epochs`, `ema_decay`, `is_backbone_frozen` and `seed` among them,
    and then calls `build_network`.
    """

    network: nn.Module
    average: nn.Module | None

    def build_network(self, *, num_classes: int) -> None:
        """Build the network that the hyperparameters describe, and its average; draws from torch's generator."""
        self.network = build_slowfast(num_classes=num_classes, **{name: self.hparams[name] for name in _ARCHITECTURE})
        has_average = self.hparams["ema_decay"] > 0
        self.average = copy.deepcopy(self.network).requires_grad_(False) if has_average else None
        if self.hparams["is_backbone_frozen"]:
            self.network.requires_grad_(False)
            projection(self.network).requires_grad_(True)

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters that are fresh where the others are pretrained."""
        return projection(self.network).parameters()

    @property
    def evaluated(self) -> nn.Module:
        """Return the network that is validated and predicts: the average where there is one."""
        return self.network if self.average is None else self.average

    def train(self, mode: bool = True) -> AveragedModule:
        """Switch to training; what is frozen or averaged stays in evaluation."""
        super().train(mode)
        if self.average is not None:
            self.average.eval()
        if self.hparams["is_backbone_frozen"]:
            self.network.eval()
        return self

    def on_train_start(self) -> None:
        """Set apart what stays in evaluation (here, because Lightning warns of it where it is done before)."""
        self.train()
        if self.average is not None and self.trainer.global_step == 0:
            self.average.load_state_dict(self.network.state_dict())  # published weights came after the constructor

    def on_train_batch_start(self, batch: ClipBatch, batch_idx: int) -> None:
        """Make dropout a function of seed and step, so that a resumed run draws what the whole run would have."""
        step = [self.hparams["seed"], self.global_step, batch_idx, self.global_rank]
        torch.manual_seed(int(fingerprint(step), 16))

    def on_train_batch_end(self, outputs: Any, batch: ClipBatch, batch_idx: int) -> None:
        """Move the averaged weights."""
        if self.average is not None:
            decay, num_updates = self.hparams["ema_decay"], self.trainer.global_step
            update_average(self.average, self.network, decay=decay, num_updates=num_updates)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the optimiser and its schedule over the whole run."""
        hparams = self.hparams
        head = list(self.head_parameters())
        taken = {id(parameter) for parameter in head}
        optimiser = build_optimiser(
            backbone=[parameter for parameter in self.network.parameters() if id(parameter) not in taken],
            head=head,
            lr=hparams["lr"],
            batch_size=hparams["batch_size"],
            head_lr_ratio=hparams["head_lr_ratio"],
            weight_decay=hparams["weight_decay"],
            momentum=hparams["momentum"],
            optimiser=hparams["optimiser"],
        )
        self.trainer.fit_loop.setup_data()
        num_steps = self.trainer.estimated_stepping_batches
        if num_steps == float("inf"):
            raise UsageError("the learning rate needs to know how long the run is: set trainer.max_epochs")
        steps_an_epoch = -(-self.trainer.num_training_batches // self.trainer.accumulate_grad_batches)
        warmup_steps = (
            0 if getattr(self.trainer, "fast_dev_run", False) else round(hparams["warmup_epochs"] * steps_an_epoch)
        )
        schedule = cosine_with_warmup(optimiser, num_steps=int(num_steps), warmup_steps=warmup_steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def network_input(batch: ClipBatch) -> list[Tensor]:
    """Return [slow, fast] as the network takes them: normalised, channels last."""
    return [clip.contiguous(memory_format=torch.channels_last_3d) for clip in batch.pathways()]
