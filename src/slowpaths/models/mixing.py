"""Which clips an epoch learns from, and clips mixed in pairs.

Legend: N training clips, B batch, C the 14 strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Mixed(NamedTuple):
    """Hold a mixed batch."""

    inputs: list[Tensor]  # what the network takes
    partner_B: Tensor  # which clip of the batch each was mixed with
    share: float  # how much of a clip is its own, at least a half


def mix(inputs: Sequence[Tensor], *, alpha: float) -> Mixed:
    """Mix every clip of a batch with another one, all its tensors alike (Zhang et al. 2018, arXiv 1710.09412).

    The share comes from Beta(alpha, alpha), the pairs from a permutation, both from torch's global generator. Clips lie
    with their impact at one frame, so equal phases of two strokes are mixed.
    """
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    share = max(share, 1 - share)
    partner_B = torch.randperm(len(inputs[0])).to(inputs[0].device)
    return Mixed([share * one + (1 - share) * one[partner_B] for one in inputs], partner_B, share)


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
