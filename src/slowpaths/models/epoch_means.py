"""Means of an epoch that a run which goes on in its middle remembers; Lightning forgets what was logged before."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


class EpochMeans:
    """Keep the weighted sums of what is logged in an epoch.

    Example:
        >>> import torch
        >>> killed, resumed = EpochMeans(), EpochMeans()
        >>> _ = killed.add("train/loss", torch.tensor(4.0), weight=2)
        >>> resumed.load(killed.state())
        >>> mean, weight = resumed.add("train/loss", torch.tensor(1.0), weight=4)
        >>> float(mean), weight  # (2 * 4 + 4 * 1) / 6
        (2.0, 6)
    """

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Tensor | float, int]] = {}
        self._before: dict[str, tuple[float, int]] = {}

    def add(self, name: str, value: Tensor, *, weight: int) -> tuple[Tensor, int]:
        """Add a value.

        Returns:
            The value and its weight; the first of a name after `load` stands for everything before it too.
        """
        total, weights = self._sums.get(name, (0.0, 0))
        self._sums[name] = total + value.detach() * weight, weights + weight
        if name not in self._before:
            return value, weight
        del self._before[name]
        total, weights = self._sums[name]
        return total / weights, weights  # pyrefly: ignore[bad-return]

    def clear(self) -> None:
        """Begin another epoch."""
        self._sums, self._before = {}, {}

    def state(self) -> dict[str, tuple[float, int]]:
        """Return name -> weighted sum and sum of weights, for a checkpoint."""
        return {name: (float(total), weights) for name, (total, weights) in self._sums.items()}

    def load(self, state: Mapping[str, tuple[float, int]]) -> None:
        """Take those of a checkpoint."""
        self._before = {name: (total, weights) for name, (total, weights) in state.items()}
        self._sums = dict(self._before)
