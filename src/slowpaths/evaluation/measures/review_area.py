"""Area under the recall of a stroke against the share of clips watched, clips in order of probability.

Edge case: what mining missed is never found and keeps the area small.

Legend: B replicates, H groups of equal score with a hit.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.measures.review_minutes import clip_minutes
from slowpaths.evaluation.ranking import Ranking
from slowpaths.evaluation.sample import Sample, mean_known


def effort_area(ranking: Ranking) -> np.ndarray:
    """Return the area (B,): 1 the best, .5 random order where everything was found.

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> effort_area(rank(np.array([3.0, 2, 1, 0]), np.array([True, False, False, False]))).tolist()
        [0.875]
    """
    after_BH = ranking.num_clips_B[:, None] - ranking.seen_BH + ranking.size_BH / 2
    return divide((ranking.hits_BH * after_BH).sum(axis=1), ranking.total_B * ranking.num_clips_B)


def effort_curve(ranking: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """Return share of clips screened and recall after each group of the first replicate, from (0, 0)."""
    hits = np.zeros(ranking.size_BU.shape[1])
    hits[ranking.places_H] = ranking.hits_BH[0]
    seen, found = np.cumsum(ranking.size_BU[0]), np.cumsum(hits)
    total = max(float(ranking.total_B[0]), 1.0)
    clips = max(float(seen[-1]) if len(seen) else 0.0, 1.0)
    return np.r_[0.0, seen / clips], np.r_[0.0, found / total]


@measure(52, "usefulness", baseline="clips in random order", bounds=(0.0, 1.0))
def _review_area(sample: Sample) -> Reading:
    """Area under recall against share of clips watched."""
    values_B = mean_known([effort_area(ranking) for ranking in sample.searched])
    found = [ranking.hits_BH[0].sum() / ranking.total_B[0] for ranking in sample.searched]
    return Reading(values_B=values_B, num=len(sample.searches), chance=float(np.mean(found)) / 2)


@report_table(51, is_long=True)
def _effort(sample: Sample) -> Table:
    """Return effort."""
    table: Table = []
    for query, ranking in zip(sample.searches, sample.searched, strict=True):
        share, recall = effort_curve(ranking)
        minutes = clip_minutes(share * float((query.scores > -np.inf).sum()))
        name = sample.names[query.column]
        table += [
            {"class": name, "minutes": float(x), "recall": float(y)} for x, y in zip(minutes, recall, strict=True)
        ]
    return table
