"""What an embedding is worth while it is learnt, and whether it collapses.

Legend: N clips, D features of an embedding, k neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor

from slowpaths.models.pretrain.part import unit


def effective_rank(embedding_ND: Tensor) -> float:
    """Return how many directions an embedding uses: exp of the entropy of its singular values, centred.

    Roy and Vetterli 2007; as a sign of collapse, Garrido et al. 2023, arXiv 2210.02885. 0 where all are one point.

    Example:
        >>> round(effective_rank(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])), 6)
        2.0
    """
    values = torch.linalg.svdvals(embedding_ND.double() - embedding_ND.double().mean(dim=0))
    if not (total := values.sum()) > 1e-9:
        return 0.0
    shares = values / total
    return float(torch.special.entr(shares).sum().exp())


def spread(embedding_ND: Tensor) -> float:
    """Return the standard deviation of a feature of rows of length 1, times sqrt(D): 1 at most, 0 at one point.

    Example:
        >>> spread(torch.eye(2)), spread(torch.ones(3, 2))
        (0.7071067690849304, 0.0)
    """
    return float(unit(embedding_ND).var(dim=0, unbiased=False).sum().sqrt())


def alignment(first_ND: Tensor, second_ND: Tensor) -> float:
    """Return the mean squared distance of two views of a clip (Wang and Isola 2020, arXiv 2005.10242).

    Example:
        >>> alignment(torch.eye(2), torch.eye(2).flip(0))
        2.0
    """
    return float((unit(first_ND) - unit(second_ND)).square().sum(dim=1).mean())


def uniformity(embedding_ND: Tensor) -> float:
    """Return log of the mean of exp(-2 d^2) over pairs of clips: 0 at one point, lower the more evenly they lie.

    Example:
        >>> round(uniformity(torch.eye(2)), 6)
        -4.0
    """
    return float(torch.pdist(unit(embedding_ND)).square().mul(-2).exp().mean().log())


def neighbour_share(embedding_ND: Tensor, is_like_NN: Tensor, may_NN: Tensor, *, k: int) -> tuple[float, float]:
    """Return how many of the k nearest clips (cosine) that may be asked are alike, and the share by chance.

    Args:
        embedding_ND: The clips.
        is_like_NN: Whether two clips are alike.
        may_NN: Whether the clip of a column may be a neighbour of that of the row; rows of none are left out.
        k: Neighbours; all that may be where there are fewer.
    """
    close_NN = (unit(embedding_ND) @ unit(embedding_ND).T).masked_fill(~may_NN, -torch.inf)
    rows = may_NN.any(dim=1)
    nearest = close_NN[rows].topk(min(k, len(close_NN)), dim=1)
    counts = nearest.values.isfinite()
    alike = is_like_NN[rows].gather(1, nearest.indices) & counts
    chance = (is_like_NN & may_NN)[rows].sum(dim=1) / may_NN[rows].sum(dim=1)
    return float((alike.sum(dim=1) / counts.sum(dim=1)).mean()), float(chance.mean())
