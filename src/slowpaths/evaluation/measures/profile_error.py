"""Total variation of stroke profiles: the share of a batter's balls that is booked on the wrong stroke.

Half the sum of absolute differences between true and counted shares, mean over batters; errors that cancel cost
nothing, which is what tells it from accuracy.

Legend: A groups, G classes, B replicates.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import mean_over_groups


def total_variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return half the sum of absolute differences over the last axis.

    Example:
        >>> float(total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25])))
        0.25
    """
    return 0.5 * np.abs(p - q).sum(axis=-1)


def mean_total_variation(true_BAG: np.ndarray, counted_BAG: np.ndarray) -> np.ndarray:
    """Return the mean total variation over groups (B,)."""
    return mean_over_groups(total_variation(true_BAG, counted_BAG), true_BAG, counted_BAG)


@measure(43, "usefulness", baseline="every class alike; the most frequent class", is_larger_better=False)
def _profile_error(sample: Sample) -> Reading:
    """Share of each batter's balls booked on the wrong stroke (lower is better)."""
    profiles = sample.profiles
    meaning = f"share of {profiles.whose} balls booked on the wrong stroke (lower is better)"
    true_BAG = profiles.true_BAG
    return Reading(
        values_B=mean_total_variation(true_BAG, profiles.hard_BAG),
        num=len(profiles.names),
        chance=float(mean_total_variation(true_BAG[:1], profiles.guessed_AG[None])[0]),
        constant=float(mean_total_variation(true_BAG[:1], profiles.constant_AG[None])[0]),
        meaning=meaning,
    )
