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

from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import MIN_DELIVERIES, mean_over_groups

_BASELINE = "every class alike; the most frequent class"


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the Jensen-Shannon divergence over the last axis in bits: 0 the same, 1 nothing in common.

    Example:
        >>> float(jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])))
        1.0
    """
    middle = (p + q) / 2
    return (_bits(p, middle) + _bits(q, middle)) / 2


def fidelity(true_BAG: np.ndarray, counted_BAG: np.ndarray) -> np.ndarray:
    """Return 1 minus the mean Jensen-Shannon divergence over groups (B,)."""
    return 1 - mean_over_groups(jensen_shannon(true_BAG, counted_BAG), true_BAG, counted_BAG)


def _bits(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    positive = p > 0
    ratio = np.divide(p, q, out=np.ones(np.broadcast(p, q).shape), where=positive)
    return np.where(np.isnan(p), np.nan, np.where(positive, p * np.log2(ratio), 0.0)).sum(axis=-1)


def _reading(sample: Sample, values_B: np.ndarray, meaning: str = "") -> Reading:
    profiles = sample.profiles
    true_BAG = profiles.true_BAG[:1]
    return Reading(
        values_B=values_B,
        num=len(profiles.names),
        chance=float(fidelity(true_BAG, profiles.guessed_AG[None])[0]),
        constant=float(fidelity(true_BAG, profiles.constant_AG[None])[0]),
        meaning=meaning,
    )


@measure(40, "usefulness", baseline=_BASELINE)
def _profile_fidelity(sample: Sample) -> Reading:
    """Likeness of each batter's stroke profile to the true one, counting named strokes."""
    profiles = sample.profiles
    meaning = f"likeness of {profiles.whose} stroke profile to the true one, counting named strokes"
    return _reading(sample, fidelity(profiles.true_BAG, profiles.hard_BAG), meaning)


@measure(41, "usefulness", baseline=_BASELINE)
def _profile_fidelity_soft(sample: Sample) -> Reading:
    """The same, adding up probabilities."""
    profiles = sample.profiles
    return _reading(sample, fidelity(profiles.true_BAG, profiles.soft_BAG))


@measure(42, "usefulness", baseline=_BASELINE)
def _profile_fidelity_adjusted(sample: Sample) -> Reading:
    """The same, corrected by the confusion seen on all others."""
    profiles = sample.profiles
    if not np.isfinite(profiles.adjusted_AG).any():
        return Reading(reason=f"it needs two groups with {MIN_DELIVERIES} deliveries or more")
    return _reading(sample, fidelity(profiles.true_BAG[:1], profiles.adjusted_AG[None]))


@report_table(40, is_long=True)
def _profiles(sample: Sample) -> Table:
    """Return profiles."""
    profiles, table = sample.profiles, []
    for group, name in enumerate(profiles.names):
        for column, label in enumerate(sample.pairing.space.columns):
            shares = (profiles.true_BAG[0], profiles.hard_BAG[0], profiles.soft_BAG[0], profiles.adjusted_AG)
            values = [float(shares_AG[group, column]) for shares_AG in shares]
            row = {"group": name, "deliveries": profiles.sizes[group], "class": label}
            keys = ("true", "counted", "mean_probability", "adjusted")
            table.append({**row, **dict(zip(keys, values, strict=True))})
    return table
