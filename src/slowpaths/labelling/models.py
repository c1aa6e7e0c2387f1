"""Label models: from the votes of many partial, correlated, fallible rules to a distribution over strokes.

They are scikit-learn shaped: parameters in the constructor, `fit(votes, gold)`, `predict_proba(votes)`. The mean of the
largest posterior is no estimate of accuracy: rules that fail together make every model here too sure.

Legend: N deliveries, R rules, S symbols of all rules stacked, Y classes.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from slowpaths.core.errors import UsageError
from slowpaths.labelling.encoding import Encoding, Rows
from slowpaths.labelling.votes import VoteMatrix


class LabelModel(BaseEstimator):
    """Share what all label models do: check their input, temper, and judge the rules.

    Attributes:
        classes_: Class numbers (Y,).
        class_prior_: Estimated share of each class (Y,).
        rule_accuracy_: Estimated share of right votes among those a rule casts on strokes it covers (R,); NaN where it
            casts none, or has no symbol that could be wrong there.
        rows_: What the model believes of each rule; None for majority vote, which believes nothing.
        rule_precision_: Estimated share of right votes among all votes of a rule (R,); NaN where it casts none.
    """

    name: ClassVar[str]
    temperature: float = 1.0
    classes_: np.ndarray
    class_prior_: np.ndarray
    rule_accuracy_: np.ndarray
    rule_precision_: np.ndarray
    rows_: Rows | None = None

    def fit(self, votes: VoteMatrix, gold: np.ndarray | None = None) -> Self:
        """Learn from votes.

        Args:
            votes: Votes of R rules on N deliveries.
            gold: Known classes (N,), -1 where unknown; the posterior of these rows is held one-hot.

        Raises:
            UsageError: If there is no rule or no delivery, or `gold` has another length or an unknown class.
        """
        if not len(votes) or not votes.ballots:
            raise UsageError(
                "a label model needs at least one delivery and one rule: mine footage or include more rules"
            )
        if gold is not None and (gold.shape != (len(votes),) or gold.max() >= votes.num_classes or gold.min() < -1):
            raise UsageError(f"gold needs one class number below {votes.num_classes}, or -1, for each delivery")
        encoding = Encoding.of(votes)
        self.classes_ = np.arange(votes.num_classes)
        self._codes = [ballot.code for ballot in votes.ballots]
        self._learn(encoding, gold)
        counts = encoding.counts(self._posterior(encoding, gold))
        self.class_prior_ = counts.totals_Y / counts.totals_Y.sum()
        self.rule_accuracy_, self.rule_precision_ = judge_rules(encoding, counts.symbols_SY)
        return self

    def predict_proba(self, votes: VoteMatrix) -> np.ndarray:
        """Return the probability of each class (N, Y), float64; rows sum to one.

        Raises:
            UsageError: If the votes come from other rules than the model was fitted on.
        """
        if [ballot.code for ballot in votes.ballots] != self._codes:
            raise UsageError("these votes come from other rules than the label model was fitted on: fit it again")
        if not len(votes):
            return np.empty((0, len(self.classes_)))
        posterior_NY = self._posterior(Encoding.of(votes), None)
        if self.temperature == 1.0:
            return posterior_NY
        return temper(posterior_NY, self.temperature)

    def predict(self, votes: VoteMatrix) -> np.ndarray:
        """Return the most probable class (N,)."""
        return self.predict_proba(votes).argmax(axis=1)

    @abstractmethod
    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        """Set what `_posterior` needs."""

    @abstractmethod
    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        """Return untempered probabilities (N, Y), gold rows one-hot."""


def judge_rules(encoding: Encoding, counts_SY: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected accuracy on covered classes and the expected precision of every rule (R,).

    The accuracy is the `a` of the tied model: a rule with a single symbol cannot be wrong on the classes it covers, so
    it has none. The precision counts votes on classes the rule does not cover as wrong.
    """
    right_R = encoding.by_rule(counts_SY * encoding.sets_SY).sum(axis=1)
    cast_RY = encoding.by_rule(counts_SY)
    num_right_RY = encoding.by_rule(encoding.sets_SY.astype(np.float64))
    covered_R = (cast_RY * (num_right_RY > 0)).sum(axis=1)
    can_err_R = ((num_right_RY > 0) & (num_right_RY < np.bincount(encoding.rule_S)[:, None])).any(axis=1)
    return _ratio(right_R, covered_R * can_err_R), _ratio(right_R, cast_RY.sum(axis=1))


def _ratio(part_R: np.ndarray, whole_R: np.ndarray) -> np.ndarray:
    return np.divide(part_R, whole_R, out=np.full(len(part_R), np.nan), where=whole_R > 1e-9)


def temper(probs_NY: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities flattened (above 1) or sharpened (below 1) by a temperature (N, Y).

    Example:
        >>> temper(np.array([[0.9, 0.1]]), 2.0).round(2).tolist()
        [[0.75, 0.25]]
    """
    logits_NY = np.log(np.maximum(probs_NY, 1e-300)) / temperature
    logits_NY -= logits_NY.max(axis=1, keepdims=True)
    np.exp(logits_NY, out=logits_NY)
    return logits_NY / logits_NY.sum(axis=1, keepdims=True)
