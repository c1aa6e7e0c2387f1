"""Votes as weighted one-hot columns: the arithmetic every label model shares.

An abstention is evidence: a rule that looked and saw nothing says something about the stroke. A rule that could not
look (wrong view, feature unmeasured) says nothing. So each rule has a column a symbol and one for its silence, and a
delivery has in one of them the weight of what the rule says, 1 where it counts whole. Evidence of weight w counts as w
of a vote: its log-likelihood is multiplied by w, and what is learnt from it too (a weighted likelihood; Hu and Zidek
2002, doi 10.2307/3316141).

The features that rules read are evidence too (`labelling.features`) and enter as further columns.

Legend: N deliveries, R rules, S symbols of all rules stacked, E = S + R columns of votes, C classes, F features,
G = 2 F columns of features.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from slowpaths.labelling.rules.votes import VoteMatrix

_BLOCK = 4096  # deliveries a block: its posteriors stay in the processor's cache
FLOOR = 1e-10  # least probability, so that no single vote can rule a class out for good


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmissionParameters:
    """Hold what a label model believes of the rules: the probability of what they say, given the class."""

    prior_C: np.ndarray  # probability of each class
    symbols_SC: np.ndarray  # probability that a rule says a symbol, given the class
    # probability that a rule abstains, given the class; None where abstentions are not evidence
    abstain_RC: np.ndarray | None
    # log-weights of the columns of features, given the class; None where features are not evidence
    features_GC: np.ndarray | None = None
    weight_R: np.ndarray | None = None  # share of its evidence that counts for each rule; None where all of it does


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Hold expected counts under a posterior."""

    symbols_SC: np.ndarray  # votes by symbol and class
    asked_RC: np.ndarray  # deliveries a rule could look at, by class
    totals_C: np.ndarray  # deliveries by class
    features_GC: np.ndarray  # sums of the columns of features by class
    # of the evidence, under the parameters that gave the posterior; NaN where it was given as such
    log_likelihood: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """Hold a vote matrix for label models: built once, read by every model and table."""

    votes: VoteMatrix  # the vote matrix (N deliveries, R rules)
    evidence_NE: np.ndarray  # weights of the votes by symbol, then of the silences by rule
    sets_SC: np.ndarray  # classes each symbol may mean, bool
    rule_S: np.ndarray  # rule of each symbol
    starts_R: np.ndarray  # first symbol of each rule
    # share of the deliveries a rule could look at on which it says a symbol; by Laplace's rule of succession one half
    # before it has looked at any
    speaks_R: np.ndarray
    features_NG: np.ndarray  # columns of features, float32
    squares_F: np.ndarray  # weighted sums of the squared features

    @classmethod
    def of(cls, votes: VoteMatrix | Encoding) -> Encoding:
        """Return the encoding of a vote matrix; an encoding is returned as it is."""
        if isinstance(votes, Encoding):
            return votes
        sizes = np.array([len(spec.symbols) for spec in votes.specs])
        starts_R = np.cumsum(sizes) - sizes
        num_rules, num_symbols = len(sizes), int(sizes.sum())
        weights_NR, is_cast_NR = votes.weights, votes.symbols_NR >= 0
        place_NR = np.where(is_cast_NR, votes.symbols_NR + starts_R, num_symbols + np.arange(num_rules))
        evidence_NE = np.zeros((len(votes), num_symbols + num_rules))
        np.put_along_axis(evidence_NE, place_NR, weights_NR, axis=1)
        features = votes.features
        return cls(
            votes=votes,
            evidence_NE=evidence_NE,
            sets_SC=np.concatenate([spec.sets_SC for spec in votes.specs]),
            rule_S=np.repeat(np.arange(num_rules), sizes),
            starts_R=starts_R,
            speaks_R=((weights_NR * is_cast_NR).sum(axis=0) + 1) / (weights_NR.sum(axis=0) + 2),
            features_NG=np.empty((len(votes), 0), np.float32) if features is None else features.design(),
            squares_F=np.empty(0) if features is None else features.squares(),
        )

    @property
    def num_deliveries(self) -> int:
        """Return N."""
        return len(self.votes)

    @property
    def num_classes(self) -> int:
        """Return C."""
        return self.sets_SC.shape[1]

    def by_rule(self, values_SC: np.ndarray) -> np.ndarray:
        """Return the sums over the symbols of each rule (R, C)."""
        return np.add.reduceat(values_SC, self.starts_R, axis=0)

    @property
    def cast_NS(self) -> np.ndarray:
        """Return the weights of the votes by symbol."""
        return self.evidence_NE[:, : len(self.rule_S)]

    def scores(self, weights_SC: np.ndarray) -> np.ndarray:
        """Return the sum of weights over the votes cast on each delivery, each as far as it counts (N, C)."""
        return self.cast_NS @ weights_SC

    def posterior(self, emissions: EmissionParameters, *, gold: np.ndarray | None = None) -> np.ndarray:
        """Return the probability of each class given the votes (N, C); known classes (`gold` >= 0) are one-hot."""
        posterior_NC = np.empty((self.num_deliveries, len(emissions.prior_C)))
        for part, scores in self._scores(emissions):
            posterior_NC[part], _ = _softmax(scores)
        return clamp(posterior_NC, gold)

    def counts(self, posterior_NC: np.ndarray) -> Counts:
        """Return the expected counts under a posterior (N, C)."""
        return self._sum((part, posterior_NC[part]) for part in self._parts)

    def expected_counts(self, emissions: EmissionParameters, *, gold: np.ndarray | None = None) -> Counts:
        """Return the counts under the posterior of `emissions` without holding that posterior, in one pass."""
        log_masses = []

        def posteriors() -> Iterator[tuple[slice, np.ndarray]]:
            for part, scores in self._scores(emissions):
                posterior_NC, log_mass = _softmax(scores)
                log_masses.append(log_mass)
                yield part, clamp(posterior_NC, None if gold is None else gold[part])

        return replace(self._sum(posteriors()), log_likelihood=sum(log_masses))

    @property
    def _parts(self) -> list[slice]:
        """Return the deliveries block by block."""
        return [slice(start, start + _BLOCK) for start in range(0, self.num_deliveries, _BLOCK)]

    def _scores(self, emissions: EmissionParameters) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the log of prior times likelihood, block by block, and which deliveries they belong to."""
        weights_EC = self._log_weights(emissions)
        log_prior_C = np.log(np.maximum(emissions.prior_C, FLOOR))
        features_GC = None if emissions.features_GC is None else emissions.features_GC.astype(np.float32)
        for part in self._parts:
            scores_NC = self.evidence_NE[part] @ weights_EC + log_prior_C
            if features_GC is not None and self.features_NG.shape[1]:
                scores_NC += self.features_NG[part] @ features_GC
            yield part, scores_NC

    def _log_weights(self, emissions: EmissionParameters) -> np.ndarray:
        """Return the log-weights of the columns of votes (S + R, C)."""
        weight_R1 = np.ones((len(self.starts_R), 1)) if emissions.weight_R is None else emissions.weight_R[:, None]
        symbols_SC = np.log(np.maximum(emissions.symbols_SC, FLOOR)) * weight_R1[self.rule_S]
        if emissions.abstain_RC is None:
            return np.concatenate([symbols_SC, np.zeros((len(self.starts_R), self.num_classes))])
        return np.concatenate([symbols_SC, np.log(np.maximum(emissions.abstain_RC, FLOOR)) * weight_R1])

    def _sum(self, posteriors: Iterable[tuple[slice, np.ndarray]]) -> Counts:
        """Return the counts under posteriors that come block by block, without their log-likelihood."""
        votes_EC = np.zeros((self.evidence_NE.shape[1], self.num_classes))
        features_GC = np.zeros((self.features_NG.shape[1], self.num_classes))
        totals_C = np.zeros(self.num_classes)
        for part, posterior_NC in posteriors:
            votes_EC += self.evidence_NE[part].T @ posterior_NC
            features_GC += self.features_NG[part].T @ posterior_NC.astype(np.float32)
            totals_C += posterior_NC.sum(axis=0)
        symbols_SC, silence_RC = np.split(votes_EC, [len(self.rule_S)])
        asked_RC = self.by_rule(symbols_SC) + silence_RC
        return Counts(symbols_SC=symbols_SC, asked_RC=asked_RC, totals_C=totals_C, features_GC=features_GC)


def clamp(posterior_NC: np.ndarray, gold: np.ndarray | None) -> np.ndarray:
    """Make the rows whose class is known one-hot, in place, and return the array."""
    if gold is not None:
        known = np.flatnonzero(gold >= 0)
        posterior_NC[known] = 0.0
        posterior_NC[known, gold[known]] = 1.0
    return posterior_NC


def _softmax(scores_NC: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the scores as probabilities, in place, and the sum of the logs of their masses."""
    highest_N = scores_NC.max(axis=1, keepdims=True)
    scores_NC -= highest_N
    np.exp(scores_NC, out=scores_NC)
    mass_N = scores_NC.sum(axis=1, keepdims=True)
    scores_NC /= mass_N
    return scores_NC, float(highest_N.sum() + np.log(mass_N).sum())
