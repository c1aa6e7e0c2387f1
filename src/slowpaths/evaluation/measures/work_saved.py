"""Work saved over sampling (WSS) at 95 % recall: (N - n) / N - .05 (Cohen et al. 2006, doi 10.1197/jamia.M1929).

N - n is what need not be screened: true negatives and the misses that the recall allows.

Legend: B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.ranking import Ranking
from slowpaths.evaluation.sample import Sample, mean_known

RECALL = 0.95


def clips_to_recall(ranking: Ranking, recall: float = RECALL) -> np.ndarray:
    """Return how many clips are screened in rank order until a share of the relevant ones is found (B,).

    All clips where the share cannot be reached because mining missed too many; NaN where nothing is relevant.
    """
    needed_B = np.ceil(recall * ranking.total_B - 1e-9)
    ranks_B = ranking.rank_of(needed_B)
    ranks_B = np.where(np.isfinite(ranks_B), ranks_B, ranking.num_clips_B)
    return np.where(ranking.total_B > 0, ranks_B, np.nan)


def work_saved(num_screened_B: np.ndarray, num_clips_B: np.ndarray, recall: float = RECALL) -> np.ndarray:
    """Return the work saved (B,).

    Example:
        >>> work_saved(np.array([295.0]), np.array([1000.0])).round(3).tolist()
        [0.655]
    """
    return divide(num_clips_B - num_screened_B, num_clips_B) - (1 - recall)


@measure(50, "usefulness", baseline="clips in random order", bounds=(-1.0, 1.0))
def _wss95(sample: Sample) -> Reading:
    """Screening saved while still finding 95 % of a stroke, mean over strokes."""
    values = [work_saved(clips_to_recall(ranking), ranking.num_clips_B) for ranking in sample.searched]
    return Reading(values_B=mean_known(values), num=len(sample.searches), chance=0.0)
