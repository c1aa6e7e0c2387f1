"""Judge the epochs of a run by rules that its labels were made without.

What a network has copied from the rules that labelled its clips, other rules do not bear out. Legend: N validation
clips, C the 14 strokes, R rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from slowpaths.models.training_set import Votes


class WithheldAgreement(Callback):
    """Log val/withheld_agreement, as `agreement` tells it.

    Args:
        votes: Votes of the withheld rules on the validation clips.
    """

    def __init__(self, votes: Votes) -> None:
        self._votes = votes
        self._named_N = torch.zeros(len(votes.set_NR), dtype=torch.int64)

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Remember what is named."""
        assert isinstance(outputs, Mapping)
        self._named_N[batch.index_B.cpu()] = outputs["logits_BC"].argmax(dim=1).cpu()

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the agreement."""
        pl_module.log("val/withheld_agreement", agreement(self._named_N, self._votes))


def agreement(named_N: Tensor, votes: Votes) -> Tensor:
    """Return how far votes allow the named strokes beyond chance: 1 all of them, 0 what shuffled strokes would get.

    Cohen's kappa as in the leave-one-family-out agreement of label models: chance is counted within each rule, so that
    always naming the commonest stroke earns nothing. 0 where every vote allows every named stroke.

    Example:
        >>> sets_SC = torch.tensor([[0.0, 0, 0], [1, 1, 0], [0, 0, 1]])
        >>> votes = Votes(sets_SC=sets_SC, set_NR=torch.tensor([[1], [2]]), weight_NR=torch.ones(2, 1))
        >>> [agreement(torch.tensor(named), votes).item() for named in ([0, 2], [0, 0], [2, 1])]
        [1.0, 0.0, -1.0]
    """
    named_NC = torch.eye(votes.sets_SC.shape[1])[named_N]
    allowed_NRC = votes.sets_SC[votes.set_NR]
    weight_R = votes.weight_NR.sum(dim=0)
    observed = torch.einsum("nr,nrc,nc->", votes.weight_NR, allowed_NRC, named_NC)
    allowed_RC = torch.einsum("nr,nrc->rc", votes.weight_NR, allowed_NRC)
    chance_R = (allowed_RC * (votes.weight_NR.T @ named_NC)).sum(dim=1) / weight_R.clamp_min(1e-12)
    room = weight_R.sum() - chance_R.sum()
    return (observed - chance_R.sum()) / room if room > 1e-9 else torch.zeros(())
