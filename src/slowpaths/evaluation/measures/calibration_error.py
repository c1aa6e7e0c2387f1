"""Expected calibration error: whether a probability of .8 means right eight times in ten.

Guo et al. 2017 (arXiv 1706.04599): mean over bins of confidence of |share right - mean confidence|, weighted by size,
with bins of equal width (ECE) or of equal size (adaptive ECE, Nixon et al. 2019, arXiv 1904.01685).

Edge cases: equal confidences always share a bin, so bins of equal size may be uneven. Few deliveries make the error
larger than it is: the value is the usual one, the interval is corrected and may lie mostly below it.

Legend: B replicates, N graded deliveries, I bins.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide, unbiased_absolute
from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample

NUM_BINS = 15  # Guo et al. 2017


def equal_width_bins(confidence_N: np.ndarray, *, num_bins: int = NUM_BINS) -> np.ndarray:
    """Return the bin of each confidence (N,): (0, 1/I], (1/I, 2/I] and so on.

    Example:
        >>> equal_width_bins(np.array([0.0, 0.5, 0.51, 1.0]), num_bins=2).tolist()
        [0, 0, 1, 1]
    """
    edges = np.linspace(0, 1, num_bins + 1)
    return np.clip(np.searchsorted(edges, confidence_N, side="left") - 1, 0, num_bins - 1)


def equal_mass_bins(confidence_N: np.ndarray, *, num_bins: int = NUM_BINS) -> np.ndarray:
    """Return bins that hold (almost) equally many deliveries (N,)."""
    edges = np.quantile(confidence_N, np.linspace(0, 1, num_bins + 1)[1:-1])
    return np.searchsorted(edges, confidence_N, side="left")


def bin_gaps(
    confidence_N: np.ndarray, correct_N: np.ndarray, bin_N: np.ndarray, weights_BN: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return share right minus confidence of every bin times the bin's share, and its standard error (B, I)."""
    member_NI = np.eye(int(bin_N.max(initial=0)) + 1)[bin_N]
    gap_N1, total_B1 = (correct_N - confidence_N)[:, None], weights_BN.sum(axis=1, keepdims=True)
    size_BI, sum_BI = weights_BN @ member_NI, weights_BN @ (member_NI * gap_N1)
    spread_BI = weights_BN @ (member_NI * gap_N1**2) - np.nan_to_num(divide(sum_BI**2, size_BI))
    variance_BI = np.nan_to_num(divide(np.maximum(spread_BI, 0.0) * size_BI, size_BI - 1))
    return divide(sum_BI, total_B1), divide(np.sqrt(variance_BI), total_B1)


def calibration_error(*given: np.ndarray) -> np.ndarray:
    """Return the mean |share right - confidence| over bins, weighted by their size (B,); arguments of `bin_gaps`.

    Example:
        >>> confidence, bins = np.array([0.6, 0.8, 0.9]), np.array([0, 1, 1])
        >>> calibration_error(confidence, np.array([1.0, 1.0, 0.0]), bins, np.ones((1, 3))).round(4).tolist()
        [0.3667]
    """
    return np.abs(bin_gaps(*given)[0]).sum(axis=1)


@measure(16, "calibration", best="lowest")
def _ece(sample: Sample) -> Reading:
    """How far confidence is from the share that is right (lower is better)."""
    return _read(sample, equal_width_bins(sample.confidence_N))


@measure(17, "calibration", best="lowest")
def _ece_adaptive(sample: Sample) -> Reading:
    """The same, bins of equal size (lower is better)."""
    return _read(sample, equal_mass_bins(sample.confidence_N))


def _read(sample: Sample, bin_N: np.ndarray) -> Reading:
    given = (sample.confidence_N, sample.correct_N, bin_N, sample.weights_BN)
    return sample.reading(calibration_error(*given), unbiased_B=unbiased_absolute(*bin_gaps(*given)))


@report_table(12)
def _reliability(sample: Sample) -> Table:
    """Return confidence against the share right in equal-width bins, empty bins too."""
    bin_N, table = equal_width_bins(sample.confidence_N), []
    for index in range(NUM_BINS):
        own = bin_N == index
        row = {"low": index / NUM_BINS, "high": (index + 1) / NUM_BINS, "deliveries": int(own.sum())}
        for key, values_N in (("confidence", sample.confidence_N), ("accuracy", sample.correct_N)):
            row[key] = float(values_N[own].mean()) if own.any() else float("nan")
        table.append(row)
    return table
