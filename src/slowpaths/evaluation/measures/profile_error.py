"""Total variation of stroke profiles: the share of a batter's balls that is booked on the wrong stroke.

Half the sum of absolute differences between true and counted shares, mean over batters; errors that cancel cost
nothing, which is what tells it from accuracy. Few balls make it larger than it is: see `intervals.unbiased_absolute`.

Beside it the bias of the rarest stroke (the one with the fewest true balls, but some): what a good accuracy hides best.

Legend: A groups, G classes, B replicates, N balls.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide, unbiased_absolute
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import BASELINE, StrokeProfiles


def total_variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return half the sum of absolute differences over the last axis.

    Example:
        >>> float(total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25])))
        0.25
    """
    return 0.5 * np.abs(p - q).sum(axis=-1)


def mean_total_variation(profiles: StrokeProfiles) -> np.ndarray:
    """Return the mean over groups with true balls (B,), corrected for the number of balls."""
    true_BAG, counted_BAG = profiles.true_BAG, profiles.hard_BAG
    has_truth, is_found = np.isfinite(true_BAG).all(axis=2), np.isfinite(counted_BAG).all(axis=2)
    known = np.expand_dims(has_truth & is_found, -1)
    differences, errors = (np.where(known, half / 2, 0.0) for half in (counted_BAG - true_BAG, profiles.errors_BAG))
    flat = (len(differences), -1)
    lost_B = (has_truth & ~is_found).sum(axis=1)  # a group of which nothing was found is wholly wrong
    return divide(unbiased_absolute(differences.reshape(flat), errors.reshape(flat)) + lost_B, has_truth.sum(axis=1))


@measure(43, "usefulness", baseline=BASELINE, best="lowest")
def _profile_error(sample: Sample) -> Reading:
    """Share of each batter's balls booked on the wrong stroke (lower is better)."""
    meaning = f"share of {sample.profiles.whose} balls booked on the wrong stroke (lower is better)"
    return sample.profiles.reading(mean_total_variation(sample.profiles), mean_total_variation, meaning=meaning)


def relative_bias(true_B: np.ndarray, counted_B: np.ndarray) -> np.ndarray:
    """Return counted / true - 1 (B,): -.5 where half of them are booked elsewhere.

    Example:
        >>> relative_bias(np.array([8.0]), np.array([4.0])).tolist()
        [-0.5]
    """
    return divide(counted_B, true_B) - 1


@measure(44, "usefulness", baseline=BASELINE, bounds=(-1.0, np.inf), best="zero")
def _rare_stroke_bias(sample: Sample) -> Reading:
    """By which share the rarest stroke is over-counted (below 0: under-counted)."""
    profiles = sample.profiles
    counts_G = profiles.true_NG.sum(axis=0)
    rarest = int(np.argmin(np.where(counts_G > 0, counts_G, np.inf)))
    true_B, counted_B = (profiles.weights_BN @ rows_NG[:, rarest] for rows_NG in (profiles.true_NG, profiles.hard_NG))
    guessed = profiles.weights_BN[0].sum() / profiles.num_true
    return Reading(
        values_B=relative_bias(true_B, counted_B),
        num=len(profiles.names),
        chance=float(guessed / counts_G[rarest] - 1),
        constant=0.0 if (counts_G > 0).sum() == 1 else -1.0,
        meaning=f"by which share the rarest stroke is over-counted (below 0: under-counted): {sample.names[rarest]}",
    )
