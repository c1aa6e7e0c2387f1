"""What confidence is good for: letting the sure ones through and looking at the rest.

Legend: N graded deliveries, B replicates, U groups of equal confidence.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide, unit_weights, wilson_bounds
from slowpaths.evaluation.usefulness.ranking import rank

PRECISION_TARGET = 0.95


def risk_coverage(
    confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many errors are let through as more and more deliveries are accepted, surest first.

    Deliveries of equal confidence cannot be ordered: they enter together, so each brings the mean error of its group.

    Args:
        confidence_N: Confidence (N,).
        correct_N: Whether each is right, 0..1 (N,).
        weights_BN: Weights (B, N); ones where not given.

    Returns:
        Coverage (B, N + 1) from 0 to 1, and undetected errors as a share of all deliveries (B, N + 1).
    """
    weights_BN = unit_weights(len(confidence_N)) if weights_BN is None else weights_BN
    order = np.argsort(-confidence_N, kind="stable")
    drawn_BN, wrong_BN = weights_BN[:, order], weights_BN[:, order] * (1.0 - correct_N[order])
    starts = np.flatnonzero(np.r_[True, np.diff(confidence_N[order]) != 0]) if len(order) else order
    if len(starts) < len(order):
        rate_BU = divide(np.add.reduceat(wrong_BN, starts, axis=1), np.add.reduceat(drawn_BN, starts, axis=1))
        wrong_BN = drawn_BN * np.repeat(np.nan_to_num(rate_BU), np.diff(np.r_[starts, len(order)]), axis=1)
    total_B1 = weights_BN.sum(axis=1, keepdims=True)
    zero = np.zeros((len(weights_BN), 1))
    curves = (np.hstack([zero, divide(np.cumsum(mass_BN, axis=1), total_B1)]) for mass_BN in (drawn_BN, wrong_BN))
    coverage, errors = curves
    return coverage, errors


def augrc(confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None) -> np.ndarray:
    """Return the area under the generalised risk-coverage curve: the mean risk of an undetected error (B,).

    Mean over coverage of coverage times selective risk (Traub et al. 2024, arXiv 2407.01032). An error rate e gives e/2
    in random order and e^2/2 in perfect order.
    """
    coverage, errors = risk_coverage(confidence_N, correct_N, weights_BN)
    return (np.diff(coverage, axis=1) * (errors[:, 1:] + errors[:, :-1]) / 2).sum(axis=1)


def aurc(confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None) -> np.ndarray:
    """Return the area under the risk-coverage curve: mean error rate of the accepted over all coverages (B,).

    Geifman and El-Yaniv 2017 (arXiv 1705.08500); random order gives the error rate.
    """
    coverage, errors = risk_coverage(confidence_N, correct_N, weights_BN)
    risk = np.nan_to_num(divide(errors[:, 1:], coverage[:, 1:]))
    return (np.diff(coverage, axis=1) * risk).sum(axis=1)


def error_detection(
    confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None
) -> np.ndarray:
    """Return the probability that a right answer is surer than a wrong one (AUROC), ties count half (B,)."""
    ranking = rank(confidence_N, correct_N, weights_BN)
    wrong_BH = ranking.size_BH - ranking.hits_BH
    wrong_B = ranking.num_clips_B - ranking.total_B
    below_BH = wrong_B[:, None] - (ranking.seen_BH - ranking.found_BH)
    pairs_B = (ranking.hits_BH * (below_BH + wrong_BH / 2)).sum(axis=1)
    return divide(pairs_B, ranking.total_B * wrong_B)


def accuracy_at_coverage(
    confidence_N: np.ndarray, correct_N: np.ndarray, weights_BN: np.ndarray | None = None, *, coverage: float
) -> np.ndarray:
    """Return the accuracy of the surest share of deliveries (B,)."""
    curves = zip(*risk_coverage(confidence_N, correct_N, weights_BN), strict=True)
    return np.array([1 - np.interp(coverage, covered, errors) / coverage for covered, errors in curves])


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
    """Return the mean value per delivery: right +1, left to a person 0, wrong -cost (B,).

    Sayin et al. 2021 (arXiv 2112.06775): accept where the confidence exceeds `acceptance_threshold`.
    """
    weights_BN = unit_weights(len(confidence_N)) if weights_BN is None else weights_BN
    accepted_N = confidence_N > acceptance_threshold(cost_of_error)
    gain_N = np.where(accepted_N, correct_N - cost_of_error * (1 - correct_N), 0.0)
    return divide(weights_BN @ gain_N, weights_BN.sum(axis=1))


def auto_accept_rate(
    confidence_N: np.ndarray, correct_N: np.ndarray, *, precision: float = PRECISION_TARGET
) -> tuple[float, float]:
    """Return the largest share of deliveries nobody need look at.

    The surest deliveries are accepted down to a confidence at which the lower end of Wilson's 95 % interval of their
    precision is still at least `precision`. The confidence is chosen on the same deliveries, so the rate is an upper
    estimate of what a fresh match will give.

    Returns:
        Coverage, and the confidence to accept from (infinite where nothing qualifies).
    """
    if not len(confidence_N):
        return float("nan"), np.inf
    order = np.argsort(-confidence_N, kind="stable")
    low_N, _ = wilson_bounds(np.cumsum(correct_N[order]), np.arange(1, len(order) + 1))
    is_last_of_ties = np.r_[np.diff(confidence_N[order]) != 0, True]
    ends = np.flatnonzero(is_last_of_ties & (low_N >= precision))
    if not len(ends):
        return 0.0, np.inf
    return (int(ends[-1]) + 1) / len(order), float(confidence_N[order[ends[-1]]])
