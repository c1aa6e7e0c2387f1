"""Risk and coverage: the error rate of what is accepted as more and more deliveries are, surest first.

AURC (Geifman and El-Yaniv 2017, arXiv 1705.08500) is the mean error rate of the accepted over all coverages, AUGRC
(Traub et al. 2024, arXiv 2407.01032) the mean of coverage times that error rate: an error rate e gives e/2 in random
order and e^2/2 in perfect order. `accuracy_at_half` reads the curve at one half.

Edge case: deliveries of equal confidence enter together, so each brings the mean error of its group.

Legend: N graded deliveries, B replicates, U groups of equal confidence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from slowpaths.evaluation.intervals import divide, unit_weights
from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample


def risk_coverage(
    confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many errors are let through as more and more deliveries are accepted, surest first.

    That is coverage (B, N + 1) from 0 to 1, and undetected errors as a share of all deliveries (B, N + 1).
    """
    weights_BN = unit_weights(len(confidence_N)) if weights_BN is None else weights_BN
    order = np.argsort(-confidence_N, kind="stable")
    drawn_BN, wrong_BN = weights_BN[:, order], weights_BN[:, order] * (1.0 - correct_N[order])
    starts = np.flatnonzero(np.r_[True, np.diff(confidence_N[order]) != 0]) if len(order) else order
    if len(starts) < len(order):
        rate_BU = divide(np.add.reduceat(wrong_BN, starts, axis=1), np.add.reduceat(drawn_BN, starts, axis=1))
        wrong_BN = drawn_BN * np.repeat(np.nan_to_num(rate_BU), np.diff(np.r_[starts, len(order)]), axis=1)
    total_B1, zero = weights_BN.sum(axis=1, keepdims=True), np.zeros((len(weights_BN), 1))
    shares = (divide(np.cumsum(mass_BN, axis=1), total_B1) for mass_BN in (drawn_BN, wrong_BN))
    coverage, errors = (np.hstack([zero, share_BN]) for share_BN in shares)
    return coverage, errors


def augrc(confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None) -> np.ndarray:
    """Return the mean risk of an undetected error (B,).

    Example:
        >>> augrc(np.arange(10.0, 0, -1), np.array([1.0] * 8 + [0.0] * 2)).round(3).tolist()
        [0.02]
    """
    coverage, errors = risk_coverage(confidence_N, correct_N, weights_BN)
    return (np.diff(coverage, axis=1) * (errors[:, 1:] + errors[:, :-1]) / 2).sum(axis=1)


def aurc(confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None) -> np.ndarray:
    """Return the mean error rate of the accepted over all coverages (B,); random order gives the error rate."""
    coverage, errors = risk_coverage(confidence_N, correct_N, weights_BN)
    risk = np.nan_to_num(divide(errors[:, 1:], coverage[:, 1:]))
    return (np.diff(coverage, axis=1) * risk).sum(axis=1)


def accuracy_at_coverage(
    confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None, *, coverage: float = 0.5
) -> np.ndarray:
    """Return the accuracy of the surest share of deliveries (B,)."""
    curves = zip(*risk_coverage(confidence_N, correct_N, weights_BN), strict=True)
    return np.array([1 - np.interp(coverage, covered, errors) / coverage for covered, errors in curves])


_BASELINE = "confidence in random order"


@measure(60, "usefulness", baseline=_BASELINE)
def _accuracy_at_half(sample: Sample) -> Reading:
    """Share named right among the surer half."""
    return _read(sample, accuracy_at_coverage, chance=float(sample.correct_N.mean()))


@measure(61, "usefulness", baseline=_BASELINE, best="lowest")
def _aurc(sample: Sample) -> Reading:
    """Mean error rate among the surest, over all shares accepted (lower is better)."""
    return _read(sample, aurc, chance=float(1 - sample.correct_N.mean()))


@measure(62, "usefulness", baseline=_BASELINE, best="lowest")
def _augrc(sample: Sample) -> Reading:
    """Mean risk of an error that slips through (lower is better)."""
    return _read(sample, augrc, chance=float(1 - sample.correct_N.mean()) / 2)


def _read(sample: Sample, score: Callable[..., np.ndarray], *, chance: float) -> Reading:
    return sample.reading(score(sample.confidence_N, sample.correct_N, sample.weights_BN), chance=chance)


@report_table(60, is_long=True)
def _risk_coverage(sample: Sample) -> Table:
    coverage, errors = (curve[0] for curve in risk_coverage(sample.confidence_N, sample.correct_N))
    return [
        {"coverage": float(share), "risk": float(wrong / share), "undetected": float(wrong)}
        for share, wrong in zip(coverage[1:], errors[1:], strict=True)
    ]
