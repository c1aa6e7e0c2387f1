"""Judge a label model without labels: can it foretell the votes of a family it has not seen?

For every family the model is fitted and applied without that family's rules, and its labels are compared with the
family's votes. Agreement is corrected for chance as in Cohen's kappa: chance is what the same labels and the same votes
would give if they were shuffled against each other, so a model that always names the commonest stroke earns nothing.

Legend: N deliveries, Y strokes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from slowpaths.labelling.models import LabelModel
from slowpaths.labelling.votes import VoteMatrix

_MAX_DELIVERIES = 2000  # enough for a standard error of .01 and independent of the size of the footage


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Hold how well labels foretell votes.

    Args:
        observed: Share of votes that allow the label.
        chance: The same with labels and votes shuffled within each rule.
        num_votes: Votes compared.
    """

    observed: float
    chance: float
    num_votes: int

    @property
    def kappa(self) -> float:
        """Return agreement beyond chance, 1 perfect, 0 none; NaN without votes."""
        return (self.observed - self.chance) / (1.0 - self.chance) if self.chance < 1 else float("nan")


def leave_one_family_out(model: LabelModel, votes: VoteMatrix) -> dict[str, Agreement]:
    """Return the agreement of a model with every family it was not shown, and "all" for the votes together.

    Large sets are thinned to 2,000 evenly spaced deliveries with votes.

    Args:
        model: Label model; it is cloned, not changed.
        votes: Votes on N deliveries, of at least two families.
    """
    rows = np.flatnonzero(votes.has_votes)
    if len(rows) > _MAX_DELIVERIES:
        rows = rows[np.linspace(0, len(rows) - 1, _MAX_DELIVERIES).astype(int)]
    votes = votes.take(rows)
    sums = {}
    for family in votes.families:
        is_inside = np.array([ballot.family == family for ballot in votes.ballots])
        if not len(rows) or is_inside.all():
            continue
        rest = votes.with_rules(~is_inside)
        labels_NY = hard_labels(clone(model).fit(rest).predict_proba(rest))
        sums[family] = _compare(votes.with_rules(is_inside), labels_NY)
    sums["all"] = np.sum(list(sums.values()), axis=0) if sums else np.zeros(3)
    return {
        name: Agreement(observed=_ratio(right, total), chance=_ratio(by_chance, total), num_votes=int(total))
        for name, (right, by_chance, total) in sums.items()
    }


def hard_labels(probs_NY: np.ndarray) -> np.ndarray:
    """Return the most probable stroke one-hot, shared equally where several are (N, Y)."""
    is_best = probs_NY >= probs_NY.max(axis=1, keepdims=True) - 1e-9
    return is_best / is_best.sum(axis=1, keepdims=True)


def _compare(votes: VoteMatrix, labels_NY: np.ndarray) -> np.ndarray:
    """Return votes that allow the label, the number expected by chance, and all votes (3,)."""
    sums = np.zeros(3)
    for rule, ballot in enumerate(votes.ballots):
        rows = np.flatnonzero(votes.symbols_NR[:, rule] >= 0)
        means = ballot.sets_SY[votes.symbols_NR[rows, rule]]
        labels = labels_NY[rows]
        if len(rows):
            sums += [(means * labels).sum(), means.mean(axis=0) @ labels.mean(axis=0) * len(rows), len(rows)]
    return sums


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
