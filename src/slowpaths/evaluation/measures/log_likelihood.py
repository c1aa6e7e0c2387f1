"""Negative log-likelihood: surprise at what happened.

Edge case: a probability of 0 for what happened would be infinite; it is taken as 1e-12.

Legend: B replicates, N graded deliveries, G classes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import weighted_mean
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample

_FLOOR = 1e-12


def negative_log_likelihood(probs_NG: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray) -> np.ndarray:
    """Return the mean of -log of the probability of what happened, nats (B,).

    Example:
        >>> negative_log_likelihood(np.array([[0.5, 0.5]]), np.array([0]), np.ones((1, 1))).round(4).tolist()
        [0.6931]
    """
    own_N = np.take_along_axis(probs_NG, true_N[:, None], axis=1)[:, 0]
    return weighted_mean(-np.log(np.maximum(own_N, _FLOOR)), weights_BN)


@measure(14, "calibration", baseline="every class alike; the true shares, always", bounds=(0.0, np.inf))
def _nll(sample: Sample) -> Reading:
    """Surprise at what happened, nats (lower is better)."""
    values_B = negative_log_likelihood(sample.probs_NG, sample.true_N, sample.weights_BN)
    seen = sample.shares_G[sample.shares_G > 0]
    constant = float(-(seen * np.log(seen)).sum())
    return Reading(values_B=values_B, num=len(sample.rows), chance=float(np.log(len(sample.names))), constant=constant)
