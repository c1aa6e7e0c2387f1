"""How far to trust the declared meaning of the rules, found without labels: where unseen deliveries are foretold best.

The hierarchical model shrinks what it learns of a rule towards what the rule declares, by a number of pseudo-counts.
Rules that err at random deserve many; rules that misread a stroke every time deserve few, or their declared sets are
believed against the evidence. Empirical Bayes settles it: the model is fitted with each strength on three quarters of
the deliveries, and the strength under which the votes on the last quarter are most probable is taken.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from sklearn.base import clone

from slowpaths.labelling.encoding import Encoding
from slowpaths.labelling.hierarchical import HierarchicalPartial
from slowpaths.labelling.votes import VoteMatrix

STRENGTHS: tuple[float, ...] = (3.0, 10.0, 30.0, 100.0)
_FOLDS = 4
_MAX_DELIVERIES = 1000  # the strength does not depend on how many deliveries there are
_LEAST = 2 * _FOLDS


def find_strength(model: HierarchicalPartial, votes: VoteMatrix, gold: np.ndarray | None = None) -> float:
    """Return the strength under which the votes on deliveries left out are most probable.

    Which deliveries are left out depends on their ids alone, not on their order.

    Args:
        model: Label model; it is cloned, not changed.
        votes: Votes on N deliveries.
        gold: Known classes (N,), -1 where unknown.

    Returns:
        One of `STRENGTHS`; the model's own where there are fewer than eight deliveries with votes.
    """
    digests_N = np.array([crc32(name.encode()) for name in votes.delivery_ids.to_pylist()])
    chosen = np.flatnonzero(votes.has_votes)
    chosen = chosen[np.argsort(digests_N[chosen], kind="stable")][:_MAX_DELIVERIES]
    if len(chosen) < _LEAST:
        return float(model.strength)
    fold_N = np.arange(len(chosen)) % _FOLDS
    total_C = [
        sum(_foretold(clone(model).set_params(strength=strength), votes, gold, chosen, fold_N == fold)
            for fold in range(_FOLDS))
        for strength in STRENGTHS
    ]  # fmt: skip
    return STRENGTHS[int(np.argmax(total_C))]


def _foretold(
    model: HierarchicalPartial, votes: VoteMatrix, gold: np.ndarray | None, chosen: np.ndarray, is_out: np.ndarray
) -> float:
    """Return the log-probability of the votes on the deliveries left out."""
    known, left_out = chosen[~is_out], chosen[is_out]
    model.fit(votes.take(known), None if gold is None else gold[known])
    assert model.rows_ is not None
    return Encoding.of(votes.take(left_out)).expected_counts(model.rows_).log_likelihood
