"""Normalised discounted cumulative gain of the first twenty clips (Jarvelin and Kekalainen 2002).

Gain 1 for a hit, discount log2(rank + 1). Edge cases: clips of equal score share their hits; hits that were never found
count in the best order.

Legend: B replicates, H groups of equal score with a hit.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.ranking import Ranking, rank
from slowpaths.evaluation.sample import Query, Sample, mean_known

FIRST = 20


def ndcg_at(ranking: Ranking, k: int = FIRST) -> np.ndarray:
    """Return the expected gain of the first k clips over that of the best order (B,).

    Example:
        >>> ndcg_at(rank(np.array([3.0, 2, 1]), np.array([False, True, False])), 2).round(4).tolist()
        [0.6309]
    """
    gain_K = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    last_BH = np.clip(ranking.seen_BH, 0, k).astype(int)
    first_BH = np.clip(ranking.seen_BH - ranking.size_BH, 0, k).astype(int)
    gained_BH = (gain_K[last_BH] - gain_K[first_BH]) * ranking.rate_BH
    return divide(gained_BH.sum(axis=1), gain_K[np.clip(ranking.total_B, 0, k).astype(int)])


def _random(query: Query) -> float:
    alike = np.where(query.scores > -np.inf, 0.0, -np.inf)
    return float(ndcg_at(rank(alike, query.is_wanted))[0])


@measure(32, "usefulness", baseline="clips in random order")
def _retrieval_ndcg20(sample: Sample) -> Reading:
    """How near the first twenty clips are to the best order, 'show me this stroke'."""
    meaning = f"how near the first twenty clips are to the best order, 'show me this stroke{sample.of_batter}'"
    return Reading(
        values_B=mean_known([ndcg_at(ranking) for ranking in sample.rankings]),
        num=len(sample.queries),
        chance=float(np.mean([_random(query) for query in sample.queries])),
        meaning=meaning,
    )
