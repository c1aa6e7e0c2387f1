"""A label model of your own: `label_model._target_=my_label_model.SpecificVote`.

`LabelModel` checks the input, applies gold labels and temperature, and judges the rules afterwards.
"""

import numpy as np

from slowpaths.labelling.model.encoding import clamp
from slowpaths.labelling.model.label_model import LabelModel


class SpecificVote(LabelModel):
    """Count votes, a vote for few strokes more than a vote for many.

    Args:
        power: A vote for a set of k strokes weighs 1 / k to this power.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them; auto is 1.
        merge_families: Whether the rules of a family that fail together are merged into one.
    """

    name = "specific_vote"

    def __init__(self, *, power: float = 1.0, temperature: float | str = "auto", merge_families: bool = False) -> None:
        self.power = power
        self.temperature = temperature
        self.merge_families = merge_families

    def _learn(self, encoding, gold):
        """Learn nothing: the weights are given."""

    def _posterior(self, encoding, gold):
        """Return the probability of each stroke (N, 14); known strokes are held."""
        sizes = encoding.sets_SC.sum(axis=1, keepdims=True)  # how many strokes each symbol may mean
        scores = encoding.scores(encoding.sets_SC / sizes**self.power)
        totals = scores.sum(axis=1, keepdims=True)
        uniform = np.full_like(scores, 1 / scores.shape[1])
        return clamp(np.divide(scores, totals, out=uniform, where=totals > 0), gold)
