"""Value with rejection: right +1, left to a person 0, wrong minus a cost (Sayin et al. 2021, arXiv 2112.06775).

A delivery is accepted where its confidence exceeds w / (1 + w): above it accepting pays.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import unit_weights, weighted_mean
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample


def acceptance_threshold(cost_of_error: float) -> float:
    """Return the confidence above which accepting pays where a right answer earns 1 and a wrong one costs so much.

    Example:
        >>> [acceptance_threshold(cost) for cost in (1, 3, 9)]
        [0.5, 0.75, 0.9]
    """
    return cost_of_error / (1 + cost_of_error)


def value_with_rejection(
    confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None, *, cost_of_error: float
) -> np.ndarray:
    """Return the mean value per delivery (B,)."""
    accepted_N = confidence_N > acceptance_threshold(cost_of_error)
    gain_N = np.where(accepted_N, correct_N - cost_of_error * (1 - correct_N), 0.0)
    return weighted_mean(gain_N, unit_weights(len(gain_N)) if weights_BN is None else weights_BN)


def _read(sample: Sample, cost: int) -> Reading:
    values_B = value_with_rejection(sample.confidence_N, sample.correct_N, sample.weights_BN, cost_of_error=cost)
    share = float(sample.shares_G.max())
    return sample.reading(values_B, constant=max(0.0, share - cost * (1 - share)))


VALUES = tuple(
    measure(place, "usefulness", name=f"value_cost{cost}", bounds=(-np.inf, 1.0),
            meaning=f"value per delivery where an error costs {cost} times a right answer",
            baseline="; the better of leaving everything to a person and naming the most frequent class")(
        lambda sample, cost=cost: _read(sample, cost))
    for place, cost in ((63, 1), (64, 3), (65, 9))
)  # fmt: skip
