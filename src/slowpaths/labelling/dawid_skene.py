"""Dawid and Skene 1979 (doi 10.2307/2346806): one confusion matrix a rule, by expectation maximisation."""

from __future__ import annotations

from typing import Literal

import numpy as np

from slowpaths.labelling.encoding import FLOOR, Counts, Encoding, Rows, clamp
from slowpaths.labelling.majority import majority
from slowpaths.labelling.models import LabelModel


class DawidSkene(LabelModel):
    """Learn P(symbol | class) of every rule, starting from the majority vote.

    Args:
        num_rounds: Most rounds of expectation maximisation.
        tolerance: Stop when the log-likelihood a delivery rises by less.
        abstain: Whether an abstention is a symbol of its own (it says which strokes a rule is silent on) or a missing
            vote, as in crowdsourcing where a worker did not see the task.
        smoothing: Pseudo-count added to every cell of a confusion matrix.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them.
    """

    name = "dawid_skene"

    def __init__(
        self,
        *,
        num_rounds: int = 100,
        tolerance: float = 1e-5,
        abstain: Literal["symbol", "missing"] = "symbol",
        smoothing: float = 0.01,
        temperature: float = 1.0,
    ) -> None:
        self.num_rounds = num_rounds
        self.tolerance = tolerance
        self.abstain = abstain
        self.smoothing = smoothing
        self.temperature = temperature

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        counts = encoding.counts(clamp(majority(encoding), gold))
        before = -np.inf
        for _ in range(self.num_rounds):
            self.rows_ = self._maximise(encoding, counts)
            counts = encoding.expected_counts(self.rows_, gold=gold)
            if counts.log_likelihood - before < self.tolerance * encoding.num_rows:
                break
            before = counts.log_likelihood
        self.rows_ = self._maximise(encoding, counts)

    def _maximise(self, encoding: Encoding, counts: Counts) -> Rows:
        prior_Y = counts.totals_Y / counts.totals_Y.sum()
        counts_SY = np.maximum(counts.symbols_SY + self.smoothing, FLOOR)
        cast_RY = encoding.by_rule(counts_SY)
        if self.abstain == "missing":
            return Rows(prior_Y=prior_Y, symbols_SY=counts_SY / cast_RY[encoding.rule_S], abstain_RY=None)
        num_cells_R = 1 + np.bincount(encoding.rule_S)[:, None]
        silent_RY = np.maximum(counts.asked_RY + self.smoothing * num_cells_R - cast_RY, FLOOR)
        all_RY = cast_RY + silent_RY
        return Rows(prior_Y=prior_Y, symbols_SY=counts_SY / all_RY[encoding.rule_S], abstain_RY=silent_RY / all_RY)

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        assert self.rows_ is not None
        return encoding.posterior(self.rows_, gold=gold)
