"""What can be said of votes without labels: coverage, overlap, conflict, correlation.

Votes are partial: two of them conflict only where no stroke satisfies both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.rules.votes import NOT_ASKED, VoteMatrix

_MIN_SHARED = 20  # a correlation over fewer deliveries is noise


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSummary:
    """Describe how one rule votes among the others."""

    code: str  # code of the rule
    family: str  # family of the rule
    num_votes: int  # deliveries it votes on
    weight: float  # how far one of its votes counts, 0..1, on average; 0 without any
    asked: float  # share of all deliveries it could look at: its view, its features measured
    coverage: float  # their share of all deliveries
    overlap: float  # share of all deliveries where another rule votes too
    conflict: float  # share of all deliveries where another rule's vote excludes its own
    by_symbol: dict[str, int]  # symbol -> votes


def summarise(votes: VoteMatrix | Encoding) -> list[RuleSummary]:
    """Return one summary a rule, in order; all shares are 0 where there are no deliveries."""
    encoding = Encoding.of(votes)
    votes = encoding.votes
    excludes_SS = (encoding.sets_SC.astype(int) @ encoding.sets_SC.T.astype(int) == 0).astype(np.float32)
    cast_NS = (encoding.cast_NS > 0).astype(np.float32)
    num_S = cast_NS.sum(axis=0, dtype=np.float64)
    overlap_S = (cast_NS * (cast_NS.sum(axis=1, keepdims=True) > 1)).sum(axis=0, dtype=np.float64)
    conflict_S = (cast_NS * (cast_NS @ excludes_SS > 0)).sum(axis=0, dtype=np.float64)
    num_R, overlap_R, conflict_R, weight_R = (
        np.add.reduceat(values, encoding.starts_R)
        for values in (num_S, overlap_S, conflict_S, encoding.cast_NS.sum(axis=0))
    )
    asked_R = (votes.symbols_NR != NOT_ASKED).sum(axis=0)
    shares_R4 = np.stack([asked_R, num_R, overlap_R, conflict_R], axis=1) * (1.0 / max(len(votes), 1))
    weight_R /= np.maximum(num_R, 1.0)
    names = ("asked", "coverage", "overlap", "conflict")
    summaries = []
    for rule, (spec, start) in enumerate(zip(votes.specs, encoding.starts_R, strict=True)):
        by_symbol = {symbol: int(num_S[start + number]) for number, symbol in enumerate(spec.symbols)}
        more: dict[str, Any] = dict(zip(names, shares_R4[rule].tolist(), strict=True))
        more |= {"num_votes": int(num_R[rule]), "weight": float(weight_R[rule]), "by_symbol": by_symbol}
        summaries.append(RuleSummary(code=spec.code, family=spec.family, **more))
    return summaries


def residual_correlation(encoding: Encoding, posterior_NC: np.ndarray) -> np.ndarray:
    """Return how far two rules are right and wrong together beyond what the strokes explain (R, R).

    The residual of a vote is the posterior probability that it is right minus the expectation for those strokes; the
    correlation is over deliveries where both vote. Two rules that share fewer than 20 deliveries count as uncorrelated.
    """
    votes = encoding.votes
    counts_SC = encoding.counts(posterior_NC).symbols_SC
    cast_RC = encoding.by_rule(counts_SC)
    right_RC = encoding.by_rule(counts_SC * encoding.sets_SC) / np.maximum(cast_RC, 1e-12)
    residual_NR = np.zeros(votes.symbols_NR.shape)
    for rule, spec in enumerate(votes.specs):
        rows = np.flatnonzero(votes.symbols_NR[:, rule] >= 0)
        means = spec.sets_SC[votes.symbols_NR[rows, rule]]
        residual_NR[rows, rule] = (posterior_NC[rows] * (means - right_RC[rule])).sum(axis=1)
    is_cast_NR = (votes.symbols_NR >= 0).astype(np.float64)
    shared_RR = is_cast_NR.T @ is_cast_NR
    squares_RR = (residual_NR**2).T @ is_cast_NR  # of the row's rule, over deliveries both vote on
    scale_RR = np.sqrt(squares_RR * squares_RR.T)
    is_known = (shared_RR >= _MIN_SHARED) & (scale_RR > 1e-12)
    return np.divide(residual_NR.T @ residual_NR, scale_RR, out=np.eye(len(votes.specs)), where=is_known)


def effective_votes(votes: VoteMatrix, correlation_RR: np.ndarray) -> dict[str, float]:
    """Return how many independent rules each family is worth: g / (1 + (g - 1) r), r the mean residual correlation."""
    worth = {}
    for family in votes.families:
        rules = [rule for rule, spec in enumerate(votes.specs) if spec.family == family]
        size = len(rules)
        inside = correlation_RR[np.ix_(rules, rules)][~np.eye(size, dtype=bool)]
        mean = float(np.clip(inside.mean(), 0.0, 1.0)) if size > 1 else 0.0
        worth[family] = size / (1.0 + (size - 1) * mean)
    return worth
