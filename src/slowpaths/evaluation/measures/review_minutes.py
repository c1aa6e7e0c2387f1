"""Minutes of clips that a person watches to find 95 % of a stroke.

Legend: B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.measures.work_saved import clips_to_recall, work_saved
from slowpaths.evaluation.pairing import NO_STROKE
from slowpaths.evaluation.sample import Sample, mean_known

CLIP_S = 3.5  # a clip is watched for so long
OVERHEAD_S = 1.5  # and then decided on
LINEAR_S = 35.0  # watching everything: seconds of footage per delivery in a broadcast


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


def _linear(sample: Sample) -> float:
    return float(linear_minutes(int((sample.pairing.true_U != NO_STROKE).sum())))


@measure(51, "usefulness", baseline="watching everything", unit="min", bounds=(0.0, np.inf), is_larger_better=False)
def _review_minutes(sample: Sample) -> Reading:
    """Minutes of clips to find 95 % of a stroke (beside: watching everything)."""
    return Reading(
        values_B=mean_known([review_minutes(clips_to_recall(ranking)) for ranking in sample.searched]),
        num=len(sample.searches),
        chance=_linear(sample),
    )


@report_table(50, title="Review effort")
def _review(sample: Sample) -> Table:
    """Return review."""
    table: Table = []
    for query, ranking in zip(sample.searches, sample.searched, strict=True):
        clips, screened = float(ranking.num_clips_B[0]), float(clips_to_recall(ranking)[0])
        table.append(
            {
                "class": sample.names[query.column],
                "deliveries": int(query.is_wanted.sum()),
                "reachable_recall": float(ranking.hits_BH[0].sum() / query.is_wanted.sum()),
                "clips_to_95_recall": screened,
                "clips": clips,
                "wss95": float(work_saved(np.array([screened]), np.array([clips]))[0]),
                "minutes": float(review_minutes(screened)),
                "linear_minutes": _linear(sample),
            }
        )
    return table
