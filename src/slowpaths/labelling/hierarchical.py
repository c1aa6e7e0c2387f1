"""The hierarchical partial-label model: three numbers a rule first, full confusions shrunk towards them second.

A rule k has symbols s, each declared to mean the classes S_k(s); in_k are the classes that some symbol of it means.

Stage 1 ties all confusions of a rule to three numbers. For y in in_k it speaks with probability c_in and is then right
with probability a (split over its right symbols, or else over its wrong ones); for other y it speaks with probability
c_out, any symbol. All three are maximum a posteriori estimates with Beta priors of `strength` pseudo-counts. The
declared sets anchor the classes, so there is no label switching. Stage 2 lets every P(s | y), abstention included, move
away from its tied row, which weighs `strength` pseudo-counts: this is where "the stride rule misreads sweeps" is
learnt. The partial one-coin model of stage 1 follows Yu, Ding and Bach 2022 (PMLR 151), with abstentions modelled.

How far to believe the declared sets and the expected shares cannot be read off the votes: with little belief classes
drift away from the strokes they stand for or swallow each other, and the likelihood rises all the same. So the model
is fitted with several pseudo-counts of both and the posteriors are averaged, as Bayes would with a flat prior on them.

Rules that see badly fail together and all one way: where hands look slow and nothing else is seen, all looks like a
block. A class that takes more of the posterior than it is expected to is therefore held back by a power of the ratio
(distribution alignment, Berthelot et al. 2020, "ReMixMatch"), the less the more deliveries there are to learn from.

Legend: R rules, S symbols of all rules stacked, Y classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.labelling.encoding import Counts, Encoding, Rows
from slowpaths.labelling.models import LabelModel

ACCURACY = 0.78  # prior of a: how often a rule is right where it speaks of a stroke it covers
COVERAGE = 0.65  # prior of c_in
FALSE_ALARM = 0.25  # prior of c_out
STRENGTHS: tuple[float, ...] = (3.0, 10.0, 30.0)
PRIOR_STRENGTHS: tuple[float, ...] = (100.0, 300.0, 1000.0)  # both set on made worlds of 40 and 240 balls
ALIGN, FEW = 0.5, 100.0  # set on made worlds: mined ones, seeds 11 and 12, and those of 40 and 240 balls
MANY = 2000  # deliveries: from here on, as many as held-out families are judged on, the middle ones stand for all
_CERTAIN = 0.999  # accuracy of a rule with a single symbol: it cannot say a wrong one


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
    def prior(cls, encoding: Encoding) -> Tied:
        """Return the numbers expected of rules before any vote is seen."""
        num_rules = len(encoding.starts_R)
        return cls(
            accuracy_R=np.where(np.bincount(encoding.rule_S) == 1, _CERTAIN, ACCURACY),
            coverage_R=np.full(num_rules, COVERAGE),
            false_alarm_R=np.full(num_rules, FALSE_ALARM),
        )


class HierarchicalPartial(LabelModel):
    """Learn from partial votes in two stages; the default label model.

    Args:
        tied_rounds: Rounds of stage 1; 0 keeps the prior numbers.
        confusion_rounds: Rounds of stage 2; 0 keeps the tied rows.
        strength: Pseudo-counts of the priors, in deliveries; where several are given the posteriors are averaged.
        class_prior: Rough shares of the classes (Y,); uniform where they are not given.
        prior_strength: Pseudo-counts of `class_prior`, in deliveries; one or several likewise.
        align: How far posteriors as a whole are aligned with `class_prior`, 0 to 1; half as far with 100 deliveries,
            a tenth with 900.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them.
    """

    name = "hierarchical"

    def __init__(
        self,
        *,
        tied_rounds: int = 40,
        confusion_rounds: int = 5,
        strength: float | Sequence[float] = STRENGTHS,
        class_prior: Sequence[float] | None = None,
        prior_strength: float | Sequence[float] = PRIOR_STRENGTHS,
        align: float = ALIGN,
        temperature: float = 1.0,
    ) -> None:
        if not isinstance(align, int | float) or not 0 <= align <= 1:
            raise UsageError(f"label_model.align is a number from 0 (not at all) to 1 (in full), not {align!r}")
        self.align = align
        self.tied_rounds = tied_rounds
        self.confusion_rounds = confusion_rounds
        self.strength = strength
        self.class_prior = class_prior
        self.prior_strength = prior_strength
        self.temperature = temperature

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        strengths = _pseudo_counts("strength", self.strength)
        prior_strengths = _pseudo_counts("prior_strength", self.prior_strength)
        if encoding.num_rows >= MANY:
            strengths, prior_strengths = ([each[len(each) // 2]] for each in (strengths, prior_strengths))
        self._fits = [
            self._fit(encoding, gold, strength=strength, prior_strength=prior_strength)
            for strength in strengths
            for prior_strength in prior_strengths
        ]
        self.rows_ = mean_rows(self._fits)

    def _fit(self, encoding: Encoding, gold: np.ndarray | None, *, strength: float, prior_strength: float) -> Rows:
        def class_shares(counts: Counts) -> np.ndarray:
            return aligned_shares(counts.totals_Y, expected_Y, prior_strength=prior_strength, align=self.align)

        expected_Y = expected_shares(encoding, self.class_prior)
        rows = tied_rows(encoding, Tied.prior(encoding), expected_Y)
        for _ in range(self.tied_rounds):
            counts = encoding.expected_counts(rows, gold=gold)
            rows = tied_rows(encoding, maximise_tied(encoding, counts, strength=strength), class_shares(counts))
        anchor = rows
        for _ in range(self.confusion_rounds):
            counts = encoding.expected_counts(rows, gold=gold)
            rows = shrunk_rows(encoding, counts, class_shares(counts), anchor=anchor, strength=strength)
        return rows

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        posterior_NY = encoding.posterior(self._fits[0], gold=gold)
        for rows in self._fits[1:]:
            posterior_NY += encoding.posterior(rows, gold=gold)
        posterior_NY /= len(self._fits)
        return posterior_NY


class FixedNaiveBayes(LabelModel):
    """Trust the declared sets and the prior numbers, and learn nothing: a fairer baseline than majority vote.

    Args:
        class_prior: Rough shares of the classes (Y,); uniform where they are not given.
        temperature: Above 1 flattens the probabilities, below 1 sharpens them.
    """

    name = "naive_bayes"

    def __init__(self, *, class_prior: Sequence[float] | None = None, temperature: float = 1.0) -> None:
        self.class_prior = class_prior
        self.temperature = temperature

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        self.rows_ = tied_rows(encoding, Tied.prior(encoding), expected_shares(encoding, self.class_prior))

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        assert self.rows_ is not None
        return encoding.posterior(self.rows_, gold=gold)


def _pseudo_counts(name: str, given: float | Sequence[float]) -> list[float]:
    """Return one number or several as a list."""
    values = list(given) if isinstance(given, Sequence) else [given]
    if not values or not all(isinstance(value, int | float) and value > 0 for value in values):
        raise UsageError(f"label_model.{name} is a positive number or a list of some, not {given!r}")
    return sorted(float(value) for value in values)


def mean_rows(fits: Sequence[Rows]) -> Rows:
    """Return the mean of what several fits believe of the rules."""

    def mean(name: str) -> np.ndarray:
        return np.mean([getattr(rows, name) for rows in fits], axis=0)

    return Rows(prior_Y=mean("prior_Y"), symbols_SY=mean("symbols_SY"), abstain_RY=mean("abstain_RY"))


def expected_shares(encoding: Encoding, class_prior: Sequence[float] | None) -> np.ndarray:
    """Return the shares of the classes to expect (Y,): the given ones scaled to sum to one, or uniform."""
    num_classes = encoding.sets_SY.shape[1]
    if class_prior is None:
        return np.full(num_classes, 1.0 / num_classes)
    shares_Y = np.asarray(class_prior, dtype=np.float64)
    if shares_Y.shape != (num_classes,) or not (shares_Y > 0).all():
        raise UsageError(f"class_prior needs {num_classes} positive shares, one a stroke in the order of the taxonomy")
    return shares_Y / shares_Y.sum()


def aligned_shares(totals_Y: np.ndarray, expected_Y: np.ndarray, *, prior_strength: float, align: float) -> np.ndarray:
    """Return the class prior to use next (Y,): the shares seen so far, against those that take more than expected.

    Args:
        totals_Y: Posterior mass of each class, deliveries.
        expected_Y: Expected shares.
        prior_strength: Pseudo-counts of those.
        align: Power of the ratio of expected to seen shares where there are few deliveries.

    Example:
        >>> half = np.array([0.5, 0.5])
        >>> aligned_shares(np.array([9.0, 1.0]), half, prior_strength=1e9, align=1.0).round(2).tolist()
        [0.16, 0.84]
        >>> aligned_shares(np.array([9.0, 1.0]), half, prior_strength=1e9, align=0.0).round(2).tolist()
        [0.5, 0.5]
    """
    shares_Y = totals_Y + prior_strength * expected_Y
    power = align * FEW / (FEW + totals_Y.sum())
    seen_Y = totals_Y + expected_Y  # one delivery beforehand: a class nobody plays is not pushed without end
    shares_Y = shares_Y * (expected_Y / seen_Y) ** power
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


def maximise_tied(encoding: Encoding, counts: Counts, *, strength: float) -> Tied:
    """Return the three numbers of every rule from expected counts, with Beta priors of `strength` pseudo-counts."""
    is_in_RY = encoding.by_rule(encoding.sets_SY.astype(np.float64)) > 0
    cast_RY = encoding.by_rule(counts.symbols_SY)
    cast_in_R, cast_out_R = (cast_RY * is_in_RY).sum(axis=1), (cast_RY * ~is_in_RY).sum(axis=1)
    right_R = encoding.by_rule(counts.symbols_SY * encoding.sets_SY).sum(axis=1)
    accuracy_R = (right_R + strength * ACCURACY) / (cast_in_R + strength)
    return Tied(
        accuracy_R=np.where(np.bincount(encoding.rule_S) == 1, _CERTAIN, accuracy_R),
        coverage_R=(cast_in_R + strength * COVERAGE) / ((counts.asked_RY * is_in_RY).sum(axis=1) + strength),
        false_alarm_R=(cast_out_R + strength * FALSE_ALARM) / ((counts.asked_RY * ~is_in_RY).sum(axis=1) + strength),
    )


def shrunk_rows(
    encoding: Encoding,
    counts: Counts,
    prior_Y: np.ndarray,
    *,
    anchor: Rows,
    strength: float,
) -> Rows:
    """Return full confusions from expected counts, each row shrunk to its anchor by `strength` pseudo-counts."""
    assert anchor.abstain_RY is not None
    scale_RY = counts.asked_RY + strength
    silent_RY = counts.asked_RY - encoding.by_rule(counts.symbols_SY)
    return Rows(
        prior_Y=prior_Y,
        symbols_SY=(counts.symbols_SY + strength * anchor.symbols_SY) / scale_RY[encoding.rule_S],
        abstain_RY=(silent_RY + strength * anchor.abstain_RY) / scale_RY,
    )
