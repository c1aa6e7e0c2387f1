"""Work saved over sampling (WSS) at 95 % recall: (N - n) / N - .05 (Cohen et al. 2006, doi 10.1197/jamia.M1929).

N - n is what need not be screened: true negatives and the misses that the recall allows.

Edge case: a stroke of which more than 5 % were never found cannot reach the recall, however many clips are screened:
nothing is saved. Where no stroke can, the measure is not given.

Legend: B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import NotMeasured, Reading, measure
from slowpaths.evaluation.ranking import Ranking
from slowpaths.evaluation.sample import Sample, mean_known

RECALL = 0.95


def clips_to_recall(ranking: Ranking, recall: float = RECALL) -> np.ndarray:
    """Return how many clips are screened in rank order until a share of the relevant ones is found (B,).

    Infinite where the share cannot be reached because too many were never found; NaN where nothing is relevant.
    """
    ranks_B = ranking.rank_of(np.ceil(recall * ranking.total_B - 1e-9))
    return np.where(ranking.total_B > 0, ranks_B, np.nan)


def work_saved(num_screened_B: np.ndarray, num_clips_B: np.ndarray, recall: float = RECALL) -> np.ndarray:
    """Return the work saved (B,); nothing where the recall is never reached.

    Example:
        >>> work_saved(np.array([295.0, np.inf]), np.array([1000.0, 1000.0])).round(3).tolist()
        [0.655, 0.0]
    """
    screened_B = np.where(np.isinf(num_screened_B), 0.0, num_screened_B)
    saved_B = divide(num_clips_B - screened_B, num_clips_B) - (1 - recall)
    return np.where(np.isinf(num_screened_B), 0.0, saved_B)


@measure(50, "usefulness", baseline="clips in random order", bounds=(-1.0, 1.0))
def _wss95(sample: Sample) -> Reading:
    """Screening saved while still finding 95 % of a stroke, mean over strokes (unreachable: nothing saved)."""
    screened = [clips_to_recall(ranking) for ranking in sample.searched]
    if all(np.isinf(screened_B[0]) for screened_B in screened):
        raise NotMeasured("more than 5 % of every stroke were not found: no screening reaches 95 %")
    values = [work_saved(own_B, ranking.num_clips_B) for own_B, ranking in zip(screened, sample.searched, strict=True)]
    return Reading(values_B=mean_known(values), num=len(sample.searches), chance=0.0)


@measure(53, "usefulness")
def _review_reachable(sample: Sample) -> Reading:
    """Share of strokes of which 95 % can be found at all by watching clips."""
    screened = [clips_to_recall(ranking) for ranking in sample.searched]
    values_B = mean_known([np.where(np.isnan(own_B), np.nan, np.isfinite(own_B)) for own_B in screened])
    return Reading(values_B=values_B, num=len(sample.searches))
