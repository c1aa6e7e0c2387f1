"""Balanced accuracy: the mean recall over the classes that occur in truth (scikit-learn's `balanced_accuracy_score`).

Edge case: a class without true deliveries has no recall and is left out.

Legend: B replicates, G classes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample, mean_known


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
    values_B = balanced_accuracy(sample.confusion_BGG)
    return Reading(values_B=values_B, num=len(sample.rows), chance=1 / len(sample.names), constant=constant)
