"""What the verbs that train take, `pretrain` and `train`; the others are in `verbs` and `verbs_after_training`.

Nothing here loads a heavy library, so that a wrong key is named at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from slowpaths.apps._checks import check_loggers, check_seed
from slowpaths.apps._trainer import TrainerSettings
from slowpaths.core.errors import UsageError
from slowpaths.core.parts import target_of
from slowpaths.data.settings import ClipSettings
from slowpaths.data.view_settings import ViewSettings
from slowpaths.models.pretrain.probe_settings import ProbeSettings
from slowpaths.models.settings import BestBy, LossSettings, OptimSettings


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Configure a fit.

    Args:
        mined: Folder that `slowpaths mine` wrote.
        out: Give it by name, and the same command resumes.
        init: Pretrained weights: slowfast_tiny_features, slowfast_tiny_strokes (the same and a head),
            slowfast_r50_k400, slowfast_r101_k400, or a checkpoint, whose head is taken over too where it fits.
        init_sha256: The sha256, or its first 8 digits or more, that the file of init= must have; where its authors
            publish none, this is how you confirm it.
        weights_dir: Looked at before the user's cache and the network.
        logger: Any of csv, wandb, tensorboard; W&B runs offline unless WANDB_MODE or an agent says otherwise.
        callbacks: Further Lightning callbacks, each by its _target_.
        seed: Seed of weights, order and augmentation.
        compile: Whether `torch.compile` makes the network faster: eager (not), default, or reduce-overhead with CUDA
            graphs too; the first steps take minutes, and checkpoints are like any others.
        checkpoint_minutes: Within an epoch a checkpoint is written every so many minutes, to go on from if the run is
            killed; null for at the ends of epochs only.
        model: The network.
        data: Clips, windows, augmentation, split.
        optim: Optimiser, rates and schedule.
        trainer: Lightning Trainer.
    """

    mined: Path
    out: Path
    init: str | None = None
    init_sha256: str | None = None
    weights_dir: Path | None = None
    logger: Any = None
    callbacks: tuple[Any, ...] = ()
    seed: int = 0
    compile: Literal["eager", "default", "reduce-overhead"] = "eager"
    checkpoint_minutes: float | None = 10.0
    model: Any
    data: ClipSettings = ClipSettings()
    optim: OptimSettings = OptimSettings()
    trainer: TrainerSettings = TrainerSettings()

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_loggers(self.logger)
        for number, part in enumerate(self.callbacks):
            target_of(part, key=f"callbacks[{number}]")
        alpha = self.model.get("alpha") if isinstance(self.model, Mapping) else None
        if alpha not in (None, self.data.alpha):
            raise UsageError(
                f"data.alpha={self.data.alpha} is not what the network takes, model.alpha={alpha}: leave data.alpha out"
            )
        if self.compile != "eager" and self.trainer.strategy == "fsdp":
            raise UsageError(f"compile={self.compile} needs whole weights: leave it out, or trainer.strategy=fsdp")
        if self.checkpoint_minutes is not None and not 0 < self.checkpoint_minutes < math.inf:
            raise UsageError(
                f"checkpoint_minutes={self.checkpoint_minutes:g} is no time between checkpoints: give minutes above 0, "
                "or null"
            )
        if self.init_sha256 and not self.init:
            raise UsageError("init_sha256= confirms a file and init= names none: give init=, or leave init_sha256= out")
        warmup, trainer = self.optim.warmup_epochs, self.trainer
        if warmup >= trainer.max_epochs:
            raise UsageError(
                f"optim.warmup_epochs={warmup:g} does not end within trainer.max_epochs={trainer.max_epochs}: "
                "lower it or train for more epochs"
            )


@dataclass(frozen=True, kw_only=True)
class PretrainConfig(FitConfig):
    """Configure `slowpaths pretrain`.

    Args:
        mined: Folder that `slowpaths mine` wrote; its labels teach nothing but objective=distil.
        objective: What is taught.
        views: Views that an objective compares; objective=features sees one.
        probe: When their embedding is looked at, and what counts as a collapse.
    """

    out: Path = Path("runs/pretrain/${now:%Y-%m-%d_%H-%M-%S}")
    objective: Any
    views: ViewSettings = ViewSettings()
    probe: ProbeSettings = ProbeSettings()


@dataclass(frozen=True, kw_only=True)
class TrainConfig(FitConfig):
    """Configure `slowpaths train`.

    Args:
        labels: Another labels table than the folder's own.
        loss: The loss.
        best_by: What the best epoch is chosen by, where there are validation clips: the loss or the agreement with weak
            labels, or what needs no right label.
        relabel_folds: Before training, so many models each learn from a part of the training matches, and labels become
            what they and the rules agree on; 0 takes labels as they are.
    """

    labels: Path | None = None
    out: Path = Path("runs/train/${now:%Y-%m-%d_%H-%M-%S}")
    loss: LossSettings = LossSettings()
    best_by: BestBy = "val/refinement"
    relabel_folds: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.relabel_folds < 0 or self.relabel_folds == 1:
            raise UsageError(f"relabel_folds={self.relabel_folds} leaves no model to ask: give 2 or more, or 0")
        if self.relabel_folds and not self.trainer.is_one_device:
            raise UsageError("relabel_folds= trains one model after the other on one device: set trainer.devices=1")
