"""How far a voice beside the votes may be trusted: as far as agreement bears its sureness out, without labels.

Let x (C,) be what a voice believes of a delivery, less what it believes on average, and C = E[x x']. Of a voice that is
as right as it is sure, C is also the covariance of x with the stroke that was played. Of any other that covariance is
taken to be a share a of C: 1 for a voice that may be believed, 0 for one at chance, below 0 for one that misleads. Two
voices u and v that err independently of each other, given the stroke, then agree beyond chance by

    E[x_u . x_v] = a_u a_v trace(C_u D C_v),    D = diag(1 / shares of the strokes),

so that agreement over that trace is a_u a_v, and three voices give each a (the triplet method: Ratner et al. 2019,
arXiv 1810.02840; Fu et al. 2020, arXiv 2002.11955). Here the three are two families of rules, which share one a, and
the voice: its a is its agreement with families over the root of their agreement with each other (Spearman's correction
for attenuation, 1904, doi 10.2307/1412159). Families that tell different strokes apart hardly agree even where both are
right; the trace is then small too, and such a pair counts for little.

Voices that read the same numbers err together. So families with a feature in common are not held against each other,
and the voice is held against a family without the features that this family reads. A view biases all voices at once, so
chance is what is believed on average from the same side of the pitch.

What is not seen: numbers that are wrong together (hands of somebody else), what voice and rules alike take strokes to
look like, and a voice that takes each stroke for its nearest neighbour, which agrees with all families that do not tell
the two apart. Such voices are trusted too far (`experiments/vote_worlds`).

Legend: N deliveries, B blocks of them, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from math import nan

import numpy as np

from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.rules.votes import VoteMatrix

FEWEST = 30
"""With fewer deliveries with votes the trust is the prior's: a standard error of .15 to .25 at thirty (vote worlds)."""
PRIOR_MEAN, PRIOR_SD = 0.5, 12.0**-0.5  # of a share of which nothing is known: uniform between 0 and 1
_MOST = 2000  # deliveries looked at, evenly spaced; the standard error is then about .03
_LEAST_SHARED = 0.05  # square of the families' a below which they tell nothing of each other, nor of anybody else
_NUM_BLOCKS = 20  # of consecutive deliveries (those of a match follow each other), each left out for the standard error

Ask = Callable[[np.ndarray, frozenset[str]], np.ndarray]
"""Return what a voice believes of the deliveries in these rows without these features (N, C); NaN rows: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Say how far a voice is trusted, and why."""

    weight: float = PRIOR_MEAN  # 0..1: the share below, drawn to the prior as far as it is not known
    borne_out: float = nan  # share of its sureness that families of rules bear out; NaN where they cannot tell
    error: float = nan  # standard error of that
    rules_borne_out: float = nan  # the same share of the rules' own sureness, family by family


def trust(votes: VoteMatrix, ask: Ask, *, side_N: np.ndarray) -> Trust:
    """Return how far a voice is trusted on these deliveries; the same deliveries give the same answer.

    Args:
        votes: The votes, as far as they count.
        ask: The voice.
        side_N: The side from which each delivery is seen.
    """
    rows = np.flatnonzero(votes.has_votes)
    if len(rows) < FEWEST:
        return Trust()
    if len(rows) > _MOST:
        rows = rows[np.linspace(0, len(rows) - 1, _MOST).astype(int)]
    votes, side_N = votes.take(rows), side_N[rows]
    family_R = np.array([spec.family for spec in votes.specs])
    believed, reads = {}, {}
    for family in votes.families:
        own = votes.with_rules(family_R == family)
        believed[family] = FixedNaiveBayes(temperature=1.0).fit(own).predict_proba(own)
        reads[family] = frozenset[str]().union(*(spec.reads for spec in own.specs))
    apart = [(one, two) for one, two in combinations(votes.families, 2) if not reads[one] & reads[two]]
    between_2B = _agreement(((believed[one], believed[two]) for one, two in apart), side_N)
    with_2B = _agreement(((believed[family], ask(rows, reads[family])) for family in votes.families), side_N)
    borne_out, rules_borne_out = _borne_out(with_2B.sum(axis=1), between_2B.sum(axis=1))
    left_out_B = [
        _borne_out(np.delete(with_2B, block, axis=1).sum(axis=1), np.delete(between_2B, block, axis=1).sum(axis=1))[0]
        for block in range(_NUM_BLOCKS)
    ]
    error = float(np.sqrt(_NUM_BLOCKS - 1) * np.std(left_out_B))  # jackknife
    if not np.isfinite(error):
        return Trust()
    known = PRIOR_SD**2 / (PRIOR_SD**2 + error**2)
    weight = float(np.clip(known * borne_out + (1.0 - known) * PRIOR_MEAN, 0.0, 1.0))
    return Trust(weight=weight, borne_out=borne_out, error=error, rules_borne_out=rules_borne_out)


def _borne_out(with_2: np.ndarray, between_2: np.ndarray) -> tuple[float, float]:
    """Return the a of the voice and of the families from agreement found and expected; NaN where nothing tells."""
    (found, expected), (shared, of) = with_2.tolist(), between_2.tolist()
    if expected <= 0 or of <= 0 or shared < _LEAST_SHARED * of:
        return nan, nan
    rules = float(np.sqrt(shared / of))
    return found / expected / rules, rules


def _agreement(pairs: Iterable[tuple[np.ndarray, np.ndarray]], side_N: np.ndarray) -> np.ndarray:
    """Return agreement beyond chance of pairs of voices, and what it is where both are as right as sure (2, B)."""
    block_N = np.arange(len(side_N)) * _NUM_BLOCKS // len(side_N)
    sums_2B = np.zeros((2, _NUM_BLOCKS))
    for one_NC, two_NC in pairs:
        rows = np.flatnonzero(np.isfinite(one_NC).all(axis=1) & np.isfinite(two_NC).all(axis=1))
        if not len(rows):
            continue
        one_NC, two_NC = one_NC[rows], two_NC[rows]
        share_C = (one_NC + two_NC).mean(axis=0) / 2.0
        one_NC, two_NC = (_beyond_chance(said_NC, side_N[rows]) for said_NC in (one_NC, two_NC))
        expected = ((one_NC.T @ one_NC / share_C) * (two_NC.T @ two_NC)).sum() / len(rows) ** 2
        found_N = (one_NC * two_NC).sum(axis=1)
        sums_2B[0] += np.bincount(block_N[rows], weights=found_N, minlength=_NUM_BLOCKS)
        sums_2B[1] += np.bincount(block_N[rows], minlength=_NUM_BLOCKS) * expected
    return sums_2B


def _beyond_chance(believed_NC: np.ndarray, side_N: np.ndarray) -> np.ndarray:
    """Return beliefs less their mean from the same side (N, C)."""
    beyond_NC = believed_NC.copy()
    for side in np.unique(side_N):
        beyond_NC[side_N == side] -= believed_NC[side_N == side].mean(axis=0)
    return beyond_NC
