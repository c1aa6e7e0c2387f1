"""Counting classes without caring which delivery is which (quantification).

Estimators: classify and count (CC), probabilistic (PCC), adjusted (ACC, PACC; Forman 2008, Bella et al. 2010) and the
expectation maximisation of Saerens, Latinne and Decaestecker 2002 (EMQ).

Legend: N deliveries, G predicted classes, T true classes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.usefulness.profiles import adjusted_counts, conditional_confusion


def classify_and_count(probs_NG: np.ndarray) -> np.ndarray:
    """Return the share of each named class (G,)."""
    return np.bincount(np.argmax(probs_NG, axis=1), minlength=probs_NG.shape[1]) / len(probs_NG)


def probabilistic_count(probs_NG: np.ndarray) -> np.ndarray:
    """Return the mean probability of each class (G,)."""
    return probs_NG.mean(axis=0)


def adjusted_count(
    probs_NG: np.ndarray, calibration_NG: np.ndarray, calibration_true_N: np.ndarray, *, num_true: int, is_soft: bool
) -> np.ndarray:
    """Return shares corrected by the confusion seen on other, labelled deliveries (T,).

    Args:
        probs_NG: Probabilities of the deliveries to count.
        calibration_NG: Probabilities of the labelled deliveries.
        calibration_true_N: Their true classes.
        num_true: T.
        is_soft: Whether probabilities are averaged (PACC) or named classes counted (ACC).
    """
    if is_soft:
        counted_G, called_NG = probabilistic_count(probs_NG), calibration_NG
    else:
        counted_G = classify_and_count(probs_NG)
        called_NG = np.eye(probs_NG.shape[1])[np.argmax(calibration_NG, axis=1)]
    counts_TG = np.eye(num_true)[calibration_true_N].T @ called_NG
    return adjusted_counts(counted_G, conditional_confusion(counts_TG))


def expectation_maximisation(
    probs_NG: np.ndarray, prior_G: np.ndarray, *, max_steps: int = 1000, tolerance: float = 1e-8
) -> np.ndarray:
    """Return shares that make the probabilities, re-weighted to them, agree with themselves (G,).

    Args:
        probs_NG: Probabilities given by a model trained where the shares were `prior_G`.
        prior_G: Those shares.
        max_steps: Most steps taken.
        tolerance: Stop where the shares change by less in total.
    """
    shares_G = prior_G.copy()
    ratio_NG = np.divide(probs_NG, prior_G, out=np.zeros_like(probs_NG), where=prior_G > 0)
    for _ in range(max_steps):
        weighted_NG = ratio_NG * shares_G
        updated_G = (weighted_NG / weighted_NG.sum(axis=1, keepdims=True)).mean(axis=0)
        done = np.abs(updated_G - shares_G).sum() < tolerance
        shares_G = updated_G
        if done:
            break
    return shares_G


def absolute_error(true_G: np.ndarray, counted_G: np.ndarray) -> float:
    """Return the mean absolute error of the shares."""
    return float(np.abs(true_G - counted_G).mean())


def relative_absolute_error(true_G: np.ndarray, counted_G: np.ndarray, *, num: int) -> float:
    """Return the mean relative error, shares smoothed by 1 / (2 N) so that rare classes count (QuaPy's convention)."""
    ours, theirs = (_smooth(shares, num) for shares in (counted_G, true_G))
    return float((np.abs(ours - theirs) / theirs).mean())


def divergence(true_G: np.ndarray, counted_G: np.ndarray, *, num: int) -> float:
    """Return the Kullback-Leibler divergence of the smoothed shares, nats."""
    ours, theirs = (_smooth(shares, num) for shares in (counted_G, true_G))
    return float((theirs * np.log(theirs / ours)).sum())


def _smooth(shares_G: np.ndarray, num: int) -> np.ndarray:
    extra = 1 / (2 * num)
    return (shares_G + extra) / (1 + extra * len(shares_G))
