"""Replays: are the true ones known as replays, and are the claimed ones replays?

Edge case: shots of which truth does not say it, and true shots that no mined shot covers, are left out.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import MeasureSpec, Reading
from slowpaths.evaluation.measures.shot_boundaries import NO_SHOTS
from slowpaths.evaluation.mining_sample import MiningSample


def _measure(sample: MiningSample, *, is_recall: bool) -> Reading:
    if not sample.shots:
        return Reading(reason=NO_SHOTS)
    known = [shot for shot in sample.shots if shot.is_replay is not None and shot.found_replay is not None]
    videos = np.array([shot.video for shot in known], dtype=object)
    true = np.array([shot.is_replay for shot in known], dtype=bool)
    found = np.array([shot.found_replay for shot in known], dtype=bool)
    if is_recall:
        return sample.share(found[true], videos[true], reason="truth names no replay in mined videos")
    return sample.share(true[found], videos[found], reason="mining calls no judged shot a replay")


MEASURES = (
    MeasureSpec(
        name="replay_recall",
        side="mining",
        place=140,
        meaning="true replays known as replays",
        measure=lambda sample: _measure(sample, is_recall=True),
        is_share=True,
    ),
    MeasureSpec(
        name="replay_precision",
        side="mining",
        place=141,
        meaning="shots called replays that are replays",
        measure=lambda sample: _measure(sample, is_recall=False),
        is_share=True,
    ),
)
