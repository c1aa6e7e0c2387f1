"""When an embedding is looked at while it is learnt, with defaults and reasons."""

from __future__ import annotations

from dataclasses import dataclass

from slowpaths.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """Hold when an embedding is looked at, and what counts as a collapse.

    Args:
        every_epochs: Epochs from one look to the next; 0 never looks.
        max_clips: Most clips that are looked at.
        num_neighbours: Neighbours that are asked for the weak label.
        min_rank: Effective rank below which it has collapsed; with few clips a tenth of them, if that is less.
        min_spread: Spread below which it has collapsed; 1 is the most.
        patience: Looks in a row at a collapsed embedding before the run stops.

    Raises:
        UsageError: If a value is out of range.
    """

    every_epochs: int = 1
    max_clips: int = 1024
    num_neighbours: int = 20
    min_rank: float = 20.0
    min_spread: float = 0.01
    patience: int = 3

    def __post_init__(self) -> None:
        least = {"every_epochs": 0, "max_clips": 2, "num_neighbours": 1, "min_rank": 0, "min_spread": 0, "patience": 1}
        for name, bound in least.items():
            if not getattr(self, name) >= bound:
                raise UsageError(f"probe.{name}={getattr(self, name)} is too small: give at least {bound}")
