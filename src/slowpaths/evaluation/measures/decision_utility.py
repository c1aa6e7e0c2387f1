"""Decisions that rest on predictions, and what wrong ones cost.

Utility is 1 - cost / cost of the best action that ignores the picture: 1 perfect, 0 no help, below 0 harm. The net
benefit of clipping a stroke above a probability t is TP / N - FP / N * t / (1 - t) (Vickers and Elkin 2006, doi
10.1177/0272989X06295361).

Edge cases: a leave has no side, so its side differs from that of every stroke: otherwise it would be the cheap answer
to everything; a foot counts only where both strokes have one.

Legend: N graded deliveries, C = 14 strokes, G classes, A actions.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from slowpaths.core.strokes import FACTORS, NUM_STROKES, STROKES
from slowpaths.evaluation.classes import ClassSpace
from slowpaths.evaluation.intervals import divide, unit_weights
from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.sample import Sample

# Price list of an error, before scaling: wrong at all, wrong side of the field, wrong foot, attack taken for defence.
_BASE, _SIDE, _FOOT, _INTENT = 0.3, 0.5, 0.2, 0.2
THRESHOLDS: tuple[float, ...] = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


def stroke_costs() -> np.ndarray:
    """Return what it costs to call one stroke another (14, 14), rows true, columns called; 0 right, 1 the worst."""
    costs_CC = np.zeros((NUM_STROKES, NUM_STROKES))
    for (row, true), (column, called) in itertools.product(enumerate(STROKES), repeat=2):
        if true == called:
            continue
        ours, theirs = FACTORS[called], FACTORS[true]
        foot_differs = ours.foot != theirs.foot and "-" not in (ours.foot, theirs.foot)
        flips = {ours.intent, theirs.intent} == {"attack", "defend"}
        side = _SIDE * (ours.side != theirs.side)
        costs_CC[row, column] = _BASE + side + _FOOT * foot_differs + _INTENT * flips
    return costs_CC / costs_CC.max()


def class_costs(space: ClassSpace) -> np.ndarray:
    """Return the costs between the classes of a comparison (G, G): the least that any of their strokes would cost."""
    costs_CC = stroke_costs()
    members = [np.flatnonzero(column) for column in space.matrix_CG.T]
    costs_GG = np.array([[costs_CC[np.ix_(true, called)].min() for called in members] for true in members])
    np.fill_diagonal(costs_GG, 0.0)
    return costs_GG


def best_actions(probs_NG: np.ndarray, costs_GA: np.ndarray) -> np.ndarray:
    """Return the action with the least expected cost (N,): argmin over a of sum over y of p(y) C[y, a]."""
    return np.argmin(probs_NG @ costs_GA, axis=1)


def normalised_utility(
    actions_N: np.ndarray, true_N: np.ndarray, costs_GA: np.ndarray, weights_BN: np.ndarray | None = None
) -> np.ndarray:
    """Return the utility (B,).

    Example:
        >>> costs = np.array([[0.0, 1.0], [1.0, 0.0]])
        >>> normalised_utility(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), costs).tolist()
        [0.5]
    """
    weights_BN = unit_weights(len(true_N)) if weights_BN is None else weights_BN
    cost_BA = weights_BN @ costs_GA[true_N]
    return 1 - divide(weights_BN @ costs_GA[true_N, actions_N], cost_BA.min(axis=1))


def net_benefit(*, true_positives: Any, false_positives: Any, num: float, threshold: Any) -> Any:
    """Return what acting above a probability t is worth: TP / N - FP / N * t / (1 - t).

    Example:
        >>> round(net_benefit(true_positives=80, false_positives=60, num=1000, threshold=0.2), 3)
        0.065
    """
    return true_positives / num - false_positives / num * threshold / (1 - threshold)


def net_benefit_treat_all(*, prevalence: float, threshold: float) -> float:
    """Return the net benefit of acting always: pi - (1 - pi) t / (1 - t).

    Example:
        >>> round(net_benefit_treat_all(prevalence=0.1, threshold=0.2), 3)
        -0.125
    """
    return prevalence - (1 - prevalence) * threshold / (1 - threshold)


def decision_curve(probability_N: np.ndarray, is_true_N: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the net benefit of acting on every delivery whose probability reaches each threshold."""
    acted = probability_N >= thresholds[:, None]
    right, wrong = (acted & is_true_N).sum(axis=1), (acted & ~is_true_N).sum(axis=1)
    return net_benefit(true_positives=right, false_positives=wrong, num=len(probability_N), threshold=thresholds)


_OPTIONS = {"baseline": "; the best answer that ignores the picture", "bounds": (-np.inf, 1.0)}


@measure(66, "usefulness", **_OPTIONS)
def _decision_utility(sample: Sample) -> Reading:
    """Cost of errors avoided by acting on the probabilities."""
    return _read(sample, best_actions(sample.probs_NG, class_costs(sample.pairing.space)))


@measure(67, "usefulness", **_OPTIONS)
def _decision_utility_top1(sample: Sample) -> Reading:
    """The same, acting on the named stroke."""
    return _read(sample, sample.called_N)


def _read(sample: Sample, actions_N: np.ndarray) -> Reading:
    costs_GG = class_costs(sample.pairing.space)
    return sample.reading(normalised_utility(actions_N, sample.true_N, costs_GG, sample.weights_BN), constant=0.0)


@report_table(62, title="What it is worth to clip a stroke above a probability")
def _decision_curve(sample: Sample) -> Table:
    """Return the net benefit of clipping a stroke above a probability, mean over strokes."""
    num = len(sample.names)
    curves = [decision_curve(sample.probs_NG[:, i], sample.true_N == i, np.array(THRESHOLDS)) for i in range(num)]
    table: Table = []
    for threshold, predicted in zip(THRESHOLDS, np.mean(curves, axis=0), strict=True):
        always = net_benefit_treat_all(prevalence=1 / num, threshold=threshold)
        table.append({"threshold": threshold, "predicted": float(predicted), "act_always": always, "act_never": 0.0})
    return table
