"""Judge a label model without labels: do its labels agree with the votes of a family it has not seen?

For every family the model is fitted and applied without that family's rules, and its labels are compared with the
family's votes. Agreement is corrected for chance as in Cohen's kappa: chance is what the same labels and the same votes
would give if they were shuffled against each other, so a model that always names the commonest stroke earns nothing.
Features that only the family reads are withheld with it; those that another family reads too are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.rules.votes import VoteMatrix

_MAX_DELIVERIES = 2000  # enough for a standard error of .01 and independent of the size of the footage


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Hold how well labels agree with votes."""

    observed: float  # share of votes that allow the label
    chance: float  # the same with labels and votes shuffled within each rule
    num_votes: float  # votes compared, each as far as it counts

    @property
    def kappa(self) -> float:
        """Return agreement beyond chance, 1 perfect, 0 none; NaN without votes."""
        return (self.observed - self.chance) / (1.0 - self.chance) if self.chance < 1 else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyAgreement:
    """Hold how well the labels of a label model agree with rules of families it was not shown."""

    overall: Agreement  # all votes together
    by_family: dict[str, Agreement]  # family -> its votes
    by_rule: dict[str, Agreement]  # rule -> its votes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Hold what a label model says of deliveries when a family is withheld from it."""

    votes: VoteMatrix  # the deliveries looked at (N,) and all their votes
    # family -> probabilities of the strokes without that family (N, C); empty where there are no two families or no
    # votes
    posterior_by_family: dict[str, np.ndarray]


def hold_out_families(model: LabelModel, votes: VoteMatrix) -> HeldOut:
    """Fit and apply a copy of a label model, untempered, without each family in turn.

    Large sets are thinned to 2,000 evenly spaced deliveries with votes.
    """
    rows = np.flatnonzero(votes.has_votes)
    if len(rows) > _MAX_DELIVERIES:
        rows = rows[np.linspace(0, len(rows) - 1, _MAX_DELIVERIES).astype(int)]
    votes = votes.take(rows)
    family_R = np.array([spec.family for spec in votes.specs])
    posterior_by_family = {}
    if len(rows) and len(votes.families) > 1:
        for family in votes.families:
            rest = votes.with_rules(family_R != family)
            unshown = clone(model)
            unshown.temperature = 1.0
            encoding = Encoding.of(rest)
            posterior_by_family[family] = unshown.fit(encoding).predict_proba(encoding)
    return HeldOut(votes=votes, posterior_by_family=posterior_by_family)


def leave_one_family_out(held_out: HeldOut) -> FamilyAgreement:
    """Return the agreement of a model with the rules of every family it was not shown."""
    votes = held_out.votes
    family_R = np.array([spec.family for spec in votes.specs])
    sums_R3 = np.zeros((len(family_R), 3))  # votes that allow the label, the number expected by chance, all votes
    for family, posterior_NC in held_out.posterior_by_family.items():
        labels_NC = hard_labels(posterior_NC)
        for rule in np.flatnonzero(family_R == family):
            rows = np.flatnonzero(votes.symbols_NR[:, rule] >= 0)
            means, labels = votes.specs[rule].sets_SC[votes.symbols_NR[rows, rule]], labels_NC[rows]
            weight_N = votes.weights[rows, rule]
            by_chance = (weight_N @ means) @ (weight_N @ labels) / max(weight_N.sum(), 1e-12)
            sums_R3[rule] = weight_N @ (means * labels).sum(axis=1), by_chance, weight_N.sum()
    return FamilyAgreement(
        overall=_agreement(sums_R3.sum(axis=0)),
        by_family={family: _agreement(sums_R3[family_R == family].sum(axis=0)) for family in votes.families},
        by_rule={spec.code: _agreement(sums_R3[rule]) for rule, spec in enumerate(votes.specs)},
    )


def hard_labels(probs_NC: np.ndarray) -> np.ndarray:
    """Return the most probable stroke one-hot, shared equally where several are (N, C)."""
    is_best = probs_NC >= probs_NC.max(axis=1, keepdims=True) - 1e-9
    return is_best / is_best.sum(axis=1, keepdims=True)


def _agreement(sums_3: np.ndarray) -> Agreement:
    right, by_chance, total = sums_3.tolist()
    if not total:
        return Agreement(observed=float("nan"), chance=float("nan"), num_votes=0.0)
    return Agreement(observed=right / total, chance=by_chance / total, num_votes=total)
