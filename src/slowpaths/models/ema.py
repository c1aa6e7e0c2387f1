"""What all our networks share in training: averaged weights, draws that a resumed run repeats, one optimiser."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

import lightning as L
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from slowpaths import __version__
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.core.parts import build, target_of
from slowpaths.data.batch import ClipBatch
from slowpaths.models.batch_norm import measure_batch_norm, norms
from slowpaths.models.checkpoint import CHECKPOINT_FORMAT, CHECKPOINT_KEY
from slowpaths.models.epoch_means import EpochMeans
from slowpaths.models.heads import projection, stages
from slowpaths.models.optim import build_optimiser, cosine_with_warmup
from slowpaths.models.settings import OptimSettings, RunSettings, as_settings
from slowpaths.models.sharding import ShardedStrategy, shard

_MEANS = "epoch_means"
SLOWFAST: Mapping[str, Any] = {"_target_": "slowpaths.models.slowfast.build_slowfast"}


class EmaModule(L.LightningModule):
    """Train a network, and keep an exponential average of its weights (EMA) that is validated and saved.

    What a checkpoint carries as hyperparameters are plain values, so it loads without running code.

    Args:
        network: `_target_` of the network and its arguments; it is called with `num_classes` too, and takes what its
            `input_kind` says (`data.batch.InputKind`): [slow (B, 3, T / alpha, H, W), fast (B, 3, T, H, W)] unless
            it says otherwise.
        num_classes: Outputs of the network.
        optim: Optimiser and rates.
        run: What identifies the run.
        more: Further hyperparameters of what inherits, by name of its arguments.
    """

    network: nn.Module
    ema: nn.Module | None

    def __init__(
        self,
        *,
        network: Mapping[str, Any],
        num_classes: int,
        optim: OptimSettings | Mapping[str, Any] | None,
        run: RunSettings | Mapping[str, Any] | None,
        more: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.optim_settings = as_settings(OptimSettings, optim)
        self.run = as_settings(RunSettings, run)
        target = target_of(network, key="model")
        plain = {"network": dict(network), "optim": asdict(self.optim_settings), "run": asdict(self.run), **more}
        fingerprint(plain)  # refuses what a checkpoint could not be loaded with
        self.save_hyperparameters(plain)
        with torch.random.fork_rng(devices=[]):  # the caller's generator is left alone
            torch.random.default_generator.manual_seed(self.run.seed)
            built = build(network, key="model", num_classes=num_classes)
            if not isinstance(built, nn.Module):
                raise UsageError(f"model._target_={target} builds no torch.nn.Module: name a network")
            self.network = built
            self.build_heads()
        self._is_sharded, self._means, self._averaged_step = False, EpochMeans(), 0
        self.ema = copy.deepcopy(built).requires_grad_(False) if self.optim_settings.ema_decay > 0 else None
        self.is_backbone_frozen = self.optim_settings.is_backbone_frozen and bool(self.run.initialisation)
        if self.is_backbone_frozen:
            for one in self.networks:
                one.requires_grad_(False)
                projection(one).requires_grad_(True)

    def build_heads(self) -> None:
        """Build what stands beside the network; here nothing. The generator is that of the run's seed."""

    def configure_model(self) -> None:
        """Deal the weights out over the processes, where the strategy is to; Lightning calls this again and again."""
        if isinstance(self.trainer.strategy, ShardedStrategy) and not self._is_sharded:
            shard(self, self.trainer.strategy.device_mesh["data_parallel"])
            self._is_sharded = True

    @property
    def networks(self) -> Sequence[nn.Module]:
        """Return all networks that train, alike in kind: the one that is kept first."""
        return [self.network]

    def head_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters that are fresh where the others are pretrained."""
        return chain.from_iterable(projection(one).parameters() for one in self.networks)

    @property
    def evaluated(self) -> nn.Module:
        """Return the network that is validated and predicts: the EMA where there is one."""
        return self.network if self.ema is None else self.ema

    def train(self, mode: bool = True) -> EmaModule:
        """Switch to training; what is frozen or averaged stays in evaluation."""
        super().train(mode)
        if self.ema is not None:
            self.ema.eval()
        if self.is_backbone_frozen:
            for one in self.networks:
                one.eval()
        return self

    def on_train_start(self) -> None:
        """Set apart what stays in evaluation (here, because Lightning warns of it where it is done before)."""
        self.train()
        self._averaged_step = self.trainer.global_step
        if self.ema is not None and self.trainer.global_step == 0:
            self.ema.load_state_dict(self.network.state_dict())  # pretrained weights came after the constructor

    def on_train_batch_start(self, batch: ClipBatch, batch_idx: int) -> None:
        """Make dropout a function of seed and step, so that a resumed run draws what the whole run would have."""
        step = [self.run.seed, self.global_step, batch_idx, self.global_rank]
        torch.manual_seed(int(fingerprint(step), 16))
        if (self.optim_settings.frozen_bn_below or self.optim_settings.frozen_stages) and self.network.training:
            for one in self.networks:
                still = self._still_norms(one)
                for norm in norms(one):
                    norm.train(self._has_moments(batch) and norm not in still)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Hold the first stages still while they are frozen: what has no gradient does not move, nor decay."""
        for stage in chain.from_iterable(self._waiting(one) for one in self.networks):
            stage.zero_grad(set_to_none=True)

    def _waiting(self, network: nn.Module) -> list[nn.Module]:
        """Return the first stages of a network, while they are frozen."""
        is_over = self.current_epoch >= self.optim_settings.frozen_epochs
        return [] if is_over else stages(network)[: self.optim_settings.frozen_stages]

    def _still_norms(self, network: nn.Module) -> list[nn.Module]:
        """Return the batch norms of the stages that are frozen now."""
        return [norm for stage in self._waiting(network) for norm in norms(stage)]

    def _has_moments(self, batch: ClipBatch) -> bool:
        """Return whether a batch has clips enough for batch norm to follow it."""
        return len(batch) >= self.optim_settings.frozen_bn_below

    def on_train_batch_end(self, outputs: Any, batch: ClipBatch, batch_idx: int) -> None:
        """Move the averages where the optimiser has taken a step: not between the batches that are accumulated."""
        if self.trainer.global_step > self._averaged_step:
            self._averaged_step = self.trainer.global_step
            self.move_averages()

    def move_averages(self) -> None:
        """Move the EMA."""
        if self.ema is not None:
            decay, num_updates = self.optim_settings.ema_decay, self.trainer.global_step
            update_ema(self.ema, self.network, decay=decay, num_updates=num_updates)

    def on_validation_start(self) -> None:
        """Measure the statistics of batch norm for the weights that are validated, but for those that are frozen."""
        num_batches, network = self.optim_settings.precise_bn_batches, self.evaluated
        if num_batches and not self.is_backbone_frozen:
            batches = filter(self._has_moments, islice(self.trainer.train_dataloader or (), num_batches))
            inputs = (network_input(batch.to(self.device)) for batch in batches)
            measure_batch_norm(network, inputs, still=self._still_norms(network))

    def on_train_epoch_end(self) -> None:
        """Do the same for the weights that are kept, where there is no validation."""
        self._means.clear()
        if not any(self.trainer.num_val_batches):
            self.on_validation_start()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say in the checkpoint which format it has."""
        checkpoint[CHECKPOINT_KEY] = {"format": CHECKPOINT_FORMAT, "version": __version__}
        if means := self._means.state():  # in the middle of an epoch
            checkpoint[_MEANS] = means

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take what an epoch has logged so far."""
        self._means.load(checkpoint.get(_MEANS, {}))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return the optimiser and its schedule over the whole run."""
        head = list(self.head_parameters())
        backbone = self._backbone(head)
        batch_size = self.run.batch_size
        optimiser = build_optimiser(self.optim_settings, backbone=backbone, head=head, batch_size=batch_size)
        self.trainer.fit_loop.setup_data()
        num_steps = self.trainer.estimated_stepping_batches
        if num_steps == float("inf"):
            raise UsageError("the learning rate needs to know how long the run is: set trainer.max_epochs")
        steps_an_epoch = -(-self.trainer.num_training_batches // self.trainer.accumulate_grad_batches)
        is_dry = getattr(self.trainer, "fast_dev_run", False)
        warmup_steps = 0 if is_dry else round(self.optim_settings.warmup_epochs * steps_an_epoch)
        schedule = cosine_with_warmup(optimiser, num_steps=int(num_steps), warmup_steps=warmup_steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _backbone(self, head: Iterable[nn.Parameter]) -> list[list[nn.Parameter]]:
        """Return all other parameters of the networks by stage, with the last one what no stage holds."""
        by_stage = self.optim_settings.layer_decay < 1
        parts = list(zip(*map(stages, self.networks), strict=True)) if by_stage else []
        groups, taken = [], set(head)
        for part in (*parts[:-1], self.networks):
            groups.append([weight for one in part for weight in one.parameters() if weight not in taken])
            taken.update(groups[-1])
        return groups

    def log(self, name: str, value: Any, *args: Any, **options: Any) -> None:
        """Log a value as Lightning does; means of a training epoch that a run goes on in are those of all of it."""
        is_mean = options.get("on_epoch") and options.get("on_step") is False and options.get("batch_size")
        if is_mean and isinstance(value, Tensor) and self._trainer is not None and self._trainer.training:
            value, options["batch_size"] = self._means.add(name, value, weight=options["batch_size"])
        super().log(name, value, *args, **options)

    def log_loss(self, loss: Tensor, batch: ClipBatch) -> None:
        """Log the loss of a training batch: a curve by step, and the mean of the epoch."""
        self.log("train/step_loss", loss, prog_bar=True, batch_size=len(batch))
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(batch))


def network_input(batch: ClipBatch) -> Any:
    """Return what the network takes: [slow, fast], the clip, or sequences."""
    return batch.shown()


@torch.no_grad()
def update_ema(ema: nn.Module, network: nn.Module, *, decay: float, num_updates: int) -> None:
    """Move an exponential average of a network one step towards it, in place, with at most this decay.

    The first steps use a smaller decay, (1 + n) / (10 + n), or the average would keep the initial weights for thousands
    of steps. Running statistics are averaged alike: those of the network itself belong to other weights.
    """
    decay = min(decay, (1 + num_updates) / (10 + num_updates))
    for old, new in zip(ema.parameters(), network.parameters(), strict=True):
        old.lerp_(new, 1 - decay)
    for old, new in zip(ema.buffers(), network.buffers(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - decay)
        else:
            old.copy_(new)
