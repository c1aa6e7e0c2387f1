"""How far each rule is borne out by the others, from each side of the pitch, without labels.

A rule that reads what a camera does not show, or what a pose estimator gets wrong, votes as often as a sound one, and a
label model of a few hundred deliveries cannot tell. But the strokes that the other families name, by what their rules
declare, can: where a rule votes they should lie in its set more often than elsewhere, by as much as its declaration
says. The other families err too, so what is found is held against the average of all rules. A rule that reaches half of
it counts whole, one below by the square of its share of that half, and one whose votes lie as by lot for nothing. One
that is surely wrong tells as much as one that is surely right, to a model that learns confusions.

What is found by chance is shrunk to the average: the share has a normal prior of mean 1 and deviation 1.

On real poses from end-on, the features of legs and chest carry next to nothing of the stroke (areas under the curve of
.31 to .56; of hands and head .62 to .89). On 1,200 synthetic strokes whose leg and chest features are shuffled, the
hierarchical model is right on .50 with these weights and .42 without; where nothing is shuffled, on .82 either way.

Legend: N deliveries, R rules, S symbols of one rule, C classes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slowpaths.labelling.model.agreement import hold_out_families
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.rules.votes import VoteMatrix

_WHOLE = 0.5  # share of the average from which a rule counts whole


def with_reliability(votes: VoteMatrix, side_N: np.ndarray) -> VoteMatrix:
    """Return votes that count as far as their rules are borne out where a delivery is seen from the same side (N,)."""
    weights_NR = votes.weights
    for side in np.unique(side_N):
        rows = np.flatnonzero(side_N == side)
        weights_NR[rows] *= reliability(votes.take(rows))
    return replace(votes, weights_NR=weights_NR)


def reliability(votes: VoteMatrix) -> np.ndarray:
    """Return how far votes of each rule count, 0..1 (R,): 1 for all where no rule is borne out by the others."""
    judge = FixedNaiveBayes()
    held_out = hold_out_families(judge, votes)
    if not held_out.posterior_by_family:
        return np.ones(len(votes.specs))
    encoding, weights_NR = Encoding.of(held_out.votes), held_out.votes.weights
    declared = judge.fit(encoding).emissions_
    assert declared is not None
    found_R, expected_R, variance_R = np.zeros((3, len(votes.specs)))
    for rule in np.flatnonzero(weights_NR.any(axis=0)):
        posterior_NC = held_out.posterior_by_family[votes.specs[rule].family]
        is_own_S, weight_N = encoding.rule_S == rule, weights_NR[:, rule]
        share_C = np.average(posterior_NC, weights=weight_N, axis=0)
        allowed_NS = (posterior_NC - share_C) @ encoding.sets_SC[is_own_S].T  # beyond what chance allows
        cast_NS = encoding.cast_NS[:, is_own_S]
        found_R[rule] = (cast_NS * allowed_NS).sum()
        expected_R[rule] = weight_N @ (posterior_NC @ declared.symbols_SC[is_own_S].T * allowed_NS).sum(axis=1)
        variance_R[rule] = ((cast_NS * allowed_NS) ** 2).sum() + 1e-12
    average = found_R.sum() / max(expected_R.sum(), 1e-12)
    if average <= 0:
        return np.ones(len(votes.specs))
    mean_R = average * expected_R
    share_R = np.divide(
        found_R * mean_R + variance_R, mean_R**2 + variance_R, out=np.ones_like(mean_R), where=variance_R > 0
    )
    return np.clip(np.abs(share_R) / _WHOLE, 0.0, 1.0) ** 2
