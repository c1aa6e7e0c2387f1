"""Losses that know each training clip: what the network said of it before, or what rules said.

A loss that takes `index_B` is told which clips it sees, and one whose constructor takes `training` what is known of all
of them. What it learns of clips is kept in buffers and parameters, which a checkpoint carries. Legend: B batch, N
training clips, C the 14 strokes, R rules.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import NUM_STROKES
from slowpaths.models.losses import soft_cross_entropy
from slowpaths.models.training_set import TrainingSet

_SMALLEST_P = 1e-4  # probabilities are kept this far from 0 and 1, as the published codes do


class EarlyLearning(nn.Module):
    """Cross-entropy and lambda log(1 - <p, t>), t what the network has said of the clip so far (ELR).

    Networks learn clean labels first; later steps are held to what was learnt early. Liu et al. 2020, arXiv 2007.00151,
    with the values they use on CIFAR-10.

    Args:
        training: The training clips.
        strength: Weight lambda of what was said.
        momentum: Share of the old t that stays at each visit.
    """

    said_NC: Tensor

    def __init__(self, *, training: TrainingSet, strength: float = 3.0, momentum: float = 0.7) -> None:
        super().__init__()
        if not (strength >= 0 and 0 <= momentum < 1):
            raise UsageError("loss.function: give strength of 0 or more, and momentum from 0 to less than 1")
        self.strength, self.momentum = strength, momentum
        self.register_buffer("said_NC", torch.zeros(training.num_clips, NUM_STROKES))

    def forward(self, logits_BC: Tensor, probs_BC: Tensor, index_B: Tensor) -> Tensor:
        """Return the losses (B,)."""
        ours_BC = logits_BC.softmax(dim=1).clamp(_SMALLEST_P, 1 - _SMALLEST_P)
        now_BC = F.normalize(ours_BC.detach(), p=1, dim=1)
        said_BC = torch.lerp(now_BC, self.said_NC[index_B], self.momentum)
        self.said_NC[index_B] = said_BC
        agreement_B = (said_BC * ours_BC).sum(dim=1)
        return soft_cross_entropy(logits_BC, probs_BC) + self.strength * (1 - agreement_B).log()


class SparseOverParametrisation(nn.Module):
    """Learn beside the network what is wrong with each label: p + u^2 q - v^2 (1 - q) explains the label q (SOP).

    Small starts and gradient descent keep u and v sparse, so only labels that the network cannot explain are corrected.
    Liu et al. 2022, arXiv 2202.14026, with their rates for half the labels wrong. u and v are moved by plain gradient
    descent of their own, which no schedule, clipping or choice of optimiser touches; the gradient scaler of
    `trainer.precision=16-mixed` would, and is refused.

    Args:
        training: The training clips.
        lr_u: Learning rate of u, one number a clip.
        lr_v: Learning rate of v, one number a clip and stroke.
    """

    _START = 1e-8

    def __init__(self, *, training: TrainingSet, lr_u: float = 1.0, lr_v: float = 10.0) -> None:
        super().__init__()
        if not (lr_u >= 0 and lr_v >= 0):
            raise UsageError("loss.function.lr_u and lr_v are rates: give 0 or more")
        self.rates = {"u_N1": lr_u, "v_NC": lr_v}
        self.u_N1 = nn.Parameter(torch.full((training.num_clips, 1), self._START))
        self.v_NC = nn.Parameter(torch.full((training.num_clips, NUM_STROKES), self._START))

    def forward(self, logits_BC: Tensor, probs_BC: Tensor, index_B: Tensor) -> Tensor:
        """Return the losses (B,): cross-entropy of the corrected p, which teaches the network and u, and a square."""
        plus_BC = (self.u_N1[index_B] ** 2 * probs_BC).clamp(0, 1)
        minus_BC = (self.v_NC[index_B] ** 2 * (1 - probs_BC)).clamp(0, 1)
        p_BC = logits_BC.softmax(dim=1)
        corrected_BC = F.normalize((p_BC + plus_BC - minus_BC.detach()).clamp_min(_SMALLEST_P), p=1, dim=1)
        named_BC = F.one_hot(logits_BC.argmax(dim=1), NUM_STROKES)
        square_B = (named_BC + plus_BC - minus_BC - probs_BC).square().sum(dim=1)
        return -(probs_BC * corrected_BC.clamp_min(_SMALLEST_P).log()).sum(dim=1) + square_B

    @torch.no_grad()
    def step(self) -> None:
        """Move u and v down the gradient of the batch."""
        for name, rate in self.rates.items():
            parameter = self.get_parameter(name)
            if parameter.grad is not None:
                parameter -= rate * parameter.grad
                parameter.grad = None


class ProgressiveIdentification(nn.Module):
    """Cross-entropy to targets q p / sum(q p), p what the network said of the clip at its last visit (PRODEN).

    The posterior q of the label model stands where the paper has a set of candidates, uniform: strokes that neither
    votes nor network believe in fade out. Lv et al. 2020, arXiv 2002.08053, equation 8.

    Args:
        training: The training clips.
    """

    said_NC: Tensor

    def __init__(self, *, training: TrainingSet) -> None:
        super().__init__()
        self.register_buffer("said_NC", torch.full((training.num_clips, NUM_STROKES), 1 / NUM_STROKES))

    def forward(self, logits_BC: Tensor, probs_BC: Tensor, index_B: Tensor) -> Tensor:
        """Return the losses (B,)."""
        targets_BC = F.normalize(probs_BC * self.said_NC[index_B], p=1, dim=1)
        self.said_NC[index_B] = logits_BC.detach().softmax(dim=1).clamp_min(_SMALLEST_P)
        return soft_cross_entropy(logits_BC, targets_BC)


class LossOverRules(nn.Module):
    """Mean over the rules that vote of - log p(a stroke the vote allows): no label model stands between.

    Sam and Kolter 2022, "Losses over Labeling Functions", arXiv 2212.06921, with sets of strokes where theirs vote for
    one class. A clip without votes has no loss.

    Args:
        training: The training clips.
    """

    def __init__(self, *, training: TrainingSet) -> None:
        super().__init__()
        votes = training.votes()
        for name in ("sets_SC", "set_NR", "weight_NR"):
            self.register_buffer(name, getattr(votes, name), persistent=False)

    def forward(self, logits_BC: Tensor, probs_BC: Tensor, index_B: Tensor) -> Tensor:
        """Return the losses (B,)."""
        sets_BRC = self.get_buffer("sets_SC")[self.get_buffer("set_NR")[index_B]]
        weight_BR = self.get_buffer("weight_NR")[index_B]
        allowed_BR = torch.einsum("bc,brc->br", logits_BC.softmax(dim=1), sets_BRC)
        losses_BR = -allowed_BR.clamp(_SMALLEST_P, 1).log() * weight_BR
        return losses_BR.sum(dim=1) / weight_BR.sum(dim=1).clamp_min(torch.finfo(torch.float32).tiny)
