"""Accuracy of the deliveries that selection keeps for training: what the network is taught."""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import weighted_mean
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.sample import Sample


@measure(23, "accuracy", baseline="every class alike; the most frequent class among them", is_share=True)
def _top1_kept(sample: Sample) -> Reading | None:
    """Share named right among those kept for training."""
    kept_N = sample.pairing.is_kept[sample.rows]
    if kept_N.all():
        return None  # it would repeat top1
    if not kept_N.any():
        return Reading(reason="selection keeps none of these deliveries")
    values_B = weighted_mean(sample.correct_N[kept_N], sample.weights_BN[:, kept_N])
    constant = float(np.bincount(sample.true_N[kept_N]).max() / kept_N.sum())
    return Reading(values_B=values_B, num=int(kept_N.sum()), chance=1 / len(sample.names), constant=constant)
