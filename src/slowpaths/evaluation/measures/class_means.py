"""Means over classes, in which a rare stroke counts as much as a frequent one: balanced accuracy and macro F1.

Balanced accuracy is the mean recall (scikit-learn's `balanced_accuracy_score`), macro F1 the mean harmonic mean of
precision and recall (`f1_score`).

Edge cases: a class without true deliveries has no recall and is left out of balanced accuracy; one in neither truth nor
predictions is left out of macro F1, one in only one of them has F1 0.

Legend: B replicates, G classes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide, unit_weights
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample, confusion, mean_known


def balanced_accuracy(confusion_BGG: np.ndarray) -> np.ndarray:
    """Return the mean recall over the classes that occur in truth (B,).

    Example:
        >>> balanced_accuracy(np.array([[[3.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]])).tolist()
        [0.625]
    """
    recall_BG = divide(np.diagonal(confusion_BGG, axis1=1, axis2=2), confusion_BGG.sum(axis=2))
    return mean_known(list(recall_BG.T))


@measure(12, "accuracy", baseline="every class alike; the most frequent class")
def _balanced_accuracy(sample: Sample) -> Reading:
    """Mean over strokes of the share that is found."""
    constant = 1 / float((sample.shares_G > 0).sum())
    return sample.reading(balanced_accuracy(sample.confusion_BGG), chance=1 / len(sample.names), constant=constant)


def macro_f1(confusion_BGG: np.ndarray) -> np.ndarray:
    """Return the mean F1 over the classes that occur in truth or prediction (B,).

    Example:
        >>> macro_f1(np.array([[[2.0, 0.0], [2.0, 0.0]]])).round(3).tolist()
        [0.333]
    """
    hits_BG = np.diagonal(confusion_BGG, axis1=1, axis2=2)
    return mean_known(list(divide(2 * hits_BG, confusion_BGG.sum(axis=1) + confusion_BGG.sum(axis=2)).T))


def guessing_macro_f1(true_N: np.ndarray, *, num_true: int) -> float:
    """Return macro F1 of guessing every class alike, from expected counts: precision is its share, recall 1/G."""
    shares_G = np.bincount(true_N, minlength=num_true) / len(true_N)
    return float((2 * shares_G / num_true / (shares_G + 1 / num_true)).mean())


@measure(13, "accuracy", baseline="every class alike; the most frequent class")
def _macro_f1(sample: Sample) -> Reading:
    """Mean over strokes of precision and recall together."""
    num, shares_G = len(sample.rows), sample.shares_G
    always_N = np.full(num, shares_G.argmax())
    constant = macro_f1(confusion(always_N, sample.true_N, unit_weights(num), num_classes=len(shares_G)))
    chance = guessing_macro_f1(sample.true_N, num_true=len(sample.names))
    return sample.reading(macro_f1(sample.confusion_BGG), chance=chance, constant=float(constant[0]))
