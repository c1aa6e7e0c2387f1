"""Ranges of keys that several verbs have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slowpaths.core.errors import UsageError
from slowpaths.core.parts import target_of

_LARGEST_SEED = 2**32 - 1  # of numpy


def check_seed(seed: int) -> None:
    """Refuse what is no seed."""
    if not 0 <= seed <= _LARGEST_SEED:
        raise UsageError(f"seed={seed} is no seed: give a whole number from 0 to {_LARGEST_SEED}")


def check_loggers(loggers: Any) -> None:
    """Refuse what is no group of loggers, each named by its `_target_`."""
    if not isinstance(loggers, Mapping | None):
        raise UsageError(f"logger={loggers} is no logger: give csv, wandb, tensorboard, or logger.<name>._target_=...")
    for name, part in (loggers or {}).items():
        target_of(part, key=f"logger.{name}")


def check_workers(workers: int | str) -> None:
    """Refuse what is no number of workers."""
    if isinstance(workers, int) and workers < 1:
        raise UsageError(f"workers={workers} does nothing: give 1 or more, or auto")
