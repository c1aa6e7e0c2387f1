"""Review effort: how much watching it takes to find a share of all deliveries of a class.

Legend: N clips, B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.usefulness.ranking import Ranking

RECALL = 0.95
CLIP_S = 3.5  # a clip is watched for so long
OVERHEAD_S = 1.5  # and then decided on
LINEAR_S = 35.0  # watching everything: seconds of footage per delivery in a broadcast


def clips_to_recall(ranking: Ranking, recall: float = RECALL) -> np.ndarray:
    """Return how many clips are screened in rank order until a share of the relevant ones is found (B,).

    All clips where the share cannot be reached because mining missed too many; NaN where nothing is relevant.
    """
    needed_B = np.ceil(recall * ranking.total_B - 1e-9)
    ranks_B = ranking.rank_of(needed_B)
    ranks_B = np.where(np.isfinite(ranks_B), ranks_B, ranking.num_clips_B)
    return np.where(ranking.total_B > 0, ranks_B, np.nan)


def work_saved(num_screened: np.ndarray | float, num_clips: np.ndarray | float, recall: float = RECALL) -> np.ndarray:
    """Return the work saved over sampling (WSS) at a recall: (N - n) / N - (1 - recall) (Cohen et al. 2006).

    N - n is what need not be screened: true negatives and the misses that the recall allows.

    Example:
        >>> round(float(work_saved(295, 1000)), 3)
        0.655
    """
    return np.asarray((num_clips - np.asarray(num_screened)) / num_clips - (1 - recall))


def review_minutes(num_screened: np.ndarray | float) -> np.ndarray:
    """Return the minutes it takes to screen so many clips.

    Example:
        >>> float(review_minutes(120))
        10.0
    """
    return np.asarray(num_screened) * (CLIP_S + OVERHEAD_S) / 60


def linear_minutes(num_deliveries: np.ndarray | float) -> np.ndarray:
    """Return the minutes it takes to watch the footage of so many deliveries from end to end.

    Example:
        >>> float(linear_minutes(12))
        7.0
    """
    return np.asarray(num_deliveries) * LINEAR_S / 60


def effort_curve(ranking: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """Return share of clips screened and recall after each group of the first replicate, from (0, 0)."""
    hits = np.zeros(ranking.size_BU.shape[1])
    hits[ranking.places_H] = ranking.hits_BH[0]
    seen, found = np.cumsum(ranking.size_BU[0]), np.cumsum(hits)
    total = max(float(ranking.total_B[0]), 1.0)
    clips = max(float(seen[-1]) if len(seen) else 0.0, 1.0)
    return np.r_[0.0, seen / clips], np.r_[0.0, found / total]


def effort_area(ranking: Ranking) -> np.ndarray:
    """Return the area under recall against share of clips screened (B,): 1 the best, .5 random order."""
    after_BH = ranking.num_clips_B[:, None] - ranking.seen_BH + ranking.size_BH / 2
    return divide((ranking.hits_BH * after_BH).sum(axis=1), ranking.total_B * ranking.num_clips_B)
