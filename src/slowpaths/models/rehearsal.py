"""What is tried before a run makes its folder: one clip through network and loss, and all that Lightning sets up."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger
from torch.utils.data import DataLoader

from slowpaths.core.errors import SlowpathsError, UsageError

_log = logging.getLogger(__name__)


def rehearse(
    module: L.LightningModule,
    loader: DataLoader[Any],
    *,
    device: torch.device,
    has_sentence: Callable[[Exception], bool] = lambda error: isinstance(error, SlowpathsError),
) -> None:
    """Show the first training clip to a copy of a module, so that sizes that do not fit are said before training.

    Args:
        module: Network, loss and what belongs to them; it stays as it is.
        loader: Its training clips.
        device: Where it will train; on a GPU only the clip is read, for another process may use it.
        has_sentence: Tells which errors say for themselves what to do, such as that memory is full; they are raised.

    Raises:
        UsageError: If the clip does not go through.
        SlowpathsError: If the clip cannot be read.
    """
    assert loader.collate_fn is not None
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # nobody listens to what the module logs
        batch = loader.collate_fn([loader.dataset[0]])
        if device.type != "cpu":
            return
        copied = copy.deepcopy(module).eval()
        try:
            copied.training_step(batch, 0)
        except Exception as error:
            if has_sentence(error):
                raise
            words = " ".join(str(error).split())
            if "is not attached to a `Trainer`" in words:  # an objective of a user's own that needs one
                return
            _log.debug("the rehearsal failed", exc_info=True)
            raise UsageError(
                f"a clip of the set does not go through the network and its loss ({type(error).__name__}: {words}): "
                "choose other data=, model= or loss= keys"
            ) from error


class Begin(Callback):
    """Give the trainer its loggers, which make files, once everything else is set up.

    Args:
        loggers: Builds them.

    Attributes:
        has_begun: Whether training has begun: what a checkpoint holds has been taken by then.
    """

    def __init__(self, loggers: Callable[[], Sequence[Logger]]) -> None:
        self._loggers = loggers
        self.has_begun = False

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Build them; the optimiser and its schedule are there."""
        trainer.loggers = list(self._loggers())

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note that training begins."""
        self.has_begun = True
