"""Rules of one family fail together: merge those that add nothing but weight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slowpaths.core.strokes import ABSTAIN
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.rule_statistics import residual_correlation
from slowpaths.labelling.rules.votes import NOT_ASKED, RuleSpec, VoteMatrix

MAX_CORRELATION = 0.5


def merge_families(encoding: Encoding, posterior_NC: np.ndarray) -> VoteMatrix:
    """Replace the rules of every family whose mean residual correlation is too high by their majority.

    The merged rule says the set of strokes that most of the family's votes name, each as far as it counts. It abstains
    on a tie and where no rule votes, and could not look where none of its rules could. It counts as its surest rule
    does, and takes the place of the family's first one.
    """
    votes, weights_NR = encoding.votes, encoding.votes.weights
    correlation_RR = residual_correlation(encoding, posterior_NC)
    specs: list[RuleSpec] = []
    columns: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    for family in votes.families:
        rules = [rule for rule, spec in enumerate(votes.specs) if spec.family == family]
        inside = correlation_RR[np.ix_(rules, rules)][~np.eye(len(rules), dtype=bool)]
        if len(rules) > 1 and inside.mean() > MAX_CORRELATION:
            spec, column, weight_N = _majority_of(votes, rules, family, weights_NR)
            specs.append(spec)
            columns.append(column)
            weights.append(weight_N)
        else:
            specs += [votes.specs[rule] for rule in rules]
            columns += [votes.symbols_NR[:, rule] for rule in rules]
            weights += [weights_NR[:, rule] for rule in rules]
    symbols_NR = np.stack(columns, axis=1)
    return replace(votes, specs=tuple(specs), symbols_NR=symbols_NR, weights_NR=np.stack(weights, axis=1))


def _majority_of(
    votes: VoteMatrix, rules: list[int], family: str, weights_NR: np.ndarray
) -> tuple[RuleSpec, np.ndarray, np.ndarray]:
    names: dict[bytes, str] = {}
    sets: list[np.ndarray] = []
    for rule in rules:
        spec = votes.specs[rule]
        for symbol, row in zip(spec.symbols, spec.sets_SC, strict=True):
            if row.tobytes() not in names:
                names[row.tobytes()] = f"{spec.code}.{symbol}"
                sets.append(row)
    position = {key: number for number, key in enumerate(names)}
    tally_NS = np.zeros((len(votes), len(sets)))
    for rule in rules:
        rows = np.flatnonzero(votes.symbols_NR[:, rule] >= 0)
        to_set = np.array([position[row.tobytes()] for row in votes.specs[rule].sets_SC])
        tally_NS[rows, to_set[votes.symbols_NR[rows, rule]]] += weights_NR[rows, rule]
    most_N = tally_NS.max(axis=1)
    is_clear = (most_N > 0) & ((tally_NS == most_N[:, None]).sum(axis=1) == 1)
    could_look = (votes.symbols_NR[:, rules] != NOT_ASKED).any(axis=1)
    silence_N = np.where(could_look, ABSTAIN, NOT_ASKED)
    column = np.where(is_clear, tally_NS.argmax(axis=1), silence_N).astype(np.int8)
    symbols, reads = tuple(names.values()), frozenset().union(*(votes.specs[rule].reads for rule in rules))
    spec = RuleSpec(code=f"{family}.merged", family=family, symbols=symbols, sets_SC=np.stack(sets), reads=reads)
    return spec, column, weights_NR[:, rules].max(axis=1)
