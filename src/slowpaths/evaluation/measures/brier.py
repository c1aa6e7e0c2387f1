"""Brier score of several classes (Brier 1950): squared distance between the probabilities and what happened.

Legend: B replicates, N graded deliveries, G classes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import weighted_mean
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample


def brier(probs_NG: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray) -> np.ndarray:
    """Return the mean squared distance to the truth, 0 (best) to 2 (B,).

    Example:
        >>> brier(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1]), np.ones((1, 2))).tolist()
        [1.25]
    """
    return weighted_mean(((probs_NG - np.eye(probs_NG.shape[1])[true_N]) ** 2).sum(axis=1), weights_BN)


@measure(15, "calibration", baseline="every class alike; the true shares, always", bounds=(0.0, 2.0))
def _brier(sample: Sample) -> Reading:
    """Squared distance to the truth, 0 to 2 (lower is better)."""
    values_B = brier(sample.probs_NG, sample.true_N, sample.weights_BN)
    constant = float(1 - (sample.shares_G**2).sum())
    return Reading(values_B=values_B, num=len(sample.rows), chance=1 - 1 / len(sample.names), constant=constant)
