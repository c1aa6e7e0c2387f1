"""What a person may choose about the Lightning Trainer, in configurations `trainer=`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slowpaths.core.errors import UsageError
from slowpaths.core.threads import available_threads

Precision = Literal["32-true", "16-mixed", "bf16-mixed", "32"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerSettings:
    """Hold the arguments of `lightning.Trainer`.

    Args:
        accelerator: Kind of device; auto takes a GPU where there is one.
        devices: How many devices, or which.
        num_nodes: Machines.
        strategy: How devices work together: auto, ddp, fsdp (weights dealt out over them, also on CPUs) and what
            else Lightning knows.
        precision: Type of the numbers; bf16-mixed on a GPU.
        max_epochs: Epochs of the whole run; a finished run goes on where it is raised.
        max_steps: Steps of the whole run, where they end it before the epochs do; -1 for no limit.
        accumulate_grad_batches: Batches to a step.
        gradient_clip_val: Largest norm of a gradient; null for no limit.
        limit_train_batches: Batches to an epoch: a whole number of them, or a share of all, 1.0.
        deterministic: Whether only operations that give the same result every time are used; warn where there is none.

    Raises:
        UsageError: If a number is out of range.
    """

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"] = "auto"
    devices: int | Literal["auto"] | tuple[int, ...] = 1
    num_nodes: int = 1
    strategy: str = "auto"
    precision: Precision = "32-true"
    max_epochs: int = 30
    max_steps: int = -1
    accumulate_grad_batches: int = 1
    gradient_clip_val: float | None = 5.0
    limit_train_batches: int | float = 1.0
    deterministic: bool | Literal["warn"] = False

    def __post_init__(self) -> None:
        for name in ("num_nodes", "max_epochs", "accumulate_grad_batches"):
            if getattr(self, name) < 1:
                raise UsageError(f"trainer.{name}={getattr(self, name)} is too small: give 1 or more")
        if self.max_steps < -1 or self.max_steps == 0:
            raise UsageError(f"trainer.max_steps={self.max_steps} trains nothing: give 1 or more, or -1 for no limit")
        if self.devices in (0, "0") or (isinstance(self.devices, int) and self.devices < -1):
            raise UsageError(f"trainer.devices={self.devices} trains nowhere: give 1 or more, or -1 for all")
        if self.strategy == "fsdp" and self.precision == "16-mixed":
            raise UsageError(
                "trainer.precision=16-mixed does not go with trainer.strategy=fsdp: give bf16-mixed or 32-true"
            )
        cores = available_threads()
        if self.accelerator == "cpu" and isinstance(self.devices, int) and self.devices > cores:
            raise UsageError(f"trainer.devices={self.devices} is more than the {cores} cores there are: give fewer")
        if self.gradient_clip_val is not None and not self.gradient_clip_val > 0:
            raise UsageError(
                f"trainer.gradient_clip_val={self.gradient_clip_val} is no norm: give one above 0, or null"
            )
        limit = self.limit_train_batches
        if not limit > 0 or (isinstance(limit, float) and limit > 1):
            raise UsageError(f"trainer.limit_train_batches={limit} is neither a count nor a share: give 0.5, or 20")

    @property
    def is_one_device(self) -> bool:
        """Whether one device trains, however it is named."""
        return self.num_nodes == 1 and (
            self.devices == 1 or (isinstance(self.devices, tuple) and len(self.devices) == 1)
        )
