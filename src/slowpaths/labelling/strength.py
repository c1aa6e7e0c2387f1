"""How far to trust the declared meaning of the rules, found without labels: where unseen families agree best.

The hierarchical model shrinks what it learns of a rule towards what the rule declares, by a number of pseudo-counts.
Rules that err at random deserve many; rules that misread a stroke every time deserve few, or their declared sets are
believed against the evidence. With too few, though, classes drift away from the strokes they stand for, and the votes
themselves cannot tell: their likelihood may even rise. What tells is a family of rules that the model was not shown: its
votes, read as they are declared, agree with the labels where those mean strokes.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from slowpaths.labelling.agreement import hold_out_families, leave_one_family_out
from slowpaths.labelling.hierarchical import HierarchicalPartial
from slowpaths.labelling.votes import VoteMatrix

STRENGTHS: tuple[float, ...] = (3.0, 10.0, 30.0, 100.0)
ENOUGH = 5000  # from here on the deliveries of a stroke outweigh a hundred pseudo-counts


def find_strength(model: HierarchicalPartial, votes: VoteMatrix) -> float:
    """Return the strength under which labels agree best with the votes of families left out, chance corrected.

    Args:
        model: Label model; it is cloned, not changed.
        votes: Votes on N deliveries.

    Returns:
        One of `STRENGTHS`; the model's own where nothing can be compared or there are more than 5,000 deliveries.
    """
    if len(votes) > ENOUGH:
        return float(model.strength)
    kappas = [
        leave_one_family_out(hold_out_families(clone(model).set_params(strength=strength), votes)).overall.kappa
        for strength in STRENGTHS
    ]
    return STRENGTHS[int(np.nanargmax(kappas))] if np.isfinite(kappas).any() else float(model.strength)
