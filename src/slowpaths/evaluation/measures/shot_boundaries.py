"""Shot boundaries: are the true ones found, and are the claimed ones true?

A boundary is right within 5 frames, half a second where it is a wipe, dissolve or fade, which has no single instant.
"""

from __future__ import annotations

from slowpaths.evaluation.measure import MeasureSpec, Reading
from slowpaths.evaluation.mining_sample import MiningSample

NO_SHOTS = "there is no table of true shots (shots_truth=)"


def _recall(sample: MiningSample) -> Reading:
    found = sample.boundaries
    return sample.share(found.is_found, found.true_video, reason=NO_SHOTS) if found else Reading(reason=NO_SHOTS)


def _precision(sample: MiningSample) -> Reading:
    found = sample.boundaries
    return sample.share(found.is_right, found.claim_video, reason=NO_SHOTS) if found else Reading(reason=NO_SHOTS)


MEASURES = (
    MeasureSpec(
        name="cut_recall",
        side="mining",
        place=130,
        meaning="true cuts and wipes found, within 5 frames of a cut or half a second of a wipe",
        measure=_recall,
        is_share=True,
    ),
    MeasureSpec(
        name="cut_precision",
        side="mining",
        place=131,
        meaning="claimed cuts that are true ones",
        measure=_precision,
        is_share=True,
    ),
)
