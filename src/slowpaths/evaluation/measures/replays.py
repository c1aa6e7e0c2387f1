"""Replays: are the true ones known as replays, and are the claimed ones replays?

Edge case: shots of which truth does not say it, and true shots that no mined shot covers, are left out.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import NotMeasured, Reading, measure
from slowpaths.evaluation.measures.shot_boundaries import NO_SHOTS
from slowpaths.evaluation.mining_sample import MiningSample


@measure(140, "mining", is_share=True)
def _replay_recall(sample: MiningSample) -> Reading:
    """True replays known as replays."""
    videos, true, found = _known(sample)
    return sample.share(found[true], videos[true], reason="truth names no replay in mined videos")


@measure(141, "mining", baseline="calling every shot a replay", is_share=True)
def _replay_precision(sample: MiningSample) -> Reading:
    """Shots called replays that are replays."""
    videos, true, found = _known(sample)
    constant = float(true.mean()) if len(true) else None
    return sample.share(true[found], videos[found], constant=constant, reason="mining calls no judged shot a replay")


def _known(sample: MiningSample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return video, whether it is a replay, and whether it is called one, of every shot that can be judged."""
    if not sample.shots:
        raise NotMeasured(NO_SHOTS)
    known = [shot for shot in sample.shots if shot.is_replay is not None and shot.found_replay is not None]
    return (
        np.array([shot.video for shot in known], dtype=object),
        np.array([shot.is_replay for shot in known], dtype=bool),
        np.array([shot.found_replay for shot in known], dtype=bool),
    )
