"""What it takes a person to find a stroke by watching clips in order of probability.

Work saved over sampling (WSS) at 95 % recall is (N - n) / N - .05 (Cohen et al. 2006, doi 10.1197/jamia.M1929): N - n
is what need not be screened, true negatives and the misses that the recall allows. Minutes are compared with watching
the footage from end to end. The area lies under the recall against the share of clips watched.

Edge cases: a stroke of which more than 5 % were never found cannot reach the recall, however many clips are screened:
no work is saved (where no stroke can, WSS is not given), and it costs all its clips and then the footage itself; what
mining missed keeps the area small. Where it is not known how long the videos are, minutes are not given: nothing is
assumed of a delivery's share of a broadcast.

Legend: B replicates, H groups of equal score with a hit.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.ranking import Ranking, random_rank
from slowpaths.evaluation.sample import Query, Sample, mean_known

RECALL = 0.95
CLIP_S = 3.5  # a clip is watched for so long: a second of stroke, with what leads to it and follows
OVERHEAD_S = 1.5  # and then decided on


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


def random_work_saved(ranking: Ranking, recall: float = RECALL) -> float:
    """Return the work saved that is expected of a random order of the same clips: of a few hits the last comes early.

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> round(random_work_saved(rank(np.arange(4.0), np.array([True, False, False, False]))), 3)
        0.325
    """
    found, num_clips = float(ranking.hits_BH[0].sum()), float(ranking.num_clips_B[0])
    wanted = float(np.ceil(recall * ranking.total_B[0] - 1e-9))
    screened = np.inf if wanted > found else random_rank(wanted, num_relevant=found, num_clips=num_clips)
    return float(work_saved(np.array([screened]), np.array([num_clips]), recall)[0])


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


@measure(50, "usefulness", baseline="clips in random order", bounds=(-1.0, 1.0))
def _wss95(sample: Sample) -> Reading:
    """Screening saved while still finding 95 % of a stroke, mean over strokes (unreachable: nothing saved)."""
    if all(np.isinf(clips_to_recall(ranking)[0]) for ranking in sample.searched):
        raise NotMeasured("more than 5 % of every stroke were not found: no screening reaches 95 %")
    chance = float(np.mean([random_work_saved(ranking) for ranking in sample.searched]))
    return sample.mean_over(sample.searched, lambda r: work_saved(clips_to_recall(r), r.num_clips_B), chance=chance)


@measure(51, "usefulness", baseline="watching everything", unit="min", bounds=(0.0, np.inf), best="lowest")
def _review_minutes(sample: Sample) -> Reading:
    """Minutes to find 95 % of a stroke, 5 s a clip; where clips miss too many, the footage too (lower is better)."""
    footage_s = sample.footage_s
    if footage_s is None:
        raise NotMeasured(
            "it is not known of every video how long it is (give mined=, shots_truth= or video_duration_s)"
        )
    return sample.mean_over(sample.searched, lambda ranking: review_minutes(ranking, footage_s), chance=footage_s / 60)


@measure(52, "usefulness", baseline="clips in random order")
def _review_area(sample: Sample) -> Reading:
    """Area under recall against share of clips watched."""
    found = [ranking.hits_BH[0].sum() / ranking.total_B[0] for ranking in sample.searched]
    return sample.mean_over(sample.searched, effort_area, chance=float(np.mean(found)) / 2)


@measure(53, "usefulness")
def _review_reachable(sample: Sample) -> Reading:
    """Share of strokes of which 95 % can be found at all by watching clips."""
    screened = [clips_to_recall(ranking) for ranking in sample.searched]
    values_B = mean_known([np.where(np.isnan(own_B), np.nan, np.isfinite(own_B)) for own_B in screened])
    return Reading(values_B=values_B, num=len(sample.searches))


@report_table(50, title="Review effort")
def _review(sample: Sample) -> Table:
    """Return the effort for every stroke; nothing where 95 % cannot be reached."""
    footage_s = np.nan if sample.footage_s is None else sample.footage_s

    def effort(query: Query, ranking: Ranking) -> dict[str, float | int | str]:
        screened_B = clips_to_recall(ranking)
        is_reached = bool(np.isfinite(screened_B[0]))
        return {
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

    return [effort(*pair) for pair in zip(sample.searches, sample.searched, strict=True)]


@report_table(51, is_long=True)
def _effort(sample: Sample) -> Table:
    table: Table = []
    for query, ranking in zip(sample.searches, sample.searched, strict=True):
        share, recall = effort_curve(ranking)
        minutes, name = clip_minutes(share * float(query.is_shown.sum())), sample.names[query.column]
        curve = zip(minutes, recall, strict=True)
        table += [{"class": name, "minutes": float(x), "recall": float(y)} for x, y in curve]
    return table
