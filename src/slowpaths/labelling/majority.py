"""Majority vote over partial labels: the baseline every other label model has to beat."""

from __future__ import annotations

import numpy as np

from slowpaths.labelling.encoding import Encoding, clamp
from slowpaths.labelling.models import LabelModel


class MajorityVote(LabelModel):
    """Spread each vote evenly over the strokes it may mean; a delivery without votes is uniform.

    Args:
        temperature: Above 1 flattens the probabilities, below 1 sharpens them.
    """

    name = "majority"

    def __init__(self, *, temperature: float = 1.0) -> None:
        self.temperature = temperature

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        pass

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        return clamp(majority(encoding), gold)


def majority(encoding: Encoding) -> np.ndarray:
    """Return the share of the votes each class gets (N, Y), uniform where there are none."""
    spread_SY = encoding.sets_SY / encoding.sets_SY.sum(axis=1, keepdims=True)
    scores_NY = encoding.scores(spread_SY)
    totals_N = scores_NY.sum(axis=1, keepdims=True)
    uniform = np.full_like(scores_NY, 1.0 / scores_NY.shape[1])
    return np.divide(scores_NY, totals_N, out=uniform, where=totals_N > 0)
