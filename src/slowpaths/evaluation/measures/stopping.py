"""Review that stops by itself: what is saved, and what is found, where nobody knows how much there is to find.

A clip is screened after the other in rank order until a test says that 95 % are found (Callaghan and Mueller-Hansen
2020, doi 10.1186/s13643-020-01521-4). For every point passed, the clips since then are taken as a sample of all that
were left at it: if so few hits among them are improbable (5 %) where more than the allowed ones are left, it stops. The
binomial stands for the hypergeometric distribution: it stops a little later.

Edge cases: clips of equal score share their hits evenly, as in any order on average; what was never found cannot be
screened and counts as missed. The test looks after every hundredth of the clips.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr

from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.measures.review import RECALL
from slowpaths.evaluation.sample import Query, Sample

_DOUBT = 0.05  # probability that is improbable enough
_LOOKS = 100  # how often the test looks
_DIGITS = 9  # of sums of shares, so that three thirds are one


def stopping_point(hits_N: np.ndarray, recall: float = RECALL) -> int:
    """Return after how many clips, of a list in rank order, screening stops; all of them where it does not.

    A clip is a hit (1), none (0), or as much of one as is expected there.

    Example:
        >>> stopping_point(np.r_[np.ones(20), np.zeros(980)].astype(bool)) < 1000
        True
    """
    num = len(hits_N)
    found = np.r_[0, np.cumsum(hits_N)].round(_DIGITS)
    looks = np.unique(np.linspace(0, num, _LOOKS + 1).round().astype(int))
    for stop in looks[1:]:
        starts = looks[looks < stop]
        # the fewest hits that were left at each start if the recall is not reached now
        left = np.floor(found[stop] / recall - found[starts] + 1)
        possible = left <= num - starts
        doubt = bdtr(found[stop] - found[starts], left.astype(int), (stop - starts) / (num - starts))
        if (doubt[possible] < _DOUBT).any():
            return int(stop)
    return num


def _stopped(query: Query) -> tuple[float, float]:
    """Return the share of clips that need not be screened, and the share of the stroke that is found."""
    hits_N = _in_rank_order(query.scores[query.is_shown], query.is_wanted[query.is_shown])
    stop = stopping_point(hits_N)
    return 1 - stop / max(len(hits_N), 1), float(hits_N[:stop].sum() / query.is_wanted.sum())


def _in_rank_order(scores_N: np.ndarray, is_wanted_N: np.ndarray) -> np.ndarray:
    """Return how much of a hit is expected at each place (N,), best score first.

    Example:
        >>> _in_rank_order(np.array([0.1, 0.5, 0.5, 0.9]), np.array([True, True, False, True])).tolist()
        [1.0, 0.5, 0.5, 1.0]
    """
    _, tied_N, sizes = np.unique(-scores_N, return_inverse=True, return_counts=True)
    return np.repeat(np.bincount(tied_N, weights=is_wanted_N) / sizes, sizes)


@measure(54, "usefulness", baseline="screening everything")
def _stopped_saving(sample: Sample) -> Reading:
    """Screening saved where a statistical test says when to stop, mean over strokes."""
    saved = [_stopped(query)[0] for query in sample.searches]
    return Reading(values_B=np.array([np.mean(saved)]), num=len(saved), chance=0.0)


@measure(55, "usefulness")
def _stopped_recall(sample: Sample) -> Reading:
    """Share of a stroke that is found by then, mean over strokes."""
    found = [_stopped(query)[1] for query in sample.searches]
    return Reading(values_B=np.array([np.mean(found)]), num=len(found))
