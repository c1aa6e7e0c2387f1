"""Average precision of "show me this stroke": precision where a hit stands, mean over hits, as in scikit-learn.

Edge cases: clips of equal score enter together; hits that were never found keep it below 1. Its chance is the expected
value in random order (Bestgen 2015, doi 10.1007/978-3-319-24027-5_32).

Legend: B replicates, H groups of equal score with a hit.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.ranking import Ranking
from slowpaths.evaluation.sample import Query, Sample, mean_known


def average_precision(ranking: Ranking) -> np.ndarray:
    """Return precision where a group ends, weighted by the recall gained (B,).

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> average_precision(rank(np.array([4.0, 3, 2, 1]), np.array([True, False, True, False]))).round(4).tolist()
        [0.8333]
    """
    precision_BH = np.nan_to_num(divide(ranking.found_BH, ranking.seen_BH))
    return divide((precision_BH * ranking.hits_BH).sum(axis=1), ranking.total_B)


def random_average_precision(num_relevant: int, num_clips: int) -> float:
    """Return the expected average precision of a random order.

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


def _random(query: Query) -> float:
    shown = query.scores > -np.inf
    found, total = int(query.is_wanted[shown].sum()), int(query.is_wanted.sum())
    return random_average_precision(found, int(shown.sum())) * found / total if found else 0.0


@measure(30, "usefulness", baseline="clips in random order")
def _retrieval_ap(sample: Sample) -> Reading:
    """Average precision of 'show me this stroke'."""
    meaning = f"average precision of 'show me this stroke{sample.of_batter}'"
    return Reading(
        values_B=mean_known([average_precision(ranking) for ranking in sample.rankings]),
        num=len(sample.queries),
        chance=float(np.mean([_random(query) for query in sample.queries])),
        meaning=meaning,
    )
