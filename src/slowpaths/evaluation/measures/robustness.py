"""Robustness: what is left where it is worst, among grounds, camera views and the two hands.

The lowest decision utility of a group over that of all deliveries: 1 where none is worse, below 0 where a group is
better served by an answer that ignores the picture.

Edge cases: a group with fewer than thirty deliveries is left out; two groups are needed; where utility is not above 0
there is nothing that could be left.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import NotMeasured, Reading, measure
from slowpaths.evaluation.measures.decision_utility import best_actions, class_costs, normalised_utility
from slowpaths.evaluation.sample import Sample

MIN_DELIVERIES = 30


def left_at_worst(utility_B: np.ndarray, groups_AB: np.ndarray) -> np.ndarray:
    """Return the lowest utility of a group over that of all (B,), NaN where all have none.

    Example:
        >>> left_at_worst(np.array([0.5]), np.array([[0.5], [0.25]])).tolist()
        [0.5]
    """
    return np.where(utility_B > 0, divide(groups_AB.min(axis=0), utility_B), np.nan)


def _read(sample: Sample, key: str) -> Reading:
    truths = [sample.pairing.truths[row] for row in sample.rows]
    name_N = np.array([str(getattr(item, key)) if item else "" for item in truths])
    names, sizes = np.unique(name_N[name_N != ""], return_counts=True)
    if (sizes >= MIN_DELIVERIES).sum() < 2:
        raise NotMeasured(f"it needs two values of {key} with {MIN_DELIVERIES} deliveries each")
    costs_GG = class_costs(sample.pairing.space)
    actions_N = best_actions(sample.probs_NG, costs_GG)

    def utility(own: Any) -> np.ndarray:
        return normalised_utility(actions_N[own], sample.true_N[own], costs_GG, sample.weights_BN[:, own])

    large = names[sizes >= MIN_DELIVERIES]
    groups_AB = np.array([utility(name_N == name) for name in large])
    return Reading(values_B=left_at_worst(utility(slice(None)), groups_AB), num=len(large))


MEASURES = tuple(
    measure(place, "usefulness", name=f"robustness_{key}", bounds=(-np.inf, 1.0), meaning=meaning)(
        lambda sample, key=key: _read(sample, key)
    )
    for place, key, meaning in (
        (71, "venue", "what is left of decision utility at the worst ground"),
        (72, "view", "what is left of decision utility in the worst camera view"),
        (73, "handedness", "what is left of decision utility for the worse hand"),
    )
)
