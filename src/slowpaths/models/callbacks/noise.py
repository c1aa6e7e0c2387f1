"""Messages of other libraries that say nothing about what a person did."""

from __future__ import annotations

import logging
import warnings

# What Lightning and its friends warn of in a run that is as it should be.
KNOWN_WARNINGS: tuple[tuple[str, type[Warning]], ...] = (
    ("Checkpoint directory .* exists and is not empty", UserWarning),  # a resumed run
    ("You're resuming from a checkpoint that ended before the epoch ended", UserWarning),  # `Keeper` sets the loader
    ("You defined a `validation_step` but have no `val_dataloader`", UserWarning),  # no validation part
    ("Total length of `list` across ranks is zero", UserWarning),  # the same
    ("The .*dataloader.* does not have many workers", UserWarning),  # num_workers=0 is meant for small sets
    ("The number of training batches .* is smaller than the logging interval", UserWarning),
    (".*LeafSpec.* is deprecated", FutureWarning),  # Lightning 2.6.6 on torch 2.15, November 2026
)


def quiet_libraries() -> None:
    """Keep known warnings from a person, and let what Lightning logs be written once, by the root logger."""
    for message, category in KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", message=message, category=category)
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)  # devices, seeds, tips
