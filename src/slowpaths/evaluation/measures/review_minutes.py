"""Minutes that a person watches to find 95 % of a stroke, against watching the footage from end to end.

Edge cases: a stroke that cannot reach the recall costs all its clips and then the footage itself. Where it is not known
how long the videos are, the measure is not given: nothing is assumed of a delivery's share of a broadcast.

Legend: B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.measures.work_saved import clips_to_recall, work_saved
from slowpaths.evaluation.ranking import Ranking
from slowpaths.evaluation.sample import Sample, mean_known

CLIP_S = 3.5  # a clip is watched for so long: a second of stroke, with what leads to it and follows
OVERHEAD_S = 1.5  # and then decided on


def clip_minutes(num_screened: np.ndarray | float) -> np.ndarray:
    """Return the minutes it takes to screen so many clips.

    Example:
        >>> float(clip_minutes(120))
        10.0
    """
    return np.asarray(num_screened) * (CLIP_S + OVERHEAD_S) / 60


def review_minutes(ranking: Ranking, footage_s: float) -> np.ndarray:
    """Return the minutes to find 95 % (B,): of clips, and of the footage too where the clips do not hold so many."""
    screened_B = clips_to_recall(ranking)
    everything_B = clip_minutes(ranking.num_clips_B) + footage_s / 60
    return np.where(np.isinf(screened_B), everything_B, clip_minutes(screened_B))


@measure(51, "usefulness", baseline="watching everything", unit="min", bounds=(0.0, np.inf), is_larger_better=False)
def _review_minutes(sample: Sample) -> Reading:
    """Minutes to find 95 % of a stroke, 5 s a clip; where clips miss too many, the footage too (lower is better)."""
    if sample.footage_s is None:
        raise NotMeasured("it is not known how long the videos are (give mined=, shots_truth= or video_duration_s)")
    return Reading(
        values_B=mean_known([review_minutes(ranking, sample.footage_s) for ranking in sample.searched]),
        num=len(sample.searches),
        chance=sample.footage_s / 60,
    )


@report_table(50, title="Review effort")
def _review(sample: Sample) -> Table:
    """Return the effort for every stroke; nothing where 95 % cannot be reached."""
    table: Table = []
    footage_s = np.nan if sample.footage_s is None else sample.footage_s
    for query, ranking in zip(sample.searches, sample.searched, strict=True):
        screened_B = clips_to_recall(ranking)
        is_reached = bool(np.isfinite(screened_B[0]))
        table.append(
            {
                "class": sample.names[query.column],
                "deliveries": int(query.is_wanted.sum()),
                "reachable_recall": float(ranking.hits_BH[0].sum() / query.is_wanted.sum()),
                "reaches_95": "yes" if is_reached else "no",
                "clips_to_95_recall": float(screened_B[0]) if is_reached else float("nan"),
                "clips": float(ranking.num_clips_B[0]),
                "wss95": float(work_saved(screened_B, ranking.num_clips_B)[0]) if is_reached else float("nan"),
                "minutes": float(review_minutes(ranking, footage_s)[0]),
                "footage_minutes": footage_s / 60,
            }
        )
    return table
