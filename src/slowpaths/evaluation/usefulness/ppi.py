"""Prediction-powered inference: what predictions are worth in human labels.

Angelopoulos et al. 2023 (doi 10.1126/science.adi6000) and, with power tuning, 2023b (arXiv 2311.01453).

Legend: n labelled and N unlabelled deliveries.
"""

from __future__ import annotations

import numpy as np


def effective_sample_gain(correlation: float, *, num_labelled: float, num_unlabelled: float) -> float:
    """Return by how much predictions multiply the labelled sample: 1 / (1 - rho^2 / (1 + n / N)).

    Args:
        correlation: Correlation between prediction and truth, rho.
        num_labelled: n.
        num_unlabelled: N.

    Example:
        >>> round(effective_sample_gain(0.8, num_labelled=100, num_unlabelled=5000), 3)
        2.684
    """
    explained = correlation**2 / (1 + num_labelled / num_unlabelled)
    return float(np.inf) if explained >= 1 else 1 / (1 - explained)


def prediction_powered_mean(
    truth_n: np.ndarray, predicted_n: np.ndarray, predicted_N: np.ndarray
) -> tuple[float, float]:
    """Return the power-tuned estimate of a mean and its standard error.

    Args:
        truth_n: Truth of the labelled deliveries (n,), at least 2.
        predicted_n: Their predictions (n,).
        predicted_N: Predictions of the unlabelled deliveries (N,).
    """
    num_labelled, num_unlabelled = len(truth_n), len(predicted_N)
    spread = float(np.var(np.r_[predicted_n, predicted_N], ddof=1))
    covariance = float(np.cov(truth_n, predicted_n)[0, 1])
    power = covariance / ((1 + num_labelled / num_unlabelled) * spread) if spread > 0 else 0.0
    power = float(np.clip(power, 0, 1))
    estimate = truth_n.mean() + power * (predicted_N.mean() - predicted_n.mean())
    variance = np.var(truth_n - power * predicted_n, ddof=1) / num_labelled + power**2 * spread / num_unlabelled
    return float(estimate), float(np.sqrt(variance))
