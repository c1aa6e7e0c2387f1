"""Majority vote over partial labels: the baseline every other label model has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.labelling.model.encoding import Encoding, clamp
from slowpaths.labelling.model.label_model import AUTO, LabelModel


@dataclass(kw_only=True, eq=False, repr=False)
class MajorityVote(LabelModel):
    """Spread each vote evenly over the strokes it may mean, as far as it counts; a delivery without votes is uniform.

    Args:
        temperature: Above 1 flattens the probabilities, below 1 sharpens them; auto is 1, since this model learns
            nothing of rules.
    """

    name = "majority"
    temperature: float | str = AUTO
    merge_families: bool = False

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        pass

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        return clamp(majority(encoding), gold)


def majority(encoding: Encoding) -> np.ndarray:
    """Return the share of the votes each class gets (N, C), uniform where there are none."""
    spread_SC = encoding.sets_SC / encoding.sets_SC.sum(axis=1, keepdims=True)
    scores_NC = encoding.scores(spread_SC)
    totals_N = scores_NC.sum(axis=1, keepdims=True)
    uniform = np.full_like(scores_NC, 1.0 / scores_NC.shape[1])
    return np.divide(scores_NC, totals_N, out=uniform, where=totals_N > 0)
