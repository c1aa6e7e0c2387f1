"""Finding clips: "show me every sweep of this batter", ranked by probability.

Legend: N clips, B replicates, Q queries.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.usefulness.ranking import Ranking, random_rank

MIN_RELEVANT = 3  # a query with fewer right answers says little
PRECISION_AT = 10
NDCG_AT = 20
HIT = 3


def precision_at(ranking: Ranking, k: int = PRECISION_AT) -> np.ndarray:
    """Return the expected share of hits among the first k clips (B,); a shorter list is filled with misses."""
    taken_BH = np.clip(k - (ranking.seen_BH - ranking.size_BH), 0, ranking.size_BH)
    return (taken_BH * ranking.rate_BH).sum(axis=1) / k


def average_precision(ranking: Ranking) -> np.ndarray:
    """Return average precision (B,): precision where a group ends, weighted by the recall gained, as in scikit-learn.

    Hits that were never found keep it below 1.
    """
    precision_BH = np.nan_to_num(divide(ranking.found_BH, ranking.seen_BH))
    return divide((precision_BH * ranking.hits_BH).sum(axis=1), ranking.total_B)


def ndcg_at(ranking: Ranking, k: int = NDCG_AT) -> np.ndarray:
    """Return the expected normalised discounted cumulative gain of the first k clips (B,).

    Jarvelin and Kekalainen 2002, gain 1 for a hit, discount log2(rank + 1).
    """
    gain_K = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    last_BH = np.clip(ranking.seen_BH, 0, k).astype(int)
    first_BH = np.clip(ranking.seen_BH - ranking.size_BH, 0, k).astype(int)
    gained_BH = (gain_K[last_BH] - gain_K[first_BH]) * ranking.rate_BH
    return divide(gained_BH.sum(axis=1), gain_K[np.clip(ranking.total_B, 0, k).astype(int)])


def rank_of_hit(ranking: Ranking, k: int = HIT) -> np.ndarray:
    """Return how many clips are watched until the k-th hit (B,); all of them where it is never shown."""
    ranks_B = ranking.rank_of(np.full(len(ranking.total_B), float(k)))
    return np.where(np.isfinite(ranks_B), ranks_B, ranking.num_clips_B)


def saving_to_hit(ranking: Ranking, k: int = HIT) -> np.ndarray:
    """Return the watching saved until the k-th hit against clips in random order, 1 - rank / random rank (B,).

    NaN where there are fewer than k hits; negative where the ranking is worse than chance.
    """
    clips_B, total_B = ranking.num_clips_B, ranking.total_B
    random_B = np.array([random_rank(k, num_relevant=r, num_clips=n) for r, n in zip(total_B, clips_B, strict=True)])
    return np.where(total_B >= k, 1 - divide(rank_of_hit(ranking, k), random_B), np.nan)


def random_average_precision(num_relevant: int, num_clips: int) -> float:
    """Return the expected average precision of a random order (Bestgen 2015, doi 10.1007/978-3-319-24027-5_32).

    Example:
        >>> random_average_precision(1, 2)
        0.75
    """
    if num_relevant < 1 or num_clips < 1:
        return float("nan")
    harmonic = float((1 / np.arange(1, num_clips + 1)).sum())
    if num_clips == 1:
        return 1.0
    return ((num_relevant - 1) / (num_clips - 1) * (num_clips - harmonic) + harmonic) / num_clips
