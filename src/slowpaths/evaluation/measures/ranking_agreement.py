"""Kendall's tau-b between the true and the counted order of batters by their share of a stroke, mean over strokes.

Beside it tau-ap, in which mistakes at the top of the list weigh more: those are the batters whom a scout looks at.

Edge cases: a stroke of which all batters truly play the same share is left out; one of which all are counted the same
has no order, tau 0. A batter of whom nothing was found stands in no order. Fewer than five have too few pairs for one.

Legend: A groups, G classes.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import kendalltau

from slowpaths.evaluation.measure import NotMeasured, Reading, measure
from slowpaths.evaluation.rank_correlation import tau_ap
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import MIN_DELIVERIES

MIN_GROUPS = 5
_ALIKE = "every batter plays every stroke alike"


def ranking_agreement(true_AG: np.ndarray, counted_AG: np.ndarray) -> np.ndarray:
    """Return tau-b of every class (G,), NaN for a class in which all groups are alike.

    Example:
        >>> true, counted = np.array([[0.1], [0.2], [0.3]]), np.array([[0.1], [0.4], [0.3]])
        >>> ranking_agreement(true, counted).round(3).tolist()
        [0.333]
    """
    known = np.isfinite(true_AG).all(axis=1) & np.isfinite(counted_AG).all(axis=1)
    taus = np.full(true_AG.shape[1], np.nan)
    for column in range(true_AG.shape[1]):
        ours, theirs = counted_AG[known, column], true_AG[known, column]
        if len(set(theirs)) > 1:
            taus[column] = kendalltau(theirs, ours).statistic if len(set(ours)) > 1 else 0.0
    return taus


def known_profiles(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return true and counted profiles of the groups that have both (A, G).

    Raises:
        NotMeasured: If they are too few to speak of an order.
    """
    true_AG, counted_AG = sample.profiles.true_BAG[0], sample.profiles.hard_BAG[0]
    known_A = np.isfinite(true_AG).all(axis=1) & np.isfinite(counted_AG).all(axis=1)
    if known_A.sum() < MIN_GROUPS:
        raise NotMeasured(f"it needs more than {MIN_GROUPS - 1} groups with {MIN_DELIVERIES} deliveries")
    return true_AG[known_A], counted_AG[known_A]


@measure(45, "usefulness", baseline="batters in random order", bounds=(-1.0, 1.0))
def _ranking_agreement(sample: Sample) -> Reading:
    """Agreement on who plays more of a stroke, -1 to 1, mean over strokes."""
    true_AG, counted_AG = known_profiles(sample)
    taus_G = ranking_agreement(true_AG, counted_AG)
    if not np.isfinite(taus_G).any():
        raise NotMeasured(_ALIKE)
    return Reading(values_B=np.array([np.nanmean(taus_G)]), num=len(true_AG), chance=0.0)


@measure(46, "usefulness", baseline="batters in random order", bounds=(-1.0, 1.0))
def _ranking_agreement_top(sample: Sample) -> Reading:
    """The same, mistakes at the top of the list weigh more."""
    true_AG, counted_AG = known_profiles(sample)
    ones = np.ones((1, len(true_AG)))
    taus = [
        tau_ap(counted, true, ones)[0] if len(set(counted)) > 1 else 0.0
        for counted, true in zip(counted_AG.T, true_AG.T, strict=True)
        if len(set(true)) > 1
    ]
    if not taus:
        raise NotMeasured(_ALIKE)
    return Reading(values_B=np.array([np.mean(taus)]), num=len(true_AG), chance=0.0)
