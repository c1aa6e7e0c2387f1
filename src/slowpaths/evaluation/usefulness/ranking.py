"""A ranked list of clips whose relevance is known, with ties counted fairly and clips that were never found.

Legend: N clips, B replicates, U groups of equal score in rank order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from slowpaths.evaluation.intervals import divide, unit_weights


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Hold groups of equally scored clips, best first.

    Args:
        size_BU: Clips in each group (B, U).
        hits_BU: Relevant clips in each group (B, U).
        total_B: Relevant clips in all, found or not (B,).
    """

    size_BU: np.ndarray
    hits_BU: np.ndarray
    total_B: np.ndarray

    @cached_property
    def seen_BU(self) -> np.ndarray:
        """Return how many clips were watched after each group (B, U)."""
        return np.cumsum(self.size_BU, axis=1)

    @cached_property
    def found_BU(self) -> np.ndarray:
        """Return how many relevant clips were found after each group (B, U)."""
        return np.cumsum(self.hits_BU, axis=1)

    def rank_of(self, hit_B: np.ndarray) -> np.ndarray:
        """Return the expected number of clips watched until so many hits are found (B,); infinite where never.

        Inside a group of n clips with r hits in random order the j-th hit stands at j (n + 1) / (r + 1).

        Args:
            hit_B: Which hit, 1 for the first (B,).
        """
        found_BU = self.found_BU
        reached_BU = found_BU >= hit_B[:, None] - 1e-9
        group_B = np.argmax(reached_BU, axis=1) if found_BU.shape[1] else np.zeros(len(hit_B), dtype=int)
        rows = np.arange(len(hit_B))
        if not found_BU.shape[1]:
            return np.full(len(hit_B), np.inf)
        size_B, hits_B = self.size_BU[rows, group_B], self.hits_BU[rows, group_B]
        before_B = self.seen_BU[rows, group_B] - size_B
        inside_B = hit_B - (found_BU[rows, group_B] - hits_B)
        ranks_B = before_B + inside_B * (size_B + 1) / (hits_B + 1)
        return np.where(reached_BU.any(axis=1) & (hit_B > 0), ranks_B, np.inf)


def rank(scores_N: np.ndarray, is_relevant_N: np.ndarray, weights_BN: np.ndarray | None = None) -> Ranking:
    """Rank clips by score.

    Args:
        scores_N: Scores (N,); -inf for a clip that was never found and so cannot be shown.
        is_relevant_N: Whether each is what was asked for (N,).
        weights_BN: How often each clip was drawn (B, N); ones where not given.
    """
    weights_BN = unit_weights(len(scores_N)) if weights_BN is None else weights_BN
    relevant_N = is_relevant_N.astype(np.float64)
    total_B = weights_BN @ relevant_N
    shown = np.flatnonzero(scores_N > -np.inf)
    order = shown[np.argsort(-scores_N[shown], kind="stable")]
    if not len(order):
        empty = np.zeros((len(weights_BN), 0))
        return Ranking(size_BU=empty, hits_BU=empty, total_B=total_B)
    starts = np.flatnonzero(np.r_[True, np.diff(scores_N[order]) != 0])
    drawn_BN = weights_BN[:, order]
    return Ranking(
        size_BU=np.add.reduceat(drawn_BN, starts, axis=1),
        hits_BU=np.add.reduceat(drawn_BN * relevant_N[order], starts, axis=1),
        total_B=total_B,
    )


def random_rank(hit: float, *, num_relevant: float, num_clips: float) -> float:
    """Return the expected rank of a hit where clips come in random order: k (N + 1) / (R + 1).

    Example:
        >>> round(random_rank(10, num_relevant=50, num_clips=1000), 2)
        196.27
    """
    return hit * (num_clips + 1) / (num_relevant + 1)


def share_of_hits(ranking: Ranking) -> np.ndarray:
    """Return the hit rate of each group (B, U), NaN where a replicate drew none of it."""
    return divide(ranking.hits_BU, ranking.size_BU)
