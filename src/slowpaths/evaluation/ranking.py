"""A ranked list of clips whose relevance is known, with ties counted fairly and clips that were never found.

Legend: N clips, B replicates, U groups of equal score in rank order, H of them with something relevant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from slowpaths.evaluation.intervals import divide, unit_weights


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Hold groups of equally scored clips, best first. Hits are kept for the groups that have any: few of many."""

    size_BU: np.ndarray  # clips in each group (B, U)
    places_H: np.ndarray  # which groups hold relevant clips (H,)
    hits_BH: np.ndarray  # relevant clips in them (B, H)
    total_B: np.ndarray  # relevant clips in all, found or not (B,)

    @cached_property
    def num_clips_B(self) -> np.ndarray:
        """Return how many clips can be watched (B,)."""
        return self.size_BU.sum(axis=1)

    @cached_property
    def size_BH(self) -> np.ndarray:
        """Return the clips in the groups with hits (B, H)."""
        return self.size_BU[:, self.places_H]

    @cached_property
    def seen_BH(self) -> np.ndarray:
        """Return how many clips were watched after each group with hits (B, H)."""
        return np.cumsum(self.size_BU, axis=1)[:, self.places_H]

    @cached_property
    def found_BH(self) -> np.ndarray:
        """Return how many relevant clips were found after each group with hits (B, H)."""
        return np.cumsum(self.hits_BH, axis=1)

    @cached_property
    def rate_BH(self) -> np.ndarray:
        """Return the share of hits in each group with hits (B, H); 0 where a replicate drew none of it."""
        return np.nan_to_num(divide(self.hits_BH, self.size_BH))

    def rank_of(self, hit_B: np.ndarray) -> np.ndarray:
        """Return the expected number of clips watched until so many hits are found (B,); infinite where never.

        Inside a group of n clips with r hits in random order the j-th hit stands at j (n + 1) / (r + 1).
        """
        if not self.hits_BH.shape[1]:
            return np.full(len(hit_B), np.inf)
        reached_BH = self.found_BH >= hit_B[:, None] - 1e-9
        rows, group_B = np.arange(len(hit_B)), np.argmax(reached_BH, axis=1)
        size_B, hits_B = self.size_BH[rows, group_B], self.hits_BH[rows, group_B]
        before_B = self.seen_BH[rows, group_B] - size_B
        inside_B = hit_B - (self.found_BH[rows, group_B] - hits_B)
        ranks_B = before_B + inside_B * (size_B + 1) / (hits_B + 1)
        return np.where(reached_BH.any(axis=1) & (hit_B > 0), ranks_B, np.inf)


def rank(scores_N: np.ndarray, is_relevant_N: np.ndarray, weights_BN: np.ndarray | None = None) -> Ranking:
    """Rank clips by score, -inf for a clip that was never found and so cannot be shown; weights are ones by default."""
    weights_BN = unit_weights(len(scores_N)) if weights_BN is None else weights_BN
    relevant_N = is_relevant_N.astype(np.float64)
    shown = np.flatnonzero(scores_N > -np.inf)
    order = shown[np.argsort(-scores_N[shown], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(scores_N[order]) != 0]) if len(order) else np.zeros(0, dtype=np.int64)
    drawn_BN = weights_BN[:, order]
    places_H = np.flatnonzero(_sums(relevant_N[None, order], starts)[0])
    # only the clips of groups with hits matter for hits: the others are summed for nothing
    group_N = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(order)]))
    has_hits_U = np.zeros(len(starts), dtype=bool)
    has_hits_U[places_H] = True
    near_N = has_hits_U[group_N]
    near_starts = np.flatnonzero(np.r_[True, np.diff(group_N[near_N]) != 0]) if near_N.any() else places_H
    return Ranking(
        size_BU=_sums(drawn_BN, starts),
        places_H=places_H,
        hits_BH=_sums(drawn_BN[:, near_N] * relevant_N[order][near_N], near_starts),
        total_B=weights_BN @ relevant_N,
    )


def random_rank(hit: float, *, num_relevant: Any, num_clips: Any) -> Any:
    """Return the expected rank of a hit where clips come in random order: k (N + 1) / (R + 1).

    Example:
        >>> round(random_rank(10, num_relevant=50, num_clips=1000), 2)
        196.27
    """
    return hit * (num_clips + 1) / (num_relevant + 1)


def _sums(values_BN: np.ndarray, starts_U: np.ndarray) -> np.ndarray:
    """Return the sums over runs that begin at `starts_U` (B, U); the values themselves where every run is one."""
    if len(starts_U) == values_BN.shape[1]:
        return values_BN
    return np.add.reduceat(values_BN, starts_U, axis=1)
