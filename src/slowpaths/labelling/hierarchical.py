"""The hierarchical partial-label model: three numbers a rule first, full confusions shrunk towards them second.

A rule k has symbols s, each declared to mean the classes S_k(s); in_k are the classes that some symbol of it means.

Stage 1 ties all confusions of a rule to three numbers. For y in in_k it speaks with probability c_in and is then right
with probability a (split over its right symbols, or else over its wrong ones); for other y it speaks with probability
c_out, any symbol. All three are maximum a posteriori estimates with Beta priors of `strength` pseudo-counts. The
declared sets anchor the classes, so there is no label switching. Stage 2 lets every P(s | y), abstention included, move
away from its tied row, which weighs `strength` pseudo-counts: this is where "the stride rule misreads sweeps" is
learnt. The partial one-coin model of stage 1 follows Yu, Ding and Bach 2022 (PMLR 151), with abstentions modelled.

How often a rule speaks can be counted without knowing any class. The priors of c_in and c_out are therefore set so
that they give that count, in the ratio of .65 to .25: the silence of a rule that hardly ever speaks tells little.

From the first posterior on, the numbers that rules read are evidence beside the votes (`labelling.movement`).

Legend: R rules, S symbols of all rules stacked, Y classes, F features, G = 2 F columns of movement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.labelling.encoding import Counts, Encoding, Rows
from slowpaths.labelling.models import LabelModel
from slowpaths.labelling.movement import independent_share, movement_weights

ACCURACY = 0.78  # prior of a: how often a rule is right where it speaks of a stroke it covers
COVERAGE = 0.65  # c_in where a rule speaks as often as expected
FALSE_ALARM = 0.25  # c_out there
STRENGTH = 30.0
PRIOR_STRENGTH = 0.5
_CERTAIN = 0.999  # accuracy of a rule with a single symbol: it cannot say a wrong one
_MAX_COVERAGE = 0.95  # no rule is expected to speak always


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tied:
    """Hold the three numbers of every rule.

    Args:
        accuracy_R: a.
        coverage_R: c_in.
        false_alarm_R: c_out.
    """

    accuracy_R: np.ndarray
    coverage_R: np.ndarray
    false_alarm_R: np.ndarray

    @classmethod
    def prior(cls, encoding: Encoding, expected_Y: np.ndarray) -> Tied:
        """Return the numbers expected of rules from how often they speak, before it is known of what.

        Args:
            encoding: Votes.
            expected_Y: Expected shares of the classes.
        """
        inside_R = (encoding.by_rule(encoding.sets_SY.astype(np.float64)) > 0) @ expected_Y
        ratio = FALSE_ALARM / COVERAGE
        coverage_R = np.minimum(encoding.speaks_R / (inside_R + ratio * (1.0 - inside_R)), _MAX_COVERAGE)
        left_R = (encoding.speaks_R - coverage_R * inside_R) / np.maximum(1.0 - inside_R, 1e-9)
        return cls(
            accuracy_R=np.where(np.bincount(encoding.rule_S) == 1, _CERTAIN, ACCURACY),
            coverage_R=coverage_R,
            false_alarm_R=np.clip(left_R, ratio * coverage_R, coverage_R),
        )


class HierarchicalPartial(LabelModel):
    """Learn from partial votes in two stages; the default label model.

    Args:
        tied_rounds: Rounds of stage 1; 0 keeps the prior numbers.
        confusion_rounds: Rounds of stage 2; 0 keeps the tied rows.
        strength: Pseudo-counts of the priors, in deliveries.
        class_prior: Rough shares of the classes (Y,); uniform where they are not given.
        prior_strength: Pseudo-counts of `class_prior`, as a share of the deliveries.
        movement: Whether the numbers that rules read are evidence too, where they are known.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them.
    """

    name = "hierarchical"

    def __init__(
        self,
        *,
        tied_rounds: int = 40,
        confusion_rounds: int = 5,
        strength: float = STRENGTH,
        class_prior: Sequence[float] | None = None,
        prior_strength: float = PRIOR_STRENGTH,
        movement: bool = True,
        temperature: float = 1.0,
    ) -> None:
        self.tied_rounds = tied_rounds
        self.confusion_rounds = confusion_rounds
        self.strength = strength
        self.class_prior = class_prior
        self.prior_strength = prior_strength
        self.movement = movement
        self.temperature = temperature

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        strength = _positive("strength", self.strength)
        expected_Y = expected_shares(encoding, self.class_prior)
        prior_counts_Y = _positive("prior_strength", self.prior_strength) * encoding.num_rows * expected_Y
        prior = Tied.prior(encoding, expected_Y)
        share = independent_share(encoding.movement_NG) if self.movement else 0.0
        squares_F = (np.hsplit(encoding.movement_NG, 2)[0] ** 2).sum(axis=0, dtype=np.float64)

        def believed(rows: Rows, counts: Counts) -> Rows:
            """Return the rows with what the counts say of classes and of movement."""
            shares_Y = counts.totals_Y + prior_counts_Y
            weights_GY = movement_weights(counts.movement_GY, squares_F, share=share, strength=strength)
            return replace(rows, prior_Y=shares_Y / shares_Y.sum(), movement_GY=weights_GY if share else None)

        rows = tied_rows(encoding, prior, expected_Y)
        for _ in range(self.tied_rounds):
            counts = encoding.expected_counts(rows, gold=gold)
            tied = maximise_tied(encoding, counts, prior=prior, strength=strength)
            rows = believed(tied_rows(encoding, tied, expected_Y), counts)
        anchor = rows
        for _ in range(self.confusion_rounds):
            counts = encoding.expected_counts(rows, gold=gold)
            rows = believed(shrunk_rows(encoding, counts, anchor=anchor, strength=strength), counts)
        self.rows_ = rows

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        assert self.rows_ is not None
        return encoding.posterior(self.rows_, gold=gold)


class FixedNaiveBayes(LabelModel):
    """Trust the declared sets and how often rules speak, and learn nothing: a fairer baseline than majority vote.

    Args:
        class_prior: Rough shares of the classes (Y,); uniform where they are not given.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them.
    """

    name = "naive_bayes"

    def __init__(self, *, class_prior: Sequence[float] | None = None, temperature: float = 1.0) -> None:
        self.class_prior = class_prior
        self.temperature = temperature

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        expected_Y = expected_shares(encoding, self.class_prior)
        self.rows_ = tied_rows(encoding, Tied.prior(encoding, expected_Y), expected_Y)

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        assert self.rows_ is not None
        return encoding.posterior(self.rows_, gold=gold)


def _positive(name: str, value: float) -> float:
    """Return a parameter that must be a positive number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise UsageError(f"label_model.{name} is a positive number, not {value!r}")
    return float(value)


