"""Prediction-powered stroke profiles: a person labels one ball in five, and predictions add what they can.

The share of a stroke in what a batter plays is estimated as mean(y, labelled) + l (mean(p, all) - mean(p, labelled)),
y being what the person says and p the probability (Angelopoulos et al. 2023, doi 10.1126/science.adi6000). The power l
is that of least variance (2023b, arXiv 2311.01453), l = cov(y, p) / var(p) within batters, one for each
stroke over all batters: few balls of one batter could not tell it. It lies in 0 to 1; at 0 it is the labels alone,
which it stands beside. A share below 0 is taken as 0, and shares are made to sum to 1.

Every fifth ball of a batter is labelled, and each of the five choices is taken in turn: the measure is their mean.
Profiles are scored as in `profile_fidelity`, against all of the batter's balls, those that were missed too, without
correction for their number (the labelled balls are some of them). Even noise gains a little over the labels, about .01
with six of them a batter, for it smooths shares that few labels leave at 0.

Edge cases: see `evaluation.stroke_profiles` for which groups there are; a group of which nothing is labelled is as
wrong as can be; false deliveries are no balls that anybody labels, and count among the predictions only.

Legend: N rows that count, A groups, G classes, B replicates, K choices of what is labelled.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import NotMeasured, Reading, measure
from slowpaths.evaluation.measures.profile_fidelity import mean_divergence
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import StrokeProfiles, to_shares

ONE_IN = 5


def power(true_NG: np.ndarray, soft_NG: np.ndarray, group_N: np.ndarray) -> np.ndarray:
    """Return the power of least variance for every class (G,), 0 to 1, of labelled balls and the batters they are of.

    Example:
        >>> true_NG, soft_NG = np.eye(2)[[0, 1, 0, 1]], np.eye(2)[[0, 1, 0, 0]]
        >>> power(true_NG, soft_NG, np.zeros(4, dtype=int)).round(3).tolist()
        [0.667, 0.667]
    """
    inside_NA = np.eye(int(group_N.max(initial=0)) + 1)[group_N]
    means = (divide(inside_NA.T @ rows_NG, inside_NA.sum(axis=0)[:, None]) for rows_NG in (true_NG, soft_NG))
    true_off_NG, soft_off_NG = (rows - mean[group_N] for rows, mean in zip((true_NG, soft_NG), means, strict=True))
    ratio_G = divide((true_off_NG * soft_off_NG).sum(axis=0), (soft_off_NG**2).sum(axis=0))
    return np.clip(np.nan_to_num(ratio_G), 0.0, 1.0)


def powered_shares(profiles: StrokeProfiles, choice: int, *, is_powered: bool) -> np.ndarray:
    """Return the estimated profiles (B, A, G) where every fifth ball of a group is labelled, from `choice` on."""
    place_N = np.zeros(len(profiles.group_N), dtype=np.int64)
    for rows in profiles.rows_of_group:
        known = rows[profiles.is_graded[rows]]
        place_N[known] = np.arange(len(known)) % ONE_IN
    labelled_N = profiles.is_graded & (place_N == choice)
    own_N1 = labelled_N[:, None]
    told_BAG = profiles.shares(profiles.true_NG * own_N1)
    if not is_powered:
        return told_BAG
    power_G = power(profiles.true_NG[labelled_N], profiles.soft_NG[labelled_N], profiles.group_N[labelled_N])
    moved_BAG = power_G * (profiles.soft_BAG - profiles.shares(profiles.soft_NG * own_N1))
    return to_shares(np.maximum(told_BAG + moved_BAG, 0.0))


@measure(47, "usefulness", baseline="the same labels alone")
def _profile_fidelity_powered(sample: Sample) -> Reading:
    """Likeness of each batter's stroke profile where a person labels every fifth ball and predictions add the rest."""
    profiles = sample.profiles
    if not profiles.is_graded.any():
        raise NotMeasured("no delivery was found that a person could label")
    scores = {
        is_powered: np.mean(
            [1 - mean_divergence(profiles.true_BAG, powered_shares(profiles, choice, is_powered=is_powered))
             for choice in range(ONE_IN)], axis=0)
        for is_powered in (True, False)
    }  # fmt: skip
    return Reading(values_B=scores[True], num=len(profiles.names), chance=float(scores[False][0]))
