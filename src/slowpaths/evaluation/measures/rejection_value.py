"""Value with rejection: right +1, left to a person 0, wrong minus a cost (Sayin et al. 2021, arXiv 2112.06775).

A delivery is accepted where its confidence exceeds w / (1 + w): above it accepting pays.

Legend: B replicates, N graded deliveries.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide, unit_weights
from slowpaths.evaluation.measure import MeasureSpec, Reading
from slowpaths.evaluation.sample import NO_GRADED, Sample

COSTS_OF_ERROR: tuple[int, ...] = (1, 3, 9)


def acceptance_threshold(cost_of_error: float) -> float:
    """Return the confidence above which accepting pays where a right answer earns 1 and a wrong one costs so much.

    Example:
        >>> [acceptance_threshold(cost) for cost in (1, 3, 9)]
        [0.5, 0.75, 0.9]
    """
    return cost_of_error / (1 + cost_of_error)


def value_with_rejection(
    confidence_N: np.ndarray,
    correct_N: np.ndarray,
    weights_BN: np.ndarray | None = None,
    *,
    cost_of_error: float,
) -> np.ndarray:
    """Return the mean value per delivery (B,)."""
    weights_BN = unit_weights(len(confidence_N)) if weights_BN is None else weights_BN
    accepted_N = confidence_N > acceptance_threshold(cost_of_error)
    gain_N = np.where(accepted_N, correct_N - cost_of_error * (1 - correct_N), 0.0)
    return divide(weights_BN @ gain_N, weights_BN.sum(axis=1))


def _measure(sample: Sample, cost: int) -> Reading:
    if not len(sample.rows):
        return Reading(reason=NO_GRADED)
    values_B = value_with_rejection(sample.confidence_N, sample.correct_N, sample.weights_BN, cost_of_error=cost)
    return Reading(values_B=values_B, num=len(sample.rows), constant=0.0)


def _spec(cost: int, place: int) -> MeasureSpec:
    return MeasureSpec(
        name=f"value_cost{cost}",
        side="usefulness",
        place=place,
        meaning=f"value per delivery where an error costs {cost} times a right answer",
        measure=lambda sample: _measure(sample, cost),
        baseline="leaving everything to a person",
        bounds=(-np.inf, 1.0),
    )


MEASURES = tuple(_spec(cost, 63 + index) for index, cost in enumerate(COSTS_OF_ERROR))
