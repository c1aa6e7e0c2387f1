"""Side flips: strokes played to one side of the field that are booked on the other, off for leg or leg for off.

It is the error that ruins a plan for the field, and the one that a wrong handedness or a mirrored picture makes.

Edge case: deliveries whose true class has no such side (straight, leave, or a class of both sides) are left out.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import NotMeasured, Reading, measure
from slowpaths.evaluation.sample import Sample

_OPPOSITE = ("off", "leg")


def flips(true_N: np.ndarray, called_N: np.ndarray, side_G: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which deliveries have a side, and which of all are flipped (N,); sides are 1, -1, or 0 for neither.

    Example:
        >>> has, flipped = flips(np.array([0, 0, 1, 2]), np.array([0, 1, 2, 1]), np.array([1, -1, 0]))
        >>> has.tolist(), flipped.tolist()
        ([True, True, True, False], [False, True, False, False])
    """
    return side_G[true_N] != 0, side_G[true_N] * side_G[called_N] < 0


@measure(24, "accuracy", baseline="every class alike; the most frequent class", is_share=True, best="lowest")
def _side_flips(sample: Sample) -> Reading:
    """Share of strokes to off or leg that are named on the opposite side (lower is better)."""
    values, matrix_GV = sample.pairing.space.factor("side")
    side_G = matrix_GV[:, values.index(_OPPOSITE[0])] - matrix_GV[:, values.index(_OPPOSITE[1])]
    has, flipped = flips(sample.true_N, sample.called_N, side_G)
    if not has.any():
        raise NotMeasured("no true stroke goes to off or leg")
    true_N, num = sample.true_N[has], len(sample.names)
    guessed = (side_G[true_N][:, None] * side_G[:num] < 0).mean()
    constant = (side_G[true_N] * side_G[sample.shares_G.argmax()] < 0).mean()
    return sample.mean(flipped.astype(np.float64), has, chance=float(guessed), constant=float(constant))
