"""Shot boundaries: are the true ones found, and are the claimed ones true?

A boundary is right within 5 frames, half a second where it is a wipe, dissolve or fade, which has no single instant.
"""

from __future__ import annotations

from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.mining_sample import MiningSample

NO_SHOTS = "there is no table of true shots (shots_truth=)"


@measure(130, "mining", is_share=True)
def _cut_recall(sample: MiningSample) -> Reading:
    """True cuts and wipes found, within 5 frames of a cut or half a second of a wipe."""
    found = sample.boundaries
    return sample.share(found.is_found, found.true_video, reason=NO_SHOTS) if found else Reading(reason=NO_SHOTS)


@measure(131, "mining", is_share=True)
def _cut_precision(sample: MiningSample) -> Reading:
    """Claimed cuts that are true ones."""
    found = sample.boundaries
    return sample.share(found.is_right, found.claim_video, reason=NO_SHOTS) if found else Reading(reason=NO_SHOTS)
