"""Accuracy of the deliveries that selection keeps for training: what the network is taught."""

from __future__ import annotations

from slowpaths.evaluation.intervals import weighted_mean
from slowpaths.evaluation.measure import MeasureSpec, Reading
from slowpaths.evaluation.sample import Sample


def _measure(sample: Sample) -> Reading | None:
    kept_N = sample.pairing.is_kept[sample.rows]
    if kept_N.all():
        return None  # it would repeat top1
    if not kept_N.any():
        return Reading(reason="selection keeps none of these deliveries")
    values_B = weighted_mean(sample.correct_N[kept_N], sample.weights_BN[:, kept_N])
    return Reading(values_B=values_B, num=int(kept_N.sum()))


MEASURES = (
    MeasureSpec(
        name="top1_kept",
        side="accuracy",
        place=23,
        meaning="share named right among those kept for training",
        measure=_measure,
        is_share=True,
    ),
)
