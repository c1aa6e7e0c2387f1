"""Watching saved until the third hit, against clips in random order: 1 - rank / random rank.

Edge cases: NaN where there are fewer than three hits; a third hit that is never shown costs all clips; negative where
the ranking is worse than chance.

Legend: B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.ranking import Ranking, random_rank
from slowpaths.evaluation.sample import Sample, mean_known

HIT = 3


def rank_of_hit(ranking: Ranking, k: int = HIT) -> np.ndarray:
    """Return how many clips are watched until the k-th hit (B,); all of them where it is never shown."""
    ranks_B = ranking.rank_of(np.full(len(ranking.total_B), float(k)))
    return np.where(np.isfinite(ranks_B), ranks_B, ranking.num_clips_B)


def saving_to_hit(ranking: Ranking, k: int = HIT) -> np.ndarray:
    """Return the watching saved until the k-th hit (B,).

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> saving_to_hit(rank(np.array([4.0, 3, 2, 1]), np.array([True, False, True, False])), 2).round(3).tolist()
        [0.1]
    """
    clips_B, total_B = ranking.num_clips_B, ranking.total_B
    random_B = np.array([random_rank(k, num_relevant=r, num_clips=n) for r, n in zip(total_B, clips_B, strict=True)])
    return np.where(total_B >= k, 1 - divide(rank_of_hit(ranking, k), random_B), np.nan)


@measure(33, "usefulness", baseline="clips in random order", bounds=(-np.inf, 1.0))
def _retrieval_saving(sample: Sample) -> Reading:
    """Watching saved until the third hit, against random order."""
    values_B = mean_known([saving_to_hit(ranking) for ranking in sample.rankings])
    return Reading(values_B=values_B, num=len(sample.queries), chance=0.0)
