"""What predictions are worth in human labels: prediction-powered inference.

Angelopoulos et al. 2023 (doi 10.1126/science.adi6000), with power tuning 2023b (arXiv 2311.01453): predictions for N
deliveries beside n labelled ones multiply the labels by 1 / (1 - rho^2 / (1 + n / N)), rho the correlation between
prediction and truth. The measure takes endless footage (n / N = 0) and the mean over strokes.

Edge cases: a stroke with fewer than three deliveries is left out, so is one whose probability never varies, and one
that predictions settle wholly (rho = 1): no number of labels is worth as much. Close to it the gain is a ratio to
nearly nothing, so its interval is that of 1 / gain and has no upper end where that reaches 0.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide, weighted_mean
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import MIN_RELEVANT, Sample, mean_known

_NOTHING_LEFT = 1e-9  # of a share: below it there is only rounding


def effective_sample_gain(squared_correlation: np.ndarray, *, labelled_share: float = 0.0) -> np.ndarray:
    """Return by how much predictions multiply the labelled sample (B,); NaN where they leave nothing to labels.

    The squared correlation is rho^2 (B,), the labelled share n / N.

    Example:
        >>> effective_sample_gain(np.array([0.64]), labelled_share=100 / 5000).round(3).tolist()
        [2.684]
    """
    left = 1 - squared_correlation / (1 + labelled_share)
    return divide(1, np.where(left > _NOTHING_LEFT, left, 0.0))


def squared_correlation(truth_N: np.ndarray, predicted_N: np.ndarray, weights_BN: np.ndarray) -> np.ndarray:
    """Return the squared correlation of a 0/1 truth with its prediction (B,), NaN where one of them never varies."""
    total_B = weights_BN.sum(axis=1)
    off_t, off_p = (values_N - weighted_mean(values_N, weights_BN)[:, None] for values_N in (truth_N, predicted_N))
    joint, spread_t, spread_p = (
        divide((weights_BN * product_BN).sum(axis=1), total_B) for product_BN in (off_t * off_p, off_t**2, off_p**2)
    )
    return divide(joint**2, np.where(spread_p > 1e-15, spread_t * spread_p, 0.0))


@measure(68, "usefulness", baseline="labels alone", bounds=(1.0, np.inf), is_reciprocal=True)
def _label_worth(sample: Sample) -> Reading:
    """Labelled deliveries that one is worth with the predictions beside it, mean over strokes."""
    gains = []
    for column in range(len(sample.names)):
        truth_N = (sample.true_N == column).astype(np.float64)
        if truth_N.sum() >= MIN_RELEVANT:
            rho2_B = squared_correlation(truth_N, sample.probs_NG[:, column], sample.weights_BN)
            gains.append(effective_sample_gain(rho2_B))
    return (
        sample.reading(mean_known(gains), chance=1.0)
        if gains
        else Reading(reason=f"no stroke has {MIN_RELEVANT} deliveries")
    )
