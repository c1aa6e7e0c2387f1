"""How far to flatten posteriors, found without labels: where they predict the votes of unseen families best.

Rules of one family repeat each other, so every label model here is too sure. The posterior from the other families,
raised to the power 1 / T, should make a family's votes as probable as can be; with T at 1 an overconfident posterior is
punished for each vote it declared nearly impossible.
"""

from __future__ import annotations

import numpy as np

from slowpaths.labelling.model.agreement import HeldOut
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.label_model import LabelModel, temper

TEMPERATURES: np.ndarray = np.geomspace(0.5, 8.0, 25)


def find_temperature(model: LabelModel, held_out: HeldOut) -> float:
    """Return the temperature (.5 to 8) under which posteriors without a family predict its votes best.

    What a model fitted on all votes believes of a rule turns posteriors into probabilities of votes. It is 1 for a
    model without beliefs about rules (majority vote) or a single family.
    """
    if model.emissions_ is None or not held_out.posterior_by_family:
        return 1.0
    votes = model.in_order(held_out.votes)  # that of what the model believes
    family_R = np.array([spec.family for spec in votes.specs])
    rule_S = np.repeat(np.arange(len(votes.specs)), [len(spec.symbols) for spec in votes.specs])
    totals = np.zeros(len(TEMPERATURES))
    for family, posterior_NC in held_out.posterior_by_family.items():
        is_inside = family_R == family
        beliefs = model.emissions_.take(is_inside, rule_S=rule_S)
        evidence_NC = Encoding.of(votes.with_rules(is_inside)).log_likelihood(beliefs)
        likelihood_NC = np.exp(evidence_NC - evidence_NC.max(axis=1, keepdims=True))
        for number, temperature in enumerate(TEMPERATURES):
            predicted_N = (temper(posterior_NC, float(temperature)) * likelihood_NC).sum(axis=1)
            totals[number] += np.log(np.maximum(predicted_N, 1e-300)).sum()
    return float(TEMPERATURES[totals.argmax()])
