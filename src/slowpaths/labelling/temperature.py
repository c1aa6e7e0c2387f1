"""How far to flatten posteriors, found without labels: where they foretell the votes of unseen families best.

Rules of one family repeat each other, so every label model here is too sure. The posterior from the other families,
raised to the power 1 / T, should make a family's votes as probable as can be; with T at 1 an overconfident posterior is
punished for each vote it declared nearly impossible.

Legend: N deliveries, R rules, S symbols of all rules stacked, Y strokes.
"""

from __future__ import annotations

import numpy as np

from slowpaths.labelling.agreement import HeldOut
from slowpaths.labelling.encoding import Encoding
from slowpaths.labelling.models import LabelModel, temper

TEMPERATURES: np.ndarray = np.geomspace(0.5, 8.0, 25)


def find_temperature(model: LabelModel, held_out: HeldOut) -> float:
    """Return the temperature under which posteriors without a family foretell its votes best.

    Args:
        model: Label model fitted on all votes; what it believes of a rule turns posteriors into probabilities of votes.
        held_out: Posteriors without each family.

    Returns:
        One of 25 values from .5 to 8; 1 for a model without beliefs about rules (majority vote) or a single family.
    """
    if model.rows_ is None or not held_out.posterior_by_family:
        return 1.0
    family_R = np.array([ballot.family for ballot in held_out.votes.ballots])
    total_T = np.zeros(len(TEMPERATURES))
    for family, posterior_NY in held_out.posterior_by_family.items():
        is_inside = family_R == family
        encoding = Encoding.of(held_out.votes.with_rules(is_inside))
        evidence_NY = encoding.log_likelihood(model.rows_.take(is_inside, rule_S=Encoding.of(held_out.votes).rule_S))
        highest_N = evidence_NY.max(axis=1, keepdims=True)
        likelihood_NY = np.exp(evidence_NY - highest_N)
        for number, temperature in enumerate(TEMPERATURES):
            foretold_N = (temper(posterior_NY, float(temperature)) * likelihood_NY).sum(axis=1)
            total_T[number] += np.log(np.maximum(foretold_N, 1e-300)).sum()
    return float(TEMPERATURES[total_T.argmax()])
