"""Precision at ten: the share of hits on the first page of "show me this stroke".

Edge cases: clips of equal score share their hits; a list shorter than ten is filled up with misses.

Legend: B replicates, H groups of equal score with a hit.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.ranking import Ranking
from slowpaths.evaluation.sample import Query, Sample, mean_known

FIRST = 10


def precision_at(ranking: Ranking, k: int = FIRST) -> np.ndarray:
    """Return the expected share of hits among the first k clips (B,).

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> precision_at(rank(np.array([4.0, 3, 2, 1]), np.array([True, False, True, False])), 2).tolist()
        [0.5]
    """
    taken_BH = np.clip(k - (ranking.seen_BH - ranking.size_BH), 0, ranking.size_BH)
    return (taken_BH * ranking.rate_BH).sum(axis=1) / k


def _random(query: Query) -> float:
    shown = query.scores > -np.inf
    num = int(shown.sum())
    hit_rate = query.is_wanted[shown].mean() if num else 0.0
    return float(hit_rate * min(num, FIRST) / FIRST)


@measure(31, "usefulness", baseline="clips in random order")
def _retrieval_p10(sample: Sample) -> Reading:
    """Share of hits among the first ten clips of 'show me this stroke'."""
    meaning = f"share of hits among the first ten clips of 'show me this stroke{sample.of_batter}'"
    return Reading(
        values_B=mean_known([precision_at(ranking) for ranking in sample.rankings]),
        num=len(sample.queries),
        chance=float(np.mean([_random(query) for query in sample.queries])),
        meaning=meaning,
    )