def expected_shares(encoding: Encoding, class_prior: Sequence[float] | None) -> np.ndarray:
    """Return the shares of the classes to expect (Y,): the given ones scaled to sum to one, or uniform."""
    num_classes = encoding.sets_SY.shape[1]
    if class_prior is None:
        return np.full(num_classes, 1.0 / num_classes)
    shares_Y = np.asarray(class_prior, dtype=np.float64)
    if shares_Y.shape != (num_classes,) or not (shares_Y > 0).all():
        raise UsageError(f"class_prior needs {num_classes} positive shares, one a stroke in the order of the taxonomy")
    return shares_Y / shares_Y.sum()


def tied_rows(encoding: Encoding, tied: Tied, prior_Y: np.ndarray) -> Rows:
    """Return P(symbol | class) and P(abstain | class) of rules described by three numbers each."""
    rule_S, sets_SY = encoding.rule_S, encoding.sets_SY
    sizes_R = np.bincount(rule_S)
    right_RY = encoding.by_rule(sets_SY.astype(np.float64))
    wrong_RY = sizes_R[:, None] - right_RY
    accuracy_S, coverage_S = tied.accuracy_R[rule_S, None], tied.coverage_R[rule_S, None]
    is_right = accuracy_S * coverage_S / np.maximum(right_RY, 1)[rule_S]
    is_wrong = (1 - accuracy_S) * coverage_S / np.maximum(wrong_RY, 1)[rule_S]
    is_strange = (tied.false_alarm_R / sizes_R)[rule_S, None]
    symbols_SY = np.where(sets_SY, is_right, np.where(right_RY[rule_S] > 0, is_wrong, is_strange))
    return Rows(prior_Y=prior_Y, symbols_SY=symbols_SY, abstain_RY=1.0 - encoding.by_rule(symbols_SY))


def maximise_tied(encoding: Encoding, counts: Counts, *, prior: Tied, strength: float) -> Tied:
    """Return the three numbers of every rule from expected counts, with Beta priors of `strength` pseudo-counts."""
    is_in_RY = encoding.by_rule(encoding.sets_SY.astype(np.float64)) > 0
    cast_RY = encoding.by_rule(counts.symbols_SY)
    cast_in_R, cast_out_R = (cast_RY * is_in_RY).sum(axis=1), (cast_RY * ~is_in_RY).sum(axis=1)
    asked_in_R, asked_out_R = (counts.asked_RY * is_in_RY).sum(axis=1), (counts.asked_RY * ~is_in_RY).sum(axis=1)
    right_R = encoding.by_rule(counts.symbols_SY * encoding.sets_SY).sum(axis=1)
    accuracy_R = (right_R + strength * prior.accuracy_R) / (cast_in_R + strength)
    return Tied(
        accuracy_R=np.where(np.bincount(encoding.rule_S) == 1, _CERTAIN, accuracy_R),
        coverage_R=(cast_in_R + strength * prior.coverage_R) / (asked_in_R + strength),
        false_alarm_R=(cast_out_R + strength * prior.false_alarm_R) / (asked_out_R + strength),
    )


def shrunk_rows(encoding: Encoding, counts: Counts, *, anchor: Rows, strength: float) -> Rows:
    """Return full confusions from expected counts, each row shrunk to its anchor by `strength` pseudo-counts."""
    assert anchor.abstain_RY is not None
    scale_RY = counts.asked_RY + strength
    silent_RY = counts.asked_RY - encoding.by_rule(counts.symbols_SY)
    return replace(
        anchor,
        symbols_SY=(counts.symbols_SY + strength * anchor.symbols_SY) / scale_RY[encoding.rule_S],
        abstain_RY=(silent_RY + strength * anchor.abstain_RY) / scale_RY,
    )
