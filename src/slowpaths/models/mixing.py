"""Which clips an epoch or a batch learns from, and clips mixed in pairs.

Legend: N training clips, B batch, C the 14 strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Mixed(NamedTuple):
    """Hold a mixed batch."""

    inputs: Tensor | list[Tensor]  # what the network takes
    partner_B: Tensor  # which clip of the batch each was mixed with
    share: float  # how much of a clip is its own, at least a half


def mix(inputs: Tensor | Sequence[Tensor], *, alpha: float) -> Mixed:
    """Mix every clip of a batch with another one, all its tensors alike (Zhang et al. 2018, arXiv 1710.09412).

    The batch is what a network takes, one tensor or several. The share comes from Beta(alpha, alpha), the pairs from a
    permutation, both from torch's global generator. Clips lie with their impact at one frame, so equal phases of two
    strokes are mixed.
    """
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    share = max(share, 1 - share)
    several = [inputs] if isinstance(inputs, Tensor) else inputs
    partner_B = torch.randperm(len(several[0])).to(several[0].device)
    mixed = [share * one + (1 - share) * one[partner_B] for one in several]
    return Mixed(mixed[0] if isinstance(inputs, Tensor) else mixed, partner_B, share)


def sureness_ranks(probs_NC: Tensor) -> Tensor:
    """Return the share (N,) of the clips with the same most probable stroke that are surer than each clip.

    Ranks within a stroke keep strokes that are never sure (ARS2, arXiv 2210.03092): the surest clip of each has 0.
    Equally sure clips stand in the order they come.

    Example:
        >>> sureness_ranks(torch.tensor([[0.6, 0.4], [0.9, 0.1], [0.3, 0.7]])).tolist()
        [0.5, 0.0, 0.0]
    """
    sure_N, label_N = probs_NC.max(dim=1)
    ranks_N = torch.empty(len(probs_NC))
    for label in label_N.unique():
        rows = (label_N == label).nonzero().flatten()
        order = rows[sure_N[rows].argsort(descending=True, stable=True)]
        ranks_N[order] = torch.arange(len(rows)) / len(rows)
    return ranks_N


def curriculum_share(progress: float, *, start: float, length: float) -> float:
    """Return the share of each stroke's clips that is learnt from: from `start` in a line to 1 at progress `length`.

    Example:
        >>> [round(curriculum_share(progress, start=0.5, length=0.4), 3) for progress in (0, 0.2, 0.4, 1)]
        [0.5, 0.75, 1.0, 1.0]
    """
    return min(1.0, start + (1 - start) * progress / length)


def picked(losses_B: Tensor, *, left_out: float) -> Tensor:
    """Return which clips of a batch have the smallest losses (B,), with this share of them left out, rounded down.

    Networks learn clean labels first, so small losses are more often right ones (Han et al. 2018, "Co-teaching", arXiv
    1804.06872). One clip stays at least.

    Example:
        >>> picked(torch.tensor([0.1, 3.0, 0.2, 0.4]), left_out=0.25).tolist()
        [True, False, True, True]
    """
    num_kept = max(1, len(losses_B) - int(left_out * len(losses_B)))
    picked_B = torch.zeros_like(losses_B, dtype=torch.bool)
    picked_B[losses_B.argsort(stable=True)[:num_kept]] = True
    return picked_B


def left_out_share(progress: float, *, most: float, length: float) -> float:
    """Return the share of a batch that co-teaching leaves out: from 0 in a line to `most` at progress `length`.

    Example:
        >>> [round(left_out_share(progress, most=0.4, length=0.2), 3) for progress in (0, 0.1, 0.2, 1)]
        [0.0, 0.2, 0.4, 0.4]
    """
    return most * min(1.0, progress / length)
