"""A pretraining objective of your own: `objective._target_=my_objective.ArrowOfTime`.

It is a LightningModule that trains `self.network`; `EmaModule` brings optimiser, schedule, averaged weights and safe
checkpoints. `slowpaths pretrain` gives it the network, the optimiser, the run and the names of the features.
"""

import torch
from torch.nn import functional as F

from slowpaths.models.ema import EmaModule, network_input


class ArrowOfTime(EmaModule):
    """Tell whether a clip runs forwards or backwards (Wei et al. 2018, "Learning and Using the Arrow of Time").

    Args:
        network: The network and its arguments.
        optim: Optimiser and rates.
        run: What identifies the run.
        feature_names: Features of the batch; not used here.
        smoothing: Target of the wrong answer.
    """

    monitor = "val/loss"  # the best epoch has the smallest value

    def __init__(self, *, network, optim, run, feature_names, smoothing: float = 0.05) -> None:
        more = {"feature_names": list(feature_names), "smoothing": smoothing}
        super().__init__(network=network, num_classes=2, optim=optim, run=run, more=more)

    def _loss(self, network, batch):
        """Return the loss of a batch, each clip seen forwards and backwards."""
        forwards = network_input(batch)  # [slow, fast]
        backwards = [path.flip(2) for path in forwards]
        logits = torch.cat([network(forwards), network(backwards)]).float()
        targets = torch.arange(2, device=logits.device).repeat_interleave(len(batch))
        return F.cross_entropy(logits, targets, label_smoothing=self.hparams["smoothing"])

    def training_step(self, batch, batch_idx):
        """Return the loss of a training batch."""
        loss = self._loss(self.network, batch)
        self.log_loss(loss, batch)
        return loss

    def validation_step(self, batch, batch_idx):
        """Log the loss of the averaged weights."""
        self.log("val/loss", self._loss(self.evaluated, batch), on_step=False, on_epoch=True, batch_size=len(batch))

    def scores(self):
        """Return rows (feature, clips, R2) for features.csv; here there are none."""
        return []
