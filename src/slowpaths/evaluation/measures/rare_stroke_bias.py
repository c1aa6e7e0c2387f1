"""By which share the rarest stroke is over-counted: what a good accuracy hides best.

Edge case: the rarest stroke is the one with the fewest true balls, but some.

Legend: B replicates, N balls.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import BASELINE


def relative_bias(true_B: np.ndarray, counted_B: np.ndarray) -> np.ndarray:
    """Return counted / true - 1 (B,): -.5 where half of them are booked elsewhere.

    Example:
        >>> relative_bias(np.array([8.0]), np.array([4.0])).tolist()
        [-0.5]
    """
    return divide(counted_B, true_B) - 1


@measure(44, "usefulness", baseline=BASELINE, bounds=(-1.0, np.inf))
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
