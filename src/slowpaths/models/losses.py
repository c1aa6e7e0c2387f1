"""Losses on soft targets, one value a clip; and the weighted mean over a batch.

A loss of your own is named by `loss.function._target_`: a function of logits (B, C) and targets (B, C), or a class
whose objects are called so. Losses that know each clip are in `clip_losses`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from slowpaths.core.errors import UsageError


def soft_cross_entropy(logits_BC: Tensor, probs_BC: Tensor) -> Tensor:
    """Return - sum_c q_c log p_c (B,) for targets q (B, C), rows summing to 1.

    Example:
        >>> round(float(soft_cross_entropy(torch.zeros(1, 4), torch.tensor([[0.7, 0.3, 0.0, 0.0]]))), 4)  # log 4
        1.3863
    """
    return -(probs_BC * F.log_softmax(logits_BC, dim=1)).sum(dim=1)


def hard_cross_entropy(logits_BC: Tensor, probs_BC: Tensor) -> Tensor:
    """Return - log p_y (B,) for the most probable class y of the target."""
    return F.cross_entropy(logits_BC, probs_BC.argmax(dim=1), reduction="none")


def generalised_cross_entropy(logits_BC: Tensor, probs_BC: Tensor, *, q: float = 0.7) -> Tensor:
    """Return the expectation under the target of (1 - p_y^q) / q (B,).

    Between cross-entropy (q to 0) and mean absolute error (q = 1): wrong labels pull less. Zhang and Sabuncu 2018,
    arXiv 1805.07836, with their q = .7.

    Args:
        logits_BC: Logits (B, C).
        probs_BC: Targets (B, C).
        q: Exponent, above 0 and at most 1.

    Raises:
        UsageError: If it is not.
    """
    if not 0 < q <= 1:
        raise UsageError(f"loss.function.q={q} is out of range: give a number above 0, at most 1")
    return (probs_BC * (1 - F.softmax(logits_BC, dim=1) ** q) / q).sum(dim=1)


def symmetric_cross_entropy(
    logits_BC: Tensor, probs_BC: Tensor, *, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    """Return alpha times cross-entropy plus beta times cross-entropy the other way round, - sum_c p_c log q_c (B,).

    The second is bounded, so that wrong labels pull less. Wang et al. 2019, arXiv 1908.06112, with their alpha and
    log 0 on CIFAR-10.

    Args:
        logits_BC: Logits (B, C).
        probs_BC: Targets (B, C).
        alpha: Weight of the cross-entropy.
        beta: Weight of the other one.
        log_zero: What log q is at least; below 0.

    Raises:
        UsageError: If a value is out of range.
    """
    if not (alpha >= 0 and beta >= 0 and log_zero < 0):
        raise UsageError("loss.function: give alpha and beta of 0 or more, and log_zero below 0")
    reverse_B = -(F.softmax(logits_BC, dim=1) * probs_BC.log().clamp_min(log_zero)).sum(dim=1)
    return alpha * soft_cross_entropy(logits_BC, probs_BC) + beta * reverse_B


def adjust_logits(logits_BC: Tensor, log_prior_C: Tensor, *, tau: float) -> Tensor:
    """Return logits + tau log pi: trained so, the bare logits are those of balanced classes.

    Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv 2007.07314, equation 10.
    """
    return logits_BC + tau * log_prior_C


def weighted_mean(losses_B: Tensor, weights_B: Tensor) -> Tensor:
    """Return the mean loss, each clip counting its weight; 0 where all weights are 0."""
    return (losses_B * weights_B).sum() / weights_B.sum().clamp_min(torch.finfo(losses_B.dtype).tiny)
