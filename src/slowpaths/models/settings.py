"""How a network is trained: optimiser, loss and what identifies the run, with their defaults and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from slowpaths.core.errors import UsageError

T = TypeVar("T")
LabelFree = Literal["val/covering_rate", "val/approximated_accuracy", "val/jitter_consistency"]
"""Metrics of `callbacks.label_free`."""
BestBy = Literal["val/refinement", "val/nll", "val/top1", "val/macro_f1", "val/withheld_agreement"] | LabelFree
"""What the best epoch may be chosen by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimSettings:
    """Hold the optimiser, its rates, and which weights they move.

    Args:
        optimiser: `_target_` of a function or class that takes parameter groups and `lr`, and its other arguments.
        lr: Learning rate of the backbone at a batch of 8.
        head_lr_ratio: Learning rate of the heads over that of the backbone: they are fresh where it is pretrained.
        weight_decay: Decay of kernels and matrices; vectors do not decay.
        warmup_epochs: Epochs over which the rate rises.
        ema_decay: Decay of the exponential average of the weights that is validated and kept; 0 keeps none.
        is_backbone_frozen: Whether pretrained weights stay as they are and only the heads train; a run that starts from
            random weights trains all of them.
        layer_decay: Rate of a stage of the backbone over that of the next one towards the head; 1 for one rate.
        frozen_stages: Stages from the input that do not move in the first epochs, their batch norm neither; 2 are stem
            and res2 of SlowFast.
        frozen_epochs: How many epochs these are.
        frozen_bn_below: Batch norm uses its running statistics, and leaves them, in batches of fewer clips than this on
            a device (8 for pretrained weights: moments of fewer are noise); 0 never.
        precise_bn_batches: Training batches over which the statistics of batch norm are measured anew before each
            validation, but for what is frozen then; 0 keeps running averages.

    Raises:
        UsageError: If a value is out of range.
    """

    optimiser: Any = field(default_factory=lambda: {"_target_": "slowpaths.models.optim.sgd"})
    lr: float = 0.01
    head_lr_ratio: float = 10.0
    weight_decay: float = 1e-4
    warmup_epochs: float = 2.0
    ema_decay: float = 0.999
    is_backbone_frozen: bool = False
    layer_decay: float = 1.0
    frozen_stages: int = 0
    frozen_epochs: int = 0
    frozen_bn_below: int = 0
    precise_bn_batches: int = 0

    def __post_init__(self) -> None:
        for name in ("lr", "head_lr_ratio"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"optim.{name}={getattr(self, name)} is no rate: give a number above 0")
        for name in _COUNTS:
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"optim.{name}={getattr(self, name)} is out of range: give 0 or more")
        if not 0 <= self.ema_decay < 1:
            raise UsageError(f"optim.ema_decay={self.ema_decay} is out of range: give 0 or more, and less than 1")
        if not 0 < self.layer_decay <= 1:
            raise UsageError(f"optim.layer_decay={self.layer_decay} is out of range: give above 0, and at most 1")


_COUNTS = (
    "weight_decay", "warmup_epochs", "frozen_stages", "frozen_epochs", "frozen_bn_below", "precise_bn_batches"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSettings:
    """Hold what the classifier minimises.

    Args:
        function: `_target_` of a loss, one value a clip from logits (B, C) and target distributions (B, C), and its
            other arguments; a class is made first, and its objects are called. What takes `index_B` is told which
            clips it sees, a constructor that takes `training` is given the training clips (`TrainingSet`).
        logit_adjustment: Strength of the logit adjustment for rare strokes; 0 leaves logits alone.
        factor_weight: Weight of the foot, plane, side and intent heads in the loss; 0 leaves them out.
        feature_weight: Weight of a head that sees in a clip the features that mining measured, from pose to pixels; 0
            leaves it out.
        student_weight: Weight of a head that says what the pose-sequence student says of a clip, where that is sure; 0
            leaves it out.
        student_min_confidence: Least probability of its likeliest stroke at which the student counts.
        mixup_alpha: Clips are mixed in pairs, frame by frame about the impact, with shares from Beta(alpha, alpha);
            0 mixes none.
        curriculum_start: Share of the clips of each stroke, the surest ones, that the first epoch learns from; 1 takes
            all from the start.
        curriculum_length: Share of the run after which all clips are learnt from.
        co_teaching: Share of a batch that is left out in the end, the clips whose labels a second network finds hardest
            to believe: about as many as have wrong labels. Both train, each on what the other picks; 0 trains one.
        co_teaching_length: Share of the run over which that share rises from 0.

    Raises:
        UsageError: If a value is out of range.
    """

    function: Any = field(default_factory=lambda: {"_target_": "slowpaths.models.losses.soft_cross_entropy"})
    logit_adjustment: float = 1.0
    factor_weight: float = 0.3
    feature_weight: float = 0.0
    student_weight: float = 0.0
    student_min_confidence: float = 0.5
    mixup_alpha: float = 0.0
    curriculum_start: float = 1.0
    curriculum_length: float = 0.4
    co_teaching: float = 0.0
    co_teaching_length: float = 0.2

    def __post_init__(self) -> None:
        for name in ("logit_adjustment", "factor_weight", "feature_weight", "student_weight", "mixup_alpha"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"loss.{name}={getattr(self, name)} is out of range: give 0 or more")
        if not 0 <= self.co_teaching < 1:
            raise UsageError(f"loss.co_teaching={self.co_teaching} is out of range: give 0 or more, and less than 1")
        for name in ("student_min_confidence", "curriculum_start", "curriculum_length", "co_teaching_length"):
            if not 0 < getattr(self, name) <= 1:
                raise UsageError(f"loss.{name}={getattr(self, name)} is no share: give above 0, and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Hold what a checkpoint says of the run it comes from."""

    batch_size: int = 8  # clips a step, over all devices and accumulated batches
    seed: int = 0  # seed of the weights and of dropout
    clip: Mapping[str, Any] = field(default_factory=dict)  # what a clip looks like (`ClipSettings.shown`)
    lineage: Mapping[str, str] = field(default_factory=dict)  # fingerprints of labels or features, and of the split
    configuration: str = ""  # fingerprint of the whole configuration
    initialisation: str = ""  # name of the pretrained weights the run started from; "" for none


def as_settings(kind: type[T], value: T | Mapping[str, Any] | None) -> T:
    """Return settings that are given as such, as plain values of a checkpoint or configuration, or not at all.

    Raises:
        TypeError: If a name is unknown, or they are no settings at all.
    """
    if isinstance(value, kind):
        return value
    if value is not None and not isinstance(value, Mapping):
        raise TypeError(f"{kind.__name__} are given as a {type(value).__name__}")
    return kind(**(value or {}))
