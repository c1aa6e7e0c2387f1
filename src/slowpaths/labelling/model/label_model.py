"""Label models: from the votes of many partial, correlated, fallible rules to a distribution over strokes.

They are scikit-learn shaped: parameters in the constructor, `fit(votes, gold)`, `predict_proba(votes)`. The mean of the
largest posterior is no estimate of accuracy: rules that fail together make every model here too sure. A model of your
own is a subclass of `LabelModel` with `_learn` and `_posterior`; `label_model._target_` names it.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from slowpaths.core.errors import UsageError
from slowpaths.core.tempering import temper
from slowpaths.labelling.model.encoding import EmissionParameters, Encoding
from slowpaths.labelling.rules.votes import VoteMatrix

AUTO = "auto"


class LabelModel(BaseEstimator):
    """Share what all label models do: check their input, temper, and judge the rules.

    Two settings of every model say what `labelling.pipeline` does around it. A model that is used by itself is left as
    it is.

    Args:
        temperature: Above 1 flattens the probabilities, below 1 sharpens them; auto flattens or sharpens until they are
            as sure as rules bear each other out (`labelling.model.temperature`), .4 to 3.
        merge_families: Whether the rules of a family that fail together are merged into one.

    Attributes:
        classes_: Class numbers (C,).
        class_prior_: Estimated share of each class (C,).
        rule_accuracy_: Estimated share of right votes among those a rule casts on strokes it covers (R,); NaN where it
            casts none, or has no symbol that could be wrong there.
        rule_precision_: Estimated share of right votes among all votes of a rule (R,); NaN where it casts none.
        emissions_: What the model believes of each rule; None for majority vote, which believes nothing.
        temperature_: The temperature in use.
    """

    name: ClassVar[str]
    temperature: float | str = AUTO
    merge_families: bool = False
    classes_: np.ndarray
    class_prior_: np.ndarray
    rule_accuracy_: np.ndarray
    rule_precision_: np.ndarray
    emissions_: EmissionParameters | None = None
    temperature_: float

    def check(self) -> None:
        """Check the settings; a model with more of them adds its own checks.

        Raises:
            UsageError: Naming the first that cannot be.
        """
        if self.temperature != AUTO:
            self.check_positive("temperature", alternative="auto or ")

    def check_positive(self, *names: str, alternative: str = "") -> None:
        """Check that settings are finite numbers above zero."""
        for name in names:
            value = getattr(self, name)
            if isinstance(value, bool | str | None) or not 0 < value < math.inf:
                raise UsageError(f"label_model.{name} is {alternative}a positive number, not {value!r}")

    def check_rounds(self, *names: str) -> None:
        """Check that settings are numbers of rounds."""
        for name in names:
            if getattr(self, name) < 0:
                raise UsageError(f"label_model.{name} is a whole number of at least 0, not {getattr(self, name)!r}")

    def fit(self, votes: VoteMatrix | Encoding, gold: np.ndarray | None = None) -> Self:
        """Learn from votes; known classes (`gold` >= 0) are held one-hot.

        The rules of a vote matrix are learnt in the order of their codes: where the votes leave two answers equally
        likely, rounding decides, and no order may decide otherwise.

        Raises:
            UsageError: If a setting is impossible, there is no rule or no delivery, or `gold` has another length or an
                unknown class.
        """
        self.check()
        matrix = votes.votes if isinstance(votes, Encoding) else votes
        if not len(matrix) or not matrix.specs:
            cure = "mine footage or include more rules"
            raise UsageError(f"a label model needs at least one delivery and one rule: {cure}")
        if gold is not None and (gold.shape != (len(matrix),) or gold.max() >= matrix.num_classes or gold.min() < -1):
            raise UsageError(f"gold needs one class number below {matrix.num_classes}, or -1, for each delivery")
        order = np.arange(len(matrix.specs)) if votes is not matrix else np.argsort(matrix.codes, kind="stable")
        encoding = Encoding.of(votes if votes is not matrix else matrix.columns(order))
        self.classes_ = np.arange(matrix.num_classes)
        self._codes = encoding.votes.codes
        self._features = matrix.features.names if matrix.features is not None else ()
        self.temperature_ = 1.0 if self.temperature == AUTO else float(self.temperature)
        self._learn(encoding, gold)
        counts = encoding.counts(self._posterior(encoding, gold))
        self.class_prior_ = counts.totals_C / counts.totals_C.sum()
        back = np.argsort(order)
        self.rule_accuracy_, self.rule_precision_ = (of_R[back] for of_R in judge_rules(encoding, counts.symbols_SC))
        return self

    def predict_proba(self, votes: VoteMatrix | Encoding) -> np.ndarray:
        """Return the probability of each class (N, C), float64; rows sum to one.

        The rules may come in any order. Features are told by their names too: those that the model has not seen say
        nothing, those that are missing count as unmeasured.

        Raises:
            UsageError: If the votes come from other rules than the model was fitted on.
        """
        matrix = votes.votes if isinstance(votes, Encoding) else votes
        if sorted(matrix.codes) != sorted(self._codes):
            raise UsageError("these votes come from other rules than the label model was fitted on: fit it again")
        if not len(matrix):
            return np.empty((0, len(self.classes_)))
        if (ordered := self.in_order(matrix)) is not matrix:
            votes = ordered
        posterior_NC = self._posterior(Encoding.of(votes), None)
        return posterior_NC if self.temperature_ == 1.0 else temper(posterior_NC, self.temperature_)

    def predict(self, votes: VoteMatrix | Encoding) -> np.ndarray:
        """Return the most probable class (N,)."""
        return self.predict_proba(votes).argmax(axis=1)

    def in_order(self, votes: VoteMatrix) -> VoteMatrix:
        """Return votes with the rules and features in the order of those that the model was fitted on."""
        if votes.codes != self._codes:
            votes = votes.columns([votes.codes.index(code) for code in self._codes])
        if votes.features is not None and votes.features.names != self._features:
            votes = replace(votes, features=votes.features.ordered(self._features))
        return votes

    @abstractmethod
    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        """Set what `_posterior` needs."""

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        """Return untempered probabilities (N, C), gold rows one-hot."""
        assert self.emissions_ is not None
        return encoding.posterior(self.emissions_, gold=gold)


def judge_rules(encoding: Encoding, counts_SC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected accuracy on covered classes and the expected precision of every rule (R,).

    The accuracy is the `a` of the tied model: a rule with a single symbol cannot be wrong on the classes it covers, so
    it has none. The precision counts votes on classes the rule does not cover as wrong.
    """
    right_R = encoding.by_rule(counts_SC * encoding.sets_SC).sum(axis=1)
    cast_RC = encoding.by_rule(counts_SC)
    num_right_RC = encoding.by_rule(encoding.sets_SC.astype(np.float64))
    covered_R = (cast_RC * (num_right_RC > 0)).sum(axis=1)
    can_err_R = ((num_right_RC > 0) & (num_right_RC < np.bincount(encoding.rule_S)[:, None])).any(axis=1)
    return _ratio(right_R, covered_R * can_err_R), _ratio(right_R, cast_RC.sum(axis=1))


def _ratio(part_R: np.ndarray, whole_R: np.ndarray) -> np.ndarray:
    return np.divide(part_R, whole_R, out=np.full(len(part_R), np.nan), where=whole_R > 1e-9)
