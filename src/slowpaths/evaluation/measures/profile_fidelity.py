"""Likeness of stroke profiles: does a coach get the right share of every stroke for a batter?

1 minus the Jensen-Shannon divergence (bits) between the true and the counted shares, mean over batters (matches where
truth names no batters). Counted three ways: named strokes, probabilities added up, and named strokes corrected by the
confusion seen on all others (adjusted counting, Forman 2008, doi 10.1007/s10618-008-0097-y).

Edge cases: see `evaluation.stroke_profiles` for which groups there are; a group of which nothing was found is as wrong
as can be; the correction needs two groups.

Legend: A groups, G classes, B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import BASELINE, MIN_DELIVERIES, StrokeProfiles, to_shares

_SIZES = 12  # numbers of balls at which the excess is computed, others lie between
_BALLS_DRAWN = 20_000  # for each of them


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the Jensen-Shannon divergence over the last axis in bits: 0 the same, 1 nothing in common.

    Example:
        >>> float(jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])))
        1.0
    """
    middle = (p + q) / 2
    return (_bits(p, middle) + _bits(q, middle)) / 2


def fidelity(profiles: StrokeProfiles, counted_NG: np.ndarray) -> np.ndarray:
    """Return 1 minus the mean divergence over groups (B,), corrected for the number of balls.

    Few balls make the divergence larger than it is. By how much is what as many balls drawn from all groups together
    show above the divergence of all groups together. `counted_NG` is what each ball adds to the counted profile.
    """
    excess_A = _excess(profiles.true_NG, counted_NG, np.array([len(rows) for rows in profiles.rows_of_group]))
    return 1 - np.maximum(mean_divergence(profiles.true_BAG, profiles.shares(counted_NG), excess_A), 0.0)


def mean_divergence(true_BAG: np.ndarray, counted_BAG: np.ndarray, excess_A: np.ndarray | float = 0.0) -> np.ndarray:
    """Return the mean over groups with true deliveries (B,), less an excess of each; 1 where nothing was found."""
    has_truth, is_found = np.isfinite(true_BAG).all(axis=2), np.isfinite(counted_BAG).all(axis=2)
    divergence_BA = np.where(is_found, jensen_shannon(true_BAG, counted_BAG) - excess_A, 1.0)
    return divide(np.where(has_truth, divergence_BA, 0.0).sum(axis=1), has_truth.sum(axis=1))


def _excess(true_NG: np.ndarray, counted_NG: np.ndarray, sizes_A: np.ndarray) -> np.ndarray:
    """Return by how much so many balls, drawn from all, exaggerate the divergence of all (A,)."""
    if not counted_NG.any():
        return np.zeros(len(sizes_A))
    whole = jensen_shannon(to_shares(true_NG.sum(axis=0)), to_shares(counted_NG.sum(axis=0)))
    rng = np.random.default_rng(0)
    sizes, excess = np.unique(np.geomspace(sizes_A.min(), sizes_A.max(), _SIZES).round().astype(int)), []
    for size in sizes:
        drawn = rng.integers(len(true_NG), size=(int(np.clip(_BALLS_DRAWN // size, 20, 1000)), size))
        divergence = jensen_shannon(to_shares(true_NG[drawn].sum(axis=1)), to_shares(counted_NG[drawn].sum(axis=1)))
        known = divergence[np.isfinite(divergence)]
        excess.append(known.mean() - whole if len(known) else 0.0)
    return np.interp(np.log(sizes_A), np.log(sizes), excess)


def _bits(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    positive = p > 0
    ratio = np.divide(p, q, out=np.ones(np.broadcast(p, q).shape), where=positive)
    return np.where(np.isnan(p), np.nan, np.where(positive, p * np.log2(ratio), 0.0)).sum(axis=-1)


def _reading(sample: Sample, values_B: np.ndarray, meaning: str = "") -> Reading:
    return sample.profiles.reading(values_B, lambda alike: fidelity(alike, alike.hard_NG), meaning=meaning)


@measure(40, "usefulness", baseline=BASELINE)
def _profile_fidelity(sample: Sample) -> Reading:
    """Likeness of each batter's stroke profile to the true one, counting named strokes."""
    whose = sample.profiles.whose
    meaning = f"likeness of {whose} stroke profile to the true one, counting named strokes"
    return _reading(sample, fidelity(sample.profiles, sample.profiles.hard_NG), meaning)


@measure(41, "usefulness", baseline=BASELINE)
def _profile_fidelity_soft(sample: Sample) -> Reading:
    """The same, adding up probabilities."""
    return _reading(sample, fidelity(sample.profiles, sample.profiles.soft_NG))


@measure(42, "usefulness", baseline=BASELINE)
def _profile_fidelity_adjusted(sample: Sample) -> Reading:
    """The same, corrected by the confusion seen on all others."""
    adjusted_AG = sample.profiles.adjusted_AG
    if not np.isfinite(adjusted_AG).any():
        raise NotMeasured(f"it needs two groups with {MIN_DELIVERIES} deliveries or more")
    return _reading(sample, 1 - mean_divergence(sample.profiles.true_BAG[:1], adjusted_AG[None]))


@report_table(40, is_long=True)
def _profiles(sample: Sample) -> Table:
    profiles, table = sample.profiles, []
    ways = {"true": profiles.true_BAG[0], "counted": profiles.hard_BAG[0], "mean_probability": profiles.soft_BAG[0]}
    ways["adjusted"] = profiles.adjusted_AG
    for group, name in enumerate(profiles.names):
        for column, label in enumerate(sample.pairing.space.columns):
            shares = {way: float(shares_AG[group, column]) for way, shares_AG in ways.items()}
            table.append({"group": name, "deliveries": profiles.sizes[group], "class": label, **shares})
    return table
