"""Foot, plane and side of the bat: how often the most probable value of a factor is right.

Edge cases: true classes whose strokes differ in a factor, or do not have it, are left out of it. Where only such
classes are given a probability, no value is named and none is right; values that tie share the hit.

Legend: N graded deliveries, G classes, V values of a factor.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.classes import ClassSpace
from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample


def factor_hits(
    probs_NG: np.ndarray, true_N: np.ndarray, space: ClassSpace, factor: str
) -> tuple[np.ndarray, int, float]:
    """Return how often the likeliest value of a factor is right (N,), how many values it has, and its largest share.

    Hits are NaN where the true class does not settle the factor.

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
    said_NV = probs_NG @ matrix_GV
    is_likeliest_NV = (said_NV == said_NV.max(axis=1, keepdims=True)) & (said_NV > 0)
    hits_N = np.nan_to_num(divide((is_likeliest_NV * true_NV).sum(axis=1), is_likeliest_NV.sum(axis=1)))
    share = float(divide(true_NV.sum(axis=0), true_NV.sum()).max())
    return np.where(true_NV.any(axis=1), hits_N, np.nan), len(values), share


def _read(sample: Sample, factor: str) -> Reading:
    hits_N, num_values, share = factor_hits(sample.probs_NG, sample.true_N, sample.pairing.space, factor)
    return sample.mean(hits_N, np.isfinite(hits_N), chance=1 / num_values, constant=share)


FACTOR_SPECS = tuple(
    measure(place, "accuracy", name=factor, meaning=meaning, is_share=True,
            baseline="every value alike; the most frequent value")(lambda sample, key=factor: _read(sample, key))
    for place, factor, meaning in (
        (20, "foot", "front or back foot right"),
        (21, "plane", "vertical or horizontal bat right"),
        (22, "side", "off, straight or leg right"),
    )
)  # fmt: skip
