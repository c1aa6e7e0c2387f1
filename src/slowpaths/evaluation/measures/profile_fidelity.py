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

from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import MIN_DELIVERIES, StrokeProfiles, mean_over_groups, to_shares

_SIZES = 12  # numbers of balls at which the excess is computed, others lie between
_BALLS_DRAWN = 20_000  # for each of them
_BASELINE = "every class alike; the most frequent class"


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
    show above the divergence of all groups together.

    Args:
        profiles: What is counted.
        counted_NG: What each ball adds to the counted profile (N, G).
    """
    true_BAG, counted_BAG = profiles.true_BAG, profiles.shares(counted_NG)
    excess_A = _excess(profiles.true_NG, counted_NG, np.array([len(rows) for rows in profiles.rows_of_group]))
    divergence_BA = jensen_shannon(true_BAG, counted_BAG) - excess_A
    return 1 - np.maximum(mean_over_groups(divergence_BA, true_BAG, counted_BAG), 0.0)


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


def _reading(profiles: StrokeProfiles, values_B: np.ndarray, meaning: str = "") -> Reading:
    guessed, constant = (profiles.alike(shares) for shares in (profiles.guessed_G, profiles.constant_G))
    return Reading(
        values_B=values_B,
        num=len(profiles.names),
        chance=float(fidelity(guessed, guessed.hard_NG)[0]),
        constant=float(fidelity(constant, constant.hard_NG)[0]),
        meaning=meaning,
    )


@measure(40, "usefulness", baseline=_BASELINE)
def _profile_fidelity(sample: Sample) -> Reading:
    """Likeness of each batter's stroke profile to the true one, counting named strokes."""
    profiles = sample.profiles
    meaning = f"likeness of {profiles.whose} stroke profile to the true one, counting named strokes"
    return _reading(profiles, fidelity(profiles, profiles.hard_NG), meaning)


@measure(41, "usefulness", baseline=_BASELINE)
def _profile_fidelity_soft(sample: Sample) -> Reading:
    """The same, adding up probabilities."""
    return _reading(sample.profiles, fidelity(sample.profiles, sample.profiles.soft_NG))


@measure(42, "usefulness", baseline=_BASELINE)
def _profile_fidelity_adjusted(sample: Sample) -> Reading:
    """The same, corrected by the confusion seen on all others."""
    profiles = sample.profiles
    if not np.isfinite(profiles.adjusted_AG).any():
        raise NotMeasured(f"it needs two groups with {MIN_DELIVERIES} deliveries or more")
    true_BAG = profiles.true_BAG[:1]
    divergence_BA = jensen_shannon(true_BAG, profiles.adjusted_AG[None])
    return _reading(profiles, 1 - mean_over_groups(divergence_BA, true_BAG, profiles.adjusted_AG[None]))


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
