"""Whether a probability of .8 means right eight times in ten.

Legend: N graded deliveries, G classes, B replicates, I bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.evaluation.intervals import divide, unit_weights, weighted_mean

NUM_BINS = 15  # Guo et al. 2017 (arXiv 1706.04599)
_FLOOR = 1e-12  # a probability of 0 for what happened would make the log-likelihood infinite


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Hold one bin of the reliability table.

    Args:
        low: Smallest confidence of the bin.
        high: Largest confidence.
        num: Deliveries in it.
        confidence: Mean confidence; NaN where empty.
        accuracy: Share that is right; NaN where empty.
    """

    low: float
    high: float
    num: int
    confidence: float
    accuracy: float


def equal_width_bins(confidence_N: np.ndarray, *, num_bins: int = NUM_BINS) -> np.ndarray:
    """Return the bin of each confidence (N,): (0, 1/I], (1/I, 2/I] and so on."""
    edges = np.linspace(0, 1, num_bins + 1)
    return np.clip(np.searchsorted(edges, confidence_N, side="left") - 1, 0, num_bins - 1)


def equal_mass_bins(confidence_N: np.ndarray, *, num_bins: int = NUM_BINS) -> np.ndarray:
    """Return bins that hold (almost) equally many deliveries (N,); equal confidences share a bin."""
    edges = np.quantile(confidence_N, np.linspace(0, 1, num_bins + 1)[1:-1])
    return np.searchsorted(edges, confidence_N, side="left")


def calibration_error(
    confidence_N: np.ndarray, correct_N: np.ndarray, bin_N: np.ndarray, weights_BN: np.ndarray | None = None
) -> np.ndarray:
    """Return the expected calibration error: mean |accuracy - confidence| over bins, weighted by their size (B,).

    Args:
        confidence_N: Probability of the named class (N,).
        correct_N: Whether it is right, 0..1 (N,).
        bin_N: Bin of each delivery (N,), from `equal_width_bins` (ECE) or `equal_mass_bins` (adaptive ECE).
        weights_BN: Weights (B, N); ones where not given.
    """
    weights_BN = unit_weights(len(confidence_N)) if weights_BN is None else weights_BN
    member_NI = np.eye(int(bin_N.max(initial=0)) + 1)[bin_N]
    gap_BI = weights_BN @ (member_NI * (correct_N - confidence_N)[:, None])
    return divide(np.abs(gap_BI).sum(axis=1), weights_BN.sum(axis=1))


def negative_log_likelihood(
    probs_NG: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray | None = None
) -> np.ndarray:
    """Return the mean of -log of the probability of what happened, nats (B,)."""
    own_N = np.take_along_axis(probs_NG, true_N[:, None], axis=1)[:, 0]
    weights_BN = unit_weights(len(true_N)) if weights_BN is None else weights_BN
    return weighted_mean(-np.log(np.maximum(own_N, _FLOOR)), weights_BN)


def brier(probs_NG: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray | None = None) -> np.ndarray:
    """Return the multi-class Brier score: mean squared distance to the truth, 0 (best) to 2 (B,)."""
    distance_N = ((probs_NG - np.eye(probs_NG.shape[1])[true_N]) ** 2).sum(axis=1)
    return weighted_mean(distance_N, unit_weights(len(true_N)) if weights_BN is None else weights_BN)


def reliability_table(
    confidence_N: np.ndarray, correct_N: np.ndarray, *, num_bins: int = NUM_BINS
) -> list[ReliabilityBin]:
    """Return confidence against accuracy in equal-width bins, empty bins too."""
    bin_N = equal_width_bins(confidence_N, num_bins=num_bins)
    table = []
    for index in range(num_bins):
        rows = bin_N == index
        means = [float(values[rows].mean()) if rows.any() else float("nan") for values in (confidence_N, correct_N)]
        table.append(
            ReliabilityBin(
                low=index / num_bins,
                high=(index + 1) / num_bins,
                num=int(rows.sum()),
                confidence=means[0],
                accuracy=means[1],
            )
        )
    return table
