"""Foot, plane and side of the bat: how often the most probable value of a factor is right.

Edge case: classes whose strokes differ in a factor, or do not have it, are left out of it.

Legend: N graded deliveries, G classes, V values of a factor.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.classes import ClassSpace
from slowpaths.evaluation.intervals import divide, weighted_mean
from slowpaths.evaluation.measure import MeasureSpec, Reading
from slowpaths.evaluation.measures.top_k import NO_PAIR
from slowpaths.evaluation.sample import Sample


def factor_hits(
    probs_NG: np.ndarray, true_N: np.ndarray, space: ClassSpace, factor: str
) -> tuple[np.ndarray, int, float]:
    """Return how often the most probable value of a factor is right.

    Example:
        >>> from slowpaths.evaluation.classes import class_space
        >>> space = class_space("slowpaths")
        >>> probs = np.eye(14)[[space.names.index("cover_drive")]]
        >>> hits, num_values, _ = factor_hits(probs, np.array([space.names.index("on_drive")]), space, "foot")
        >>> hits.tolist(), num_values
        ([1.0], 2)

    Returns:
        Hits (N,), NaN where the true class does not settle the factor; number of values; share of the most frequent.
    """
    values, matrix_GV = space.factor(factor)
    true_NV = matrix_GV[true_N]
    hits_N = (np.argmax(probs_NG @ matrix_GV, axis=1) == np.argmax(true_NV, axis=1)).astype(np.float64)
    share = float(divide(true_NV.sum(axis=0), true_NV.sum()).max())
    return np.where(true_NV.any(axis=1), hits_N, np.nan), len(values), share


def _measure(sample: Sample, factor: str) -> Reading:
    if not len(sample.rows):
        return Reading(reason=NO_PAIR)
    hits_N, num_values, share = factor_hits(sample.probs_NG, sample.true_N, sample.pairing.space, factor)
    known = np.isfinite(hits_N)
    values_B = weighted_mean(hits_N[known], sample.weights_BN[:, known])
    return Reading(values_B=values_B, num=int(known.sum()), chance=1 / num_values, constant=share)


def _spec(factor: str, place: int, meaning: str) -> MeasureSpec:
    return MeasureSpec(
        name=factor,
        side="accuracy",
        place=place,
        meaning=meaning,
        measure=lambda sample: _measure(sample, factor),
        baseline="every value alike; the most frequent value",
        is_share=True,
    )


MEASURES = (
    _spec("foot", 20, "front or back foot right"),
    _spec("plane", 21, "vertical or horizontal bat right"),
    _spec("side", 22, "off, straight or leg right"),
)
