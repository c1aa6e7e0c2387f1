"""Votes as sparse one-hot blocks: the arithmetic every label model shares.

Legend: N deliveries, R rules, S symbols of all rules stacked, Y classes. Only cast votes are stored; what an abstention
says is added as a constant, so that a round costs what the votes cost and never more than one block of memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from slowpaths.core.strokes import ABSTAIN
from slowpaths.labelling.votes import VoteMatrix

_BLOCK = 4096  # deliveries a block: its posteriors stay in the processor's cache
FLOOR = 1e-10  # least probability, so that no single vote can rule a class out for good


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """Hold a vote matrix for label models.

    Args:
        blocks: One-hot votes (about 4096, S) each, in the order of the deliveries.
        sets_SY: Classes each symbol may mean, bool.
        rule_S: Rule of each symbol.
        starts_R: First symbol of each rule.
        num_rows: N.
    """

    blocks: tuple[sparse.csr_array, ...]
    sets_SY: np.ndarray
    rule_S: np.ndarray
    starts_R: np.ndarray
    num_rows: int

    @classmethod
    def of(cls, votes: VoteMatrix) -> Encoding:
        """Return the encoding of a vote matrix."""
        sizes = np.array([len(ballot.symbols) for ballot in votes.ballots])
        starts_R = np.cumsum(sizes) - sizes
        is_cast = votes.symbols_NR != ABSTAIN
        columns = (votes.symbols_NR + starts_R)[is_cast].astype(np.int32)
        ends = np.concatenate([[0], np.cumsum(is_cast.sum(axis=1))])
        shape = (len(votes), int(sizes.sum()))
        matrix = sparse.csr_array((np.ones(len(columns)), columns, ends.astype(np.int32)), shape=shape)
        return cls(
            blocks=tuple(matrix[start : start + _BLOCK] for start in range(0, len(votes), _BLOCK)),
            sets_SY=np.concatenate([ballot.sets_SY for ballot in votes.ballots]),
            rule_S=np.repeat(np.arange(len(sizes)), sizes),
            starts_R=starts_R,
            num_rows=len(votes),
        )

    def by_rule(self, values_SY: np.ndarray) -> np.ndarray:
        """Return the sums over the symbols of each rule (R, Y)."""
        return np.add.reduceat(values_SY, self.starts_R, axis=0)

    def scores(self, weights_SY: np.ndarray) -> np.ndarray:
        """Return the sum of the weights of the votes cast on each delivery (N, Y)."""
        return np.concatenate([block @ weights_SY for block in self.blocks])

    def posterior(self, rows: Rows, *, gold: np.ndarray | None = None) -> np.ndarray:
        """Return the probability of each class given the votes (N, Y).

        Args:
            rows: What each rule says of each class.
            gold: Known classes (N,), -1 where unknown; these rows become one-hot.
        """
        weights_SY, base_Y = rows.weights(self)
        parts = [_softmax(block @ weights_SY + base_Y) for block in self.blocks]
        posterior_NY = np.concatenate(parts) if parts else np.empty((0, len(base_Y)))
        return clamp(posterior_NY, gold)

    def counts(self, posterior_NY: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return expected counts: votes by symbol and class (S, Y), deliveries by class (Y,)."""
        counts_SY = np.zeros(self.sets_SY.shape)
        for number, block in enumerate(self.blocks):
            counts_SY += block.T @ posterior_NY[number * _BLOCK : (number + 1) * _BLOCK]
        return counts_SY, posterior_NY.sum(axis=0)

    def expected_counts(self, rows: Rows, *, gold: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the counts under the posterior of `rows` without holding that posterior, one pass.

        Returns:
            Votes by symbol and class (S, Y), deliveries by class (Y,), and the log-likelihood of the votes.
        """
        weights_SY, base_Y = rows.weights(self)
        counts_SY, totals_Y, log_likelihood = np.zeros(self.sets_SY.shape), np.zeros(len(base_Y)), 0.0
        for number, block in enumerate(self.blocks):
            scores_NY = block @ weights_SY
            scores_NY += base_Y
            highest_N = scores_NY.max(axis=1, keepdims=True)
            scores_NY -= highest_N
            np.exp(scores_NY, out=scores_NY)
            mass_N = scores_NY.sum(axis=1, keepdims=True)
            log_likelihood += float(highest_N.sum() + np.log(mass_N).sum())
            scores_NY /= mass_N
            if gold is not None:
                clamp(scores_NY, gold[number * _BLOCK : (number + 1) * _BLOCK])
            counts_SY += block.T @ scores_NY
            totals_Y += scores_NY.sum(axis=0)
        return counts_SY, totals_Y, log_likelihood


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Hold what a label model believes of the rules.

    Args:
        prior_Y: Probability of each class.
        symbols_SY: Probability that a rule says a symbol, given the class.
        abstain_RY: Probability that a rule abstains, given the class; None where abstentions are not evidence.
    """

    prior_Y: np.ndarray
    symbols_SY: np.ndarray
    abstain_RY: np.ndarray | None

    def weights(self, encoding: Encoding) -> tuple[np.ndarray, np.ndarray]:
        """Return the log-weights of a cast vote (S, Y) and of a delivery without any vote (Y,)."""
        weights_SY = np.log(np.maximum(self.symbols_SY, FLOOR))
        base_Y = np.log(np.maximum(self.prior_Y, FLOOR))
        if self.abstain_RY is None:
            return weights_SY, base_Y
        log_abstain_RY = np.log(np.maximum(self.abstain_RY, FLOOR))
        return weights_SY - log_abstain_RY[encoding.rule_S], base_Y + log_abstain_RY.sum(axis=0)


def clamp(posterior_NY: np.ndarray, gold: np.ndarray | None) -> np.ndarray:
    """Make the rows whose class is known one-hot, in place, and return the array."""
    if gold is not None:
        known = np.flatnonzero(gold >= 0)
        posterior_NY[known] = 0.0
        posterior_NY[known, gold[known]] = 1.0
    return posterior_NY


def _softmax(scores_NY: np.ndarray) -> np.ndarray:
    scores_NY -= scores_NY.max(axis=1, keepdims=True)
    np.exp(scores_NY, out=scores_NY)
    scores_NY /= scores_NY.sum(axis=1, keepdims=True)
    return scores_NY
