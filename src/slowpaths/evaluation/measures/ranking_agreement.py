"""Kendall's tau-b between the true and the counted order of batters by their share of a stroke, mean over strokes.

Beside it tau-ap, in which mistakes at the top of the list weigh more: those are the batters whom a scout looks at.

Edge cases: a stroke of which all batters truly play the same share is left out; one of which all are counted the same
has no order, tau 0. Fewer than five batters have too few pairs for an order.

Legend: A groups, G classes.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import kendalltau

from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.rank_correlation import tau_ap
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import MIN_DELIVERIES

MIN_GROUPS = 5


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


@measure(45, "usefulness", baseline="batters in random order", bounds=(-1.0, 1.0))
def _ranking_agreement(sample: Sample) -> Reading:
    """Agreement on who plays more of a stroke, -1 to 1, mean over strokes."""
    profiles = sample.profiles
    taus_G = ranking_agreement(profiles.true_BAG[0], profiles.hard_BAG[0])
    if len(profiles.names) < MIN_GROUPS or not np.isfinite(taus_G).any():
        return Reading(reason=f"it needs more than {MIN_GROUPS - 1} groups with {MIN_DELIVERIES} deliveries")
    return Reading(values_B=np.array([np.nanmean(taus_G)]), num=len(profiles.names), chance=0.0)


@measure(46, "usefulness", baseline="batters in random order", bounds=(-1.0, 1.0))
def _ranking_agreement_top(sample: Sample) -> Reading:
    """The same, mistakes at the top of the list weigh more."""
    profiles = sample.profiles
    true_AG, counted_AG = profiles.true_BAG[0], profiles.hard_BAG[0]
    known = np.isfinite(true_AG).all(axis=1) & np.isfinite(counted_AG).all(axis=1)
    if known.sum() < MIN_GROUPS:
        return Reading(reason=f"it needs more than {MIN_GROUPS - 1} groups with {MIN_DELIVERIES} deliveries")
    ones = np.ones((1, int(known.sum())))
    columns = zip(counted_AG[known].T, true_AG[known].T, strict=True)
    taus = [
        tau_ap(counted, true, ones)[0] if len(set(counted)) > 1 else 0.0
        for counted, true in columns
        if len(set(true)) > 1
    ]
    if not taus:
        return Reading(reason="every batter plays every stroke alike")
    return Reading(values_B=np.array([np.mean(taus)]), num=len(profiles.names), chance=0.0)
