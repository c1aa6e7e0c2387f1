"""What an embedding is worth while it is learnt, and whether it collapses.

Legend: N clips, D features of an embedding, C classes, k neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

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


def linear_probe(
    embedding_ND: Tensor, class_N: Tensor, group_N: Tensor, *, num_folds: int = 5, strength: float = 1.0
) -> tuple[float, float] | None:
    """Return how often a linear classifier names the class of clips held out, and the share of the commonest class.

    The classifier is ridge regression to one number a class, 1 or 0, on standardised features; each fold is held out
    once. What a linear layer can read off frozen features: Alain and Bengio 2016, arXiv 1610.01644.

    Args:
        embedding_ND: The clips.
        class_N: Numbers of their classes.
        group_N: Numbers of what stays in one fold. Classes of one group are left out: nothing would tell of them.
        num_folds: Folds; each class has its groups dealt out over them in turn.
        strength: Penalty on the squares of the weights.

    Returns:
        None where fewer than two classes are left.

    Example:
        >>> match_N, ball_N = torch.tensor([0, 0, 1, 1]), torch.arange(4)
        >>> linear_probe(torch.tensor([[1.0], [1.2], [-1.0], [-0.9]]), match_N, ball_N)
        (1.0, 0.5)
    """
    fold_N = torch.zeros(len(group_N), dtype=torch.int64)
    for one in class_N.unique():
        rows = class_N == one
        groups, turn = group_N[rows].unique(return_inverse=True)
        fold_N[rows] = turn % num_folds if len(groups) > 1 else -1
    is_asked_N = fold_N >= 0
    _, target_N, counts_C = class_N[is_asked_N].unique(return_inverse=True, return_counts=True)
    if len(counts_C) < 2:
        return None
    seen_ND, fold_N = embedding_ND[is_asked_N].double(), fold_N[is_asked_N]
    wanted_NC = F.one_hot(target_N).double()
    is_right_N = torch.zeros(len(seen_ND), dtype=torch.bool)
    for fold in fold_N.unique():
        held = fold_N == fold
        named = _ridge(seen_ND[~held], wanted_NC[~held], seen_ND[held], strength=strength).argmax(dim=1)
        is_right_N[held] = named == target_N[held]
    return float(is_right_N.double().mean()), float(counts_C.max() / counts_C.sum())


def _ridge(known_ND: Tensor, wanted_NC: Tensor, asked_MD: Tensor, *, strength: float) -> Tensor:
    """Return what ridge regression with an intercept, on features standardised over the known rows, gives (M, C)."""
    mean_D, std_D = known_ND.mean(dim=0), known_ND.std(dim=0, unbiased=False)
    std_D = torch.where(std_D > 0, std_D, 1.0)
    known_ND, asked_MD = (known_ND - mean_D) / std_D, (asked_MD - mean_D) / std_D
    mean_C = wanted_NC.mean(dim=0)
    gram_NN = known_ND @ known_ND.T + strength * torch.eye(len(known_ND), dtype=known_ND.dtype)
    # As a rule there are fewer clips than features: the equation of clips is the smaller one.
    return asked_MD @ (known_ND.T @ torch.linalg.solve(gram_NN, wanted_NC - mean_C)) + mean_C
