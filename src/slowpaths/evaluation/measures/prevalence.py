"""Counting strokes without caring which delivery is which (quantification): the error of each stroke's share.

The measure counts named strokes over all graded balls (replays are none); the table compares the usual estimators:
classify and count (CC), mean probability (PCC), adjusted counts (ACC, PACC; Forman 2008, Bella et al. 2010) and
expectation maximisation (EMQ; Saerens, Latinne and Decaestecker 2002). Error measures follow QuaPy.

Edge case: adjusted counts are cross-fitted between two halves of the matches, so they need two matches.

Legend: N graded deliveries, G named classes, S true classes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide, unbiased_absolute
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.stroke_profiles import adjusted_counts, conditional_confusion

_FLOOR = 1e-9  # a class that training never had may still be there
_MAX_STEPS, _TOLERANCE = 1000, 1e-8  # of expectation maximisation; total change of the shares at which it stops


def classify_and_count(probs_NG: np.ndarray) -> np.ndarray:
    """Return the share of each named class (G,)."""
    return np.bincount(np.argmax(probs_NG, axis=1), minlength=probs_NG.shape[1]) / len(probs_NG)


def probabilistic_count(probs_NG: np.ndarray) -> np.ndarray:
    """Return the mean probability of each class (G,)."""
    return probs_NG.mean(axis=0)


def adjusted_count(
    probs_NG: np.ndarray, calibration_NG: np.ndarray, calibration_true_N: np.ndarray, *, num_true: int, is_soft: bool
) -> np.ndarray:
    """Return shares corrected by the confusion seen on other, labelled deliveries (S,).

    Probabilities are averaged where `is_soft` (PACC), else named classes counted (ACC).
    """
    called_NG = calibration_NG if is_soft else np.eye(probs_NG.shape[1])[np.argmax(calibration_NG, axis=1)]
    counts_SG = np.eye(num_true)[calibration_true_N].T @ called_NG
    counted_G = probabilistic_count(probs_NG) if is_soft else classify_and_count(probs_NG)
    return adjusted_counts(counted_G, conditional_confusion(counts_SG))


def expectation_maximisation(probs_NG: np.ndarray, prior_G: np.ndarray) -> np.ndarray:
    """Return shares that make the probabilities, re-weighted to them, agree with themselves (G,).

    The probabilities take the shares `prior_G` for given: those of training, or even ones where training made rare
    strokes as likely as common ones.
    """
    shares_G = np.maximum(prior_G, _FLOOR) / np.maximum(prior_G, _FLOOR).sum()
    ratio_NG = np.maximum(probs_NG, _FLOOR) / shares_G
    for _ in range(_MAX_STEPS):
        weighted_NG = ratio_NG * shares_G
        before_G, shares_G = shares_G, (weighted_NG / weighted_NG.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.abs(shares_G - before_G).sum() < _TOLERANCE:
            break
    return shares_G


def absolute_error(true_G: np.ndarray, counted_G: np.ndarray) -> float:
    """Return the mean absolute error of the shares.

    Example:
        >>> absolute_error(np.array([0.5, 0.5]), np.array([0.75, 0.25]))
        0.25
    """
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


@measure(70, "usefulness", baseline="every class alike; the most frequent class", best="lowest")
def _prevalence_error(sample: Sample) -> Reading:
    """Mean error of a stroke's overall share, counting named strokes."""
    own, true_G = _balls(sample)
    weights_BN, one_hot = sample.weights_BN[:, own], np.eye(len(true_G))
    num_B1 = weights_BN.sum(axis=1)[:, None]
    off_NG = one_hot[sample.called_N[own]] - one_hot[sample.true_N[own]]
    off_BG = divide(weights_BN @ off_NG, num_B1)
    squares_BG = divide(weights_BN @ off_NG**2, num_B1) - off_BG**2
    errors_BG = np.nan_to_num(np.sqrt(divide(np.maximum(squares_BG, 0.0), num_B1 - 1)))
    guessed_G = np.where(np.arange(len(true_G)) < len(sample.names), 1 / len(sample.names), 0.0)
    return Reading(
        values_B=np.abs(off_BG).mean(axis=1),
        unbiased_B=unbiased_absolute(off_BG, errors_BG) / len(true_G),
        num=len(own),
        chance=absolute_error(true_G, guessed_G),
        constant=absolute_error(true_G, one_hot[true_G.argmax()]),
    )


@report_table(70, title="Counting strokes")
def _prevalence(sample: Sample) -> Table:
    """Return the error of every estimator.

    Expectation maximisation needs to know which shares the probabilities take for given.
    """
    own, true_G = _balls(sample)
    probs_NG, true_N, num = sample.probs_NG[own], sample.true_N[own], len(own)
    called_G = np.bincount(sample.called_N[own], minlength=len(true_G)) / num
    methods = {"classify and count": called_G, "mean probability": probabilistic_count(probs_NG)}
    if sample.prior_C is not None:
        prior_G = sample.prior_C @ sample.pairing.space.matrix_CG
        methods["expectation maximisation"] = expectation_maximisation(probs_NG, prior_G)
    is_first = first_half(sample.pairing.match[sample.rows[own]])
    if is_first.any() and not is_first.all():
        for label, is_soft in (("adjusted count", False), ("adjusted mean probability", True)):
            methods[label] = np.zeros(len(true_G))
            for own_N in (is_first, ~is_first):  # counted on each half with the confusion of the other half
                given = (probs_NG[own_N], probs_NG[~own_N], true_N[~own_N])
                counted_S = adjusted_count(*given, num_true=len(sample.names), is_soft=is_soft)
                methods[label][: len(sample.names)] += counted_S * own_N.mean()
    return [
        {
            "method": label,
            "absolute_error": absolute_error(true_G, shares_G),
            "relative_absolute_error": relative_absolute_error(true_G, shares_G, num=num),
            "divergence_nats": divergence(true_G, shares_G, num=num),
        }
        for label, shares_G in methods.items()
    ]


def first_half(match_N: np.ndarray) -> np.ndarray:
    """Return which deliveries lie in the first, third, fifth ... match by name (N,)."""
    return np.isin(match_N, sorted(set(match_N))[::2])


def _balls(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return which graded rows are balls, and the true shares among them (G,)."""
    own = np.flatnonzero(sample.is_ball_N)
    if not len(own):
        raise NotMeasured("every graded delivery is a replay")
    return own, np.bincount(sample.true_N[own], minlength=sample.probs_NG.shape[1]) / len(own)
