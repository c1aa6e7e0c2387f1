"""Proper scores of the probabilities: Brier score and negative log-likelihood.

Brier's score of several classes (Brier 1950) is the squared distance between the probabilities and what happened, the
negative log-likelihood is the surprise at it.

Edge case: a probability of 0 for what happened would be infinitely surprising; it is taken as 1e-12.

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


@measure(14, "calibration", baseline="every class alike; the true shares, always", bounds=(0.0, np.inf), best="lowest")
def _nll(sample: Sample) -> Reading:
    """Surprise at what happened, nats (lower is better)."""
    values_B = negative_log_likelihood(sample.probs_NG, sample.true_N, sample.weights_BN)
    seen = sample.shares_G[sample.shares_G > 0]
    return sample.reading(values_B, chance=np.log(len(sample.names)), constant=-(seen * np.log(seen)).sum())


def brier(probs_NG: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray) -> np.ndarray:
    """Return the mean squared distance to the truth, 0 (best) to 2 (B,).

    Example:
        >>> brier(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1]), np.ones((1, 2))).tolist()
        [1.25]
    """
    return weighted_mean(((probs_NG - np.eye(probs_NG.shape[1])[true_N]) ** 2).sum(axis=1), weights_BN)


@measure(15, "calibration", baseline="every class alike; the true shares, always", bounds=(0.0, 2.0), best="lowest")
def _brier(sample: Sample) -> Reading:
    """Squared distance to the truth, 0 to 2 (lower is better)."""
    values_B = brier(sample.probs_NG, sample.true_N, sample.weights_BN)
    return sample.reading(values_B, chance=1 - 1 / len(sample.names), constant=1 - (sample.shares_G**2).sum())
