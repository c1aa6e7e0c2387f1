"""`data.batch_size=auto`: the batch of a run is found before it starts, and a run that goes on keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import lightning as L

from slowpaths.apps._fit import Job
from slowpaths.apps._resume import run_so_far
from slowpaths.apps.verbs import FitConfig
from slowpaths.core.errors import UsageError
from slowpaths.data.module import ClipDataModule
from slowpaths.models.batch_size import find_batch_size

C = TypeVar("C", bound=FitConfig)


def with_batch_size(job: Job[C], build: Callable[[Job[C]], tuple[L.LightningModule, ClipDataModule]]) -> Job[C]:
    """Return a job whose batch size is a number.

    Args:
        job: The job.
        build: Returns its module and clips.

    Raises:
        UsageError: If it is to be found for several devices.
    """
    config = job.config
    if config.data.batch_size != "auto":
        return job
    if not config.trainer.is_one_device:
        raise UsageError("data.batch_size=auto tries one device: set trainer.devices=1, or give a number")

    def sized(size: int) -> Job[C]:
        return replace(job, config=replace(config, data=replace(config.data, batch_size=size)))

    if job.folder.resume_checkpoint is not None:
        size = run_so_far(job.folder).get("batch_size")
        if isinstance(size, int) and size >= config.trainer.accumulate_grad_batches:
            return sized(size // config.trainer.accumulate_grad_batches)
    module, data = build(sized(2))
    device = L.Trainer(accelerator=config.trainer.accelerator, devices=1, logger=False).strategy.root_device
    return sized(find_batch_size(module, data.train_dataloader(), device=device))
