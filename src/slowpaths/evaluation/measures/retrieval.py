"""The first clips of "show me this stroke": average precision, first page, discounted gain, and watching saved.

Average precision is precision where a hit stands, mean over hits, as in scikit-learn; its chance is the expected value
in random order (Bestgen 2015, doi 10.1007/978-3-319-24027-5_32). Precision at ten is the share of hits on the first
page. Discounted gain is that of the first twenty clips: gain 1 for a hit, discount log2(rank + 1) (Jarvelin and
Kekalainen 2002). Saving is 1 - rank / random rank of the third hit.

Edge cases: clips of equal score share their hits, but enter average precision together, as in scikit-learn: scores that
rank nothing read the share of hits there, which is below the chance of a random order. Hits that were never found count
in the best order and keep average precision below 1; a list shorter than ten is filled up with misses; a third hit that
is never shown costs all clips, with fewer than three hits there is no saving, and it is negative where chance does
better.

Legend: B replicates, H groups of equal score with a hit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.ranking import Ranking, random_rank
from slowpaths.evaluation.sample import Query, Sample

PAGE, FIRST, HIT = 10, 20, 3
_BASELINE = "clips in random order"


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
    if num_clips == 1:
        return 1.0
    harmonic = _harmonic(num_clips)
    return ((num_relevant - 1) / (num_clips - 1) * (num_clips - harmonic) + harmonic) / num_clips


@lru_cache(maxsize=1024)
def _harmonic(num: int) -> float:
    return float((1 / np.arange(1, num + 1)).sum())


@lru_cache(maxsize=8)
def _gains(k: int) -> np.ndarray:
    """Return what the first 0 to k places gain together (k + 1,)."""
    return np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])


def precision_at(ranking: Ranking, k: int = PAGE) -> np.ndarray:
    """Return the expected share of hits among the first k clips (B,).

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> precision_at(rank(np.array([4.0, 3, 2, 1]), np.array([True, False, True, False])), 2).tolist()
        [0.5]
    """
    taken_BH = np.clip(k - (ranking.seen_BH - ranking.size_BH), 0, ranking.size_BH)
    return (taken_BH * ranking.rate_BH).sum(axis=1) / k


def ndcg_at(ranking: Ranking, k: int = FIRST) -> np.ndarray:
    """Return the expected gain of the first k clips over that of the best order (B,).

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> ndcg_at(rank(np.array([3.0, 2, 1]), np.array([False, True, False])), 2).round(4).tolist()
        [0.6309]
    """
    gain_K = _gains(k)
    last_BH = np.clip(ranking.seen_BH, 0, k).astype(int)
    first_BH = np.clip(ranking.seen_BH - ranking.size_BH, 0, k).astype(int)
    gained_BH = (gain_K[last_BH] - gain_K[first_BH]) * ranking.rate_BH
    return divide(gained_BH.sum(axis=1), gain_K[np.clip(ranking.total_B, 0, k).astype(int)])


def rank_of_hit(ranking: Ranking, k: int = HIT) -> np.ndarray:
    """Return how many clips are watched until the k-th hit (B,); all of them where it is never shown."""
    ranks_B = ranking.rank_of(np.full(len(ranking.total_B), float(k)))
    return np.where(np.isfinite(ranks_B), ranks_B, ranking.num_clips_B)


def saving_to_hit(ranking: Ranking, k: int = HIT) -> np.ndarray:
    """Return the watching saved until the k-th hit (B,).

    Example:
        >>> from slowpaths.evaluation.ranking import rank
        >>> saving_to_hit(rank(np.array([4.0, 3, 2, 1]), np.array([True, False, True, False])), 2).round(3).tolist()
        [0.1]
    """
    random_B = random_rank(k, num_relevant=ranking.total_B, num_clips=ranking.num_clips_B)
    return np.where(ranking.total_B >= k, 1 - divide(rank_of_hit(ranking, k), random_B), np.nan)


@measure(30, "usefulness", baseline=_BASELINE)
def _retrieval_ap(sample: Sample) -> Reading:
    """Average precision of 'show me this stroke'."""

    def random(query: Query) -> float:
        found, total = int(query.is_wanted[query.is_shown].sum()), int(query.is_wanted.sum())
        return random_average_precision(found, int(query.is_shown.sum())) * found / total if found else 0.0

    return _read(sample, average_precision, random, "average precision of")


@measure(31, "usefulness", baseline=_BASELINE)
def _retrieval_p10(sample: Sample) -> Reading:
    """Share of hits among the first ten clips of 'show me this stroke'."""

    def random(query: Query) -> float:
        num = int(query.is_shown.sum())
        return float(query.is_wanted[query.is_shown].mean() * min(num, PAGE) / PAGE) if num else 0.0

    return _read(sample, precision_at, random, "share of hits among the first ten clips of")


@measure(32, "usefulness", baseline=_BASELINE)
def _retrieval_ndcg20(sample: Sample) -> Reading:
    """How near the first twenty clips are to the best order, 'show me this stroke'."""

    def random(query: Query) -> float:
        wanted, shown = query.is_wanted, query.is_shown  # all in one group, so each has the same share of the hits
        gain_K, num = _gains(FIRST), int(shown.sum())
        rate = float(wanted[shown].sum()) / num if num else 0.0
        return float(gain_K[min(num, FIRST)] * rate / gain_K[min(int(wanted.sum()), FIRST)])

    return _read(sample, ndcg_at, random, "how near the first twenty clips are to the best order,")


@measure(33, "usefulness", baseline=_BASELINE, bounds=(-np.inf, 1.0))
def _retrieval_saving(sample: Sample) -> Reading:
    """Watching saved until the third hit, against random order."""
    return sample.mean_over(sample.rankings, saving_to_hit, chance=0.0)


def _read(
    sample: Sample, score: Callable[[Ranking], np.ndarray], random: Callable[[Query], float], what: str
) -> Reading:
    reading = sample.mean_over(sample.rankings, score, chance=float(np.mean([random(q) for q in sample.queries])))
    return replace(reading, meaning=f"{what} 'show me this stroke{sample.of_batter}'")
