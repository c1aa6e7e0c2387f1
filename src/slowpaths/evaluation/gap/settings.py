"""Settings of a gap study."""

from __future__ import annotations

from dataclasses import dataclass

from slowpaths.core.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class GapSettings:
    """Say how a population is analysed.

    Args:
        accuracy: Measure that systems are ordered by.
        seed: Seed of halves, bootstrap, editing and labels.
        bootstraps: Draws of configurations behind an interval.
        contrast: What else systems are compared by at equal accuracy: a group, such as supervision.
        num_labels: Largest number of labels in choosing a system.
        repeats: How often choosing is repeated.
    """

    accuracy: str = "top1"
    seed: int = 0
    bootstraps: int = 2000
    contrast: str = "supervision"
    num_labels: int = 100
    repeats: int = 20

    def __post_init__(self) -> None:
        for name, least in (("bootstraps", 100), ("num_labels", 1), ("repeats", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name}={getattr(self, name)} is too few: give {least} or more")
