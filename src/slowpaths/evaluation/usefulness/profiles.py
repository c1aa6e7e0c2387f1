"""Stroke profiles: does a coach get the right share of every stroke for a batter?

Legend: N deliveries, G classes, J groups (batters or matches), B replicates.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from scipy.stats import kendalltau

from slowpaths.evaluation.intervals import divide


def profiles(counts_NG: np.ndarray, group_N: np.ndarray, weights_BN: np.ndarray, *, num_groups: int) -> np.ndarray:
    """Return the share of every class in every group (B, J, G); NaN for a group without deliveries.

    Args:
        counts_NG: What each delivery adds (N, G): one-hot for hard counts, probabilities for soft, 0 for nothing.
        group_N: Group of each delivery (N,), 0..J-1.
        weights_BN: How often each delivery was drawn (B, N).
        num_groups: J.
    """
    found_BJG = np.zeros((len(weights_BN), num_groups, counts_NG.shape[1]))
    for group in range(num_groups):
        rows = group_N == group
        found_BJG[:, group] = weights_BN[:, rows] @ counts_NG[rows]
    return divide(found_BJG, found_BJG.sum(axis=2, keepdims=True))


def total_variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return half the sum of absolute differences over the last axis: the share of balls booked on the wrong stroke.

    Example:
        >>> float(total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25])))
        0.25
    """
    return 0.5 * np.abs(p - q).sum(axis=-1)


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the Jensen-Shannon divergence over the last axis in bits: 0 the same, 1 nothing in common."""
    middle = (p + q) / 2
    return (_bits(p, middle) + _bits(q, middle)) / 2


def fidelity(true_BJG: np.ndarray, predicted_BJG: np.ndarray) -> np.ndarray:
    """Return 1 minus the mean Jensen-Shannon divergence over groups (B,)."""
    return 1 - _mean_over_groups(jensen_shannon(true_BJG, predicted_BJG), true_BJG, predicted_BJG)


def mean_total_variation(true_BJG: np.ndarray, predicted_BJG: np.ndarray) -> np.ndarray:
    """Return the mean total variation over groups (B,)."""
    return _mean_over_groups(total_variation(true_BJG, predicted_BJG), true_BJG, predicted_BJG)


def adjusted_counts(counted_G: np.ndarray, confusion_TG: np.ndarray) -> np.ndarray:
    """Return the shares that would have been counted as `counted_G`: solve C^T p = q with p >= 0 (adjusted counting).

    Forman 2008 (doi 10.1007/s10618-008-0097-y); least squares where no p fits exactly.

    Args:
        counted_G: Share of each predicted class (G,).
        confusion_TG: P(predicted | true) (T, G), rows sum to 1; T may be smaller than G ("other" is never true).

    Returns:
        Shares of the true classes (T,), sum 1.
    """
    solution_T, _ = nnls(confusion_TG.T, counted_G)
    total = solution_T.sum()
    return solution_T / total if total > 0 else np.full(len(solution_T), 1 / len(solution_T))


def conditional_confusion(counts_TG: np.ndarray) -> np.ndarray:
    """Return P(predicted | true) from counts (T, G); a class that was never seen is taken to be always right."""
    rows = counts_TG.sum(axis=1, keepdims=True)
    return np.where(rows > 0, np.divide(counts_TG, rows, where=rows > 0, out=np.zeros_like(counts_TG)),
                    np.eye(*counts_TG.shape))  # fmt: skip


def adjusted_profiles(predicted_NG: np.ndarray, true_N: np.ndarray, group_N: np.ndarray, *, num_groups: int,
                      num_true: int) -> np.ndarray:  # fmt: skip
    """Return each group's profile after adjusted counting with the confusion of all other groups (J, T).

    Args:
        predicted_NG: Hard or soft predictions of found deliveries (N, G).
        true_N: True classes (N,), 0..T-1.
        group_N: Groups (N,).
        num_groups: J.
        num_true: T, the classes truth can have.
    """
    profiles_JT = np.full((num_groups, num_true), np.nan)
    for group in range(num_groups):
        inside = group_N == group
        if not inside.any() or inside.all():
            continue
        counts_TG = np.eye(num_true)[true_N[~inside]].T @ predicted_NG[~inside]
        profiles_JT[group] = adjusted_counts(predicted_NG[inside].mean(axis=0), conditional_confusion(counts_TG))
    return profiles_JT


def relative_bias(true_G: np.ndarray, counted_G: np.ndarray) -> np.ndarray:
    """Return by which share each class is over-counted (negative: under-counted); NaN where it does not occur."""
    return divide(counted_G - true_G, true_G)


def ranking_agreement(true_JG: np.ndarray, predicted_JG: np.ndarray) -> np.ndarray:
    """Return Kendall's tau-b between the true and the predicted order of groups by share of each class (G,).

    NaN for a class in which all groups are alike.
    """
    known = np.isfinite(true_JG).all(axis=1) & np.isfinite(predicted_JG).all(axis=1)
    taus = np.full(true_JG.shape[1], np.nan)
    for column in range(true_JG.shape[1]):
        ours, theirs = predicted_JG[known, column], true_JG[known, column]
        if len(set(theirs)) > 1:
            taus[column] = kendalltau(theirs, ours).statistic if len(set(ours)) > 1 else 0.0
    return taus


def _mean_over_groups(distance_BJ: np.ndarray, true_BJG: np.ndarray, predicted_BJG: np.ndarray) -> np.ndarray:
    """Average over groups with true deliveries; one of which nothing was found is as wrong as can be (1)."""
    has_truth = np.isfinite(true_BJG).all(axis=2)
    is_lost = has_truth & ~np.isfinite(predicted_BJG).all(axis=2)
    distance_BJ = np.where(is_lost, 1.0, np.where(has_truth, distance_BJ, 0.0))
    return divide(distance_BJ.sum(axis=1), has_truth.sum(axis=1))


def _bits(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    positive = p > 0
    ratio = np.divide(p, q, out=np.ones(np.broadcast(p, q).shape), where=positive)
    return np.where(np.isnan(p), np.nan, np.where(positive, p * np.log2(ratio), 0.0)).sum(axis=-1)
