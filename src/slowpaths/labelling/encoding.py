"""Votes as sparse one-hot blocks: the arithmetic every label model shares.

An abstention is evidence: a rule that looked and saw nothing says something about the stroke. A rule that could not
look (wrong view, bad pose, feature unmeasured) says nothing. Votes are stored one-hot, and for each rule the rarer of
the two silences; the commoner one is a constant. So a round costs what the votes cost, and no more memory than a block.

The numbers that rules read are evidence too (`labelling.movement`) and enter as further columns.

Legend: N deliveries, R rules, S symbols of all rules stacked, Y classes, F features, G = 2 F columns of movement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from slowpaths.core.strokes import ABSTAIN
from slowpaths.labelling.votes import NOT_ASKED, VoteMatrix

_BLOCK = 4096  # deliveries a block: its posteriors stay in the processor's cache
FLOOR = 1e-10  # least probability, so that no single vote can rule a class out for good


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Hold what a label model believes of the rules.

    Args:
        prior_Y: Probability of each class.
        symbols_SY: Probability that a rule says a symbol, given the class.
        abstain_RY: Probability that a rule abstains, given the class; None where abstentions are not evidence.
        movement_GY: Log-weights of the columns of movement, given the class; None where movement is not evidence.
    """

    prior_Y: np.ndarray
    symbols_SY: np.ndarray
    abstain_RY: np.ndarray | None
    movement_GY: np.ndarray | None = None

    def take(self, is_wanted_R: np.ndarray, *, rule_S: np.ndarray) -> Rows:
        """Return the beliefs about some rules (a mask), given the rule of each symbol, and none about movement."""
        return Rows(
            prior_Y=self.prior_Y,
            symbols_SY=self.symbols_SY[is_wanted_R[rule_S]],
            abstain_RY=None if self.abstain_RY is None else self.abstain_RY[is_wanted_R],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Hold expected counts under a posterior.

    Args:
        symbols_SY: Votes by symbol and class.
        asked_RY: Deliveries a rule could look at, by class.
        totals_Y: Deliveries by class.
        movement_GY: Sums of the columns of movement by class.
        log_likelihood: Of the evidence, under the rows that gave the posterior; NaN where it was given as such.
    """

    symbols_SY: np.ndarray
    asked_RY: np.ndarray
    totals_Y: np.ndarray
    movement_GY: np.ndarray
    log_likelihood: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """Hold a vote matrix for label models.

    Args:
        blocks: One-hot votes, then one-hot rarer silences (about 4096, S + R) each, in the order of the deliveries.
        is_abstain_rarer_R: Whether the rarer silence is the abstention (it is "could not look" otherwise).
        sets_SY: Classes each symbol may mean, bool.
        rule_S: Rule of each symbol.
        starts_R: First symbol of each rule.
        speaks_R: Share of the deliveries a rule could look at on which it says a symbol; by Laplace's rule of
            succession one half before it has looked at any.
        movement_NG: Columns of movement, float32.
        num_rows: N.
    """

    blocks: tuple[sparse.csr_array, ...]
    is_abstain_rarer_R: np.ndarray
    sets_SY: np.ndarray
    rule_S: np.ndarray
    starts_R: np.ndarray
    speaks_R: np.ndarray
    movement_NG: np.ndarray
    num_rows: int

    @classmethod
    def of(cls, votes: VoteMatrix) -> Encoding:
        """Return the encoding of a vote matrix."""
        sizes = np.array([len(ballot.symbols) for ballot in votes.ballots])
        starts_R = np.cumsum(sizes) - sizes
        num_rules, num_symbols = len(sizes), int(sizes.sum())
        is_abstain_rarer_R = (votes.symbols_NR == ABSTAIN).sum(axis=0) < (votes.symbols_NR == NOT_ASKED).sum(axis=0)
        is_stored = votes.symbols_NR != np.where(is_abstain_rarer_R, NOT_ASKED, ABSTAIN)
        place_NR = np.where(votes.symbols_NR >= 0, votes.symbols_NR + starts_R, num_symbols + np.arange(num_rules))
        columns = place_NR[is_stored].astype(np.int32)
        ends = np.concatenate([[0], np.cumsum(is_stored.sum(axis=1))]).astype(np.int32)
        shape = (len(votes), num_symbols + num_rules)
        matrix = sparse.csr_array((np.ones(len(columns)), columns, ends), shape=shape)
        return cls(
            blocks=tuple(sparse.csr_array(matrix[start : start + _BLOCK]) for start in range(0, len(votes), _BLOCK)),
            is_abstain_rarer_R=is_abstain_rarer_R,
            sets_SY=np.concatenate([ballot.sets_SY for ballot in votes.ballots]),
            rule_S=np.repeat(np.arange(num_rules), sizes),
            starts_R=starts_R,
            speaks_R=((votes.symbols_NR >= 0).sum(axis=0) + 1) / ((votes.symbols_NR != NOT_ASKED).sum(axis=0) + 2),
            movement_NG=np.empty((len(votes), 0), np.float32) if votes.movement is None else votes.movement.design(),
            num_rows=len(votes),
        )

    def by_rule(self, values_SY: np.ndarray) -> np.ndarray:
        """Return the sums over the symbols of each rule (R, Y)."""
        return np.add.reduceat(values_SY, self.starts_R, axis=0)

    def scores(self, weights_SY: np.ndarray) -> np.ndarray:
        """Return the sum of the weights of the votes cast on each delivery (N, Y)."""
        weights = np.concatenate([weights_SY, np.zeros((len(self.starts_R), weights_SY.shape[1]))])
        return np.concatenate([block @ weights for block in self.blocks])

    def log_likelihood(self, rows: Rows) -> np.ndarray:
        """Return the log-probability of the evidence on each delivery given each class (N, Y)."""
        scores_NY = np.concatenate([scores for _, scores in self._scores(rows)])
        return scores_NY - np.log(np.maximum(rows.prior_Y, FLOOR))

    def posterior(self, rows: Rows, *, gold: np.ndarray | None = None) -> np.ndarray:
        """Return the probability of each class given the votes (N, Y).

        Args:
            rows: What each rule says of each class.
            gold: Known classes (N,), -1 where unknown; these rows become one-hot.
        """
        posterior_NY = np.empty((self.num_rows, len(rows.prior_Y)))
        for part, scores in self._scores(rows):
            posterior_NY[part], _ = _softmax(scores)
        return clamp(posterior_NY, gold)

    def counts(self, posterior_NY: np.ndarray) -> Counts:
        """Return the expected counts under a posterior (N, Y)."""
        sums = _Sums.zeros(self, posterior_NY.shape[1])
        for number, block in enumerate(self.blocks):
            part = slice(number * _BLOCK, (number + 1) * _BLOCK)
            sums.add(block, self.movement_NG[part], posterior_NY[part])
        return self._split(sums, float("nan"))

    def expected_counts(self, rows: Rows, *, gold: np.ndarray | None = None) -> Counts:
        """Return the counts under the posterior of `rows` without holding that posterior, in one pass."""
        sums, log_likelihood = _Sums.zeros(self, len(rows.prior_Y)), 0.0
        for block, (part, scores) in zip(self.blocks, self._scores(rows), strict=True):
            posterior_NY, log_mass = _softmax(scores)
            log_likelihood += log_mass
            if gold is not None:
                clamp(posterior_NY, gold[part])
            sums.add(block, self.movement_NG[part], posterior_NY)
        return self._split(sums, log_likelihood)

    def _scores(self, rows: Rows) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the log of prior times likelihood, block by block, and which deliveries they belong to."""
        weights, base_Y = self._weights(rows)
        movement_GY = None if rows.movement_GY is None else rows.movement_GY.astype(np.float32)
        for number, block in enumerate(self.blocks):
            part = slice(number * _BLOCK, (number + 1) * _BLOCK)
            scores = block @ weights + base_Y
            if movement_GY is not None and self.movement_NG.shape[1]:
                scores += self.movement_NG[part] @ movement_GY
            yield part, scores

    def _weights(self, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Return the log-weights of the columns (S + R, Y) and the constant (Y,)."""
        symbols_SY = np.log(np.maximum(rows.symbols_SY, FLOOR))
        base_Y = np.log(np.maximum(rows.prior_Y, FLOOR))
        if rows.abstain_RY is None:
            return np.concatenate([symbols_SY, np.zeros((len(self.starts_R), len(base_Y)))]), base_Y
        abstain_RY = np.log(np.maximum(rows.abstain_RY, FLOOR))
        constant_RY = np.where(self.is_abstain_rarer_R[:, None], 0.0, abstain_RY)
        weights = np.concatenate([symbols_SY - constant_RY[self.rule_S], abstain_RY - 2.0 * constant_RY])
        return weights, base_Y + constant_RY.sum(axis=0)

    def _split(self, sums: _Sums, log_likelihood: float) -> Counts:
        symbols_SY, silence_RY = np.split(sums.votes, [len(self.rule_S)])
        totals_Y = sums.totals
        asked_RY = np.where(
            self.is_abstain_rarer_R[:, None], self.by_rule(symbols_SY) + silence_RY, totals_Y - silence_RY
        )
        return Counts(
            symbols_SY=symbols_SY,
            asked_RY=np.maximum(asked_RY, 0.0),
            totals_Y=totals_Y,
            movement_GY=sums.movement,
            log_likelihood=log_likelihood,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class _Sums:
    """Hold sums under a posterior: of the columns of votes and of movement, and of the posterior itself."""

    votes: np.ndarray
    movement: np.ndarray
    totals: np.ndarray

    @classmethod
    def zeros(cls, encoding: Encoding, num_classes: int) -> _Sums:
        return cls(
            votes=np.zeros((len(encoding.rule_S) + len(encoding.starts_R), num_classes)),
            movement=np.zeros((encoding.movement_NG.shape[1], num_classes)),
            totals=np.zeros(num_classes),
        )

    def add(self, block: sparse.csr_array, movement_NG: np.ndarray, posterior_NY: np.ndarray) -> None:
        self.votes += block.T @ posterior_NY
        self.movement += movement_NG.T @ posterior_NY.astype(np.float32)
        self.totals += posterior_NY.sum(axis=0)


def clamp(posterior_NY: np.ndarray, gold: np.ndarray | None) -> np.ndarray:
    """Make the rows whose class is known one-hot, in place, and return the array."""
    if gold is not None:
        known = np.flatnonzero(gold >= 0)
        posterior_NY[known] = 0.0
        posterior_NY[known, gold[known]] = 1.0
    return posterior_NY


def _softmax(scores_NY: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the scores as probabilities, in place, and the sum of the logs of their masses."""
    highest_N = scores_NY.max(axis=1, keepdims=True)
    scores_NY -= highest_N
    np.exp(scores_NY, out=scores_NY)
    mass_N = scores_NY.sum(axis=1, keepdims=True)
    scores_NY /= mass_N
    return scores_NY, float(highest_N.sum() + np.log(mass_N).sum())
