"""How far to flatten posteriors, found without labels: until they are as sure as rules bear each other out.

Rules fail together, so every label model here is too sure, the more so the less its rules tell. How sure it may be is
read off how well its labels agree with the votes of families that it was not shown, held against how well they agree
with those that it was shown (`labelling.model.agreement`). That is no estimate of how many labels are right: it lies
17 to 49 points below in simulated vote worlds and on real skeletons (`experiments/label_free`). The relation was set on
two sets of 200 synthetic strokes each, hierarchical model:

    what was spoilt                   unseen over seen agreement       right
    nothing                                       .90, .92          .88, .93
    impact                                        .86, .90          .82, .89
    features of legs and chest                    .76, .77          .52, .78
    legs, chest and impact                        .69, .68          .48, .69
    and half of hands and head                    .35, .37          .21, .21

The temperature is that under which posteriors are, on average, as sure as that, but never above 3: sums over coarser
groups of strokes would then tell how many strokes a group has rather than what was played. Of 547 real sequences, a
fifth change their group of eight by flattening at 3, and half at 8.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit

from slowpaths.core.tempering import temper
from slowpaths.labelling.model.agreement import HeldOut, leave_one_family_out
from slowpaths.labelling.model.label_model import LabelModel

TEMPERATURES: np.ndarray = np.geomspace(0.4, 3.0, 31)
_AT_ZERO, _SLOPE = -3.2, 5.8  # logit of the share right where unseen families do not agree at all, and its rise to full


def agreed_sureness(model: LabelModel, held_out: HeldOut) -> float | None:
    """Return how sure labels are made: as families of rules bear out those that were made without them.

    It is None for a model without beliefs about rules (majority vote), a single family, and no agreement to speak of.
    """
    if model.emissions_ is None or not held_out.posterior_by_family:
        return None
    posterior_NC = model.predict_proba(held_out.votes)
    shown = replace(held_out, posterior_by_family=dict.fromkeys(held_out.posterior_by_family, posterior_NC))
    unseen, seen = (leave_one_family_out(one).overall.kappa for one in (held_out, shown))
    if not seen > 0:
        return None
    return max(float(expit(_AT_ZERO + _SLOPE * np.clip(unseen / seen, 0.0, 1.0))), 1.0 / posterior_NC.shape[1])


def find_temperature(model: LabelModel, held_out: HeldOut, sureness: float | None) -> float:
    """Return the temperature (.4 to 3) under which a model that is not tempered is so sure, on average.

    It is 1 where nothing says how sure that should be.
    """
    if sureness is None:
        return 1.0
    posterior_NC = model.predict_proba(held_out.votes)
    confidences = np.array([temper(posterior_NC, float(value)).max(axis=1).mean() for value in TEMPERATURES])
    return float(TEMPERATURES[np.abs(confidences - sureness).argmin()])
