"""Losses on soft targets, one value a clip; and the weighted mean over a batch.

Legend: B batch, N classes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Loss = Callable[[Tensor, Tensor], Tensor]


def soft_cross_entropy(logits_BN: Tensor, probs_BN: Tensor) -> Tensor:
    """Return - sum_c q_c log p_c (B,).

    Args:
        logits_BN: Logits (B, N).
        probs_BN: Targets q (B, N), rows summing to 1.

    Example:
        >>> round(float(soft_cross_entropy(torch.zeros(1, 4), torch.tensor([[0.7, 0.3, 0.0, 0.0]]))), 4)  # log 4
        1.3863
    """
    return -(probs_BN * F.log_softmax(logits_BN, dim=1)).sum(dim=1)


def hard_cross_entropy(logits_BN: Tensor, probs_BN: Tensor) -> Tensor:
    """Return - log p_y (B,) for the most probable class y of the target."""
    return F.cross_entropy(logits_BN, probs_BN.argmax(dim=1), reduction="none")


def generalised_cross_entropy(logits_BN: Tensor, probs_BN: Tensor, *, q: float = 0.7) -> Tensor:
    """Return the expectation under the target of (1 - p_y^q) / q (B,).

    Between cross-entropy (q to 0) and mean absolute error (q = 1): wrong labels pull less. Zhang and Sabuncu 2018,
    arXiv 1805.07836, with their q = .7.

    Args:
        logits_BN: Logits (B, N).
        probs_BN: Targets (B, N).
        q: Exponent.
    """
    return (probs_BN * (1 - F.softmax(logits_BN, dim=1) ** q) / q).sum(dim=1)


LOSSES: dict[str, Loss] = {
    "soft_ce": soft_cross_entropy,
    "hard_ce": hard_cross_entropy,
    "gce": generalised_cross_entropy,
}


def adjust_logits(logits_BN: Tensor, log_prior_N: Tensor, *, tau: float) -> Tensor:
    """Return logits + tau log pi: trained so, the bare logits are those of balanced classes.

    Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv 2007.07314, equation 10.

    Args:
        logits_BN: Logits (B, N).
        log_prior_N: Log of the share of each class in training (N,).
        tau: Strength; 0 leaves the logits alone.
    """
    return logits_BN + tau * log_prior_N


def weighted_mean(losses_B: Tensor, weights_B: Tensor) -> Tensor:
    """Return the mean loss, each clip counting its weight; 0 where all weights are 0."""
    return (losses_B * weights_B).sum() / weights_B.sum().clamp_min(torch.finfo(losses_B.dtype).tiny)
