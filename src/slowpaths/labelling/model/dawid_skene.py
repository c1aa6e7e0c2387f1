"""Dawid and Skene 1979 (doi 10.2307/2346806): one confusion matrix a rule, by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.labelling.model.encoding import FLOOR, Counts, EmissionParameters, Encoding, clamp
from slowpaths.labelling.model.label_model import AUTO, LabelModel
from slowpaths.labelling.model.majority import majority


@dataclass(kw_only=True, eq=False, repr=False)
class DawidSkene(LabelModel):
    """Learn P(symbol | class) of every rule, starting from the majority vote.

    Args:
        num_rounds: Most rounds of expectation maximisation.
        tolerance: Stop when the log-likelihood a delivery rises by less.
        abstain: Whether an abstention is a symbol of its own (it says which strokes a rule is silent on) or a missing
            vote, as in crowdsourcing where a worker did not see the task.
        smoothing: Pseudo-count added to every cell of a confusion matrix.
    """

    name = "dawid_skene"
    num_rounds: int = 100
    tolerance: float = 1e-5
    abstain: Literal["symbol", "missing"] = "symbol"
    smoothing: float = 0.01
    temperature: float | str = AUTO
    merge_families: bool = False

    def check(self) -> None:
        """Check the settings, as in `LabelModel`."""
        super().check()
        self.check_rounds("num_rounds")
        if self.abstain not in ("symbol", "missing"):
            raise UsageError(f"label_model.abstain is symbol or missing, not {self.abstain!r}")
        for name, value, least in (("tolerance", self.tolerance, -np.inf), ("smoothing", self.smoothing, 0.0)):
            if not least <= value < np.inf:
                raise UsageError(f"label_model.{name} is a number of at least {least:g}, not {value!r}")

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        counts = encoding.counts(clamp(majority(encoding), gold))
        before = -np.inf
        for _ in range(self.num_rounds):
            self.emissions_ = self._maximise(encoding, counts)
            counts = encoding.expected_counts(self.emissions_, gold=gold)
            if counts.log_likelihood - before < self.tolerance * encoding.num_deliveries:
                break
            before = counts.log_likelihood
        self.emissions_ = self._maximise(encoding, counts)

    def _maximise(self, encoding: Encoding, counts: Counts) -> EmissionParameters:
        prior_C = counts.totals_C / counts.totals_C.sum()
        counts_SC = np.maximum(counts.symbols_SC + self.smoothing, FLOOR)
        cast_RC = encoding.by_rule(counts_SC)
        if self.abstain == "missing":
            symbols_SC = counts_SC / cast_RC[encoding.rule_S]
            return EmissionParameters(prior_C=prior_C, symbols_SC=symbols_SC, abstain_RC=None)
        num_cells_R = 1 + np.bincount(encoding.rule_S)[:, None]
        silent_RC = np.maximum(counts.asked_RC + self.smoothing * num_cells_R - cast_RC, FLOOR)
        all_RC = cast_RC + silent_RC
        symbols_SC = counts_SC / all_RC[encoding.rule_S]
        return EmissionParameters(prior_C=prior_C, symbols_SC=symbols_SC, abstain_RC=silent_RC / all_RC)
