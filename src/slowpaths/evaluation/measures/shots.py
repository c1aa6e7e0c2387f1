"""Shots: are their boundaries found and true, are they seen as the view they are, are replays known as replays?

A boundary is right within 5 frames, half a second where it is a wipe, dissolve or fade, which has no single instant.
Views are judged at each true shot where there is a table of them, else at each delivery.

Edge case: shots of which truth does not say whether they are replays, and true shots that no mined shot covers, are
left out of the measures of replays.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.mining_check import is_view_right
from slowpaths.evaluation.mining_sample import MiningSample, most_frequent
from slowpaths.evaluation.shot_check import BoundaryCheck, ShotFate

_NO_SHOTS = "there is no table of true shots (shots_truth=)"


@measure(123, "mining", baseline="; the most frequent view", is_share=True)
def _view(sample: MiningSample) -> Reading:
    """View of the shot right: each true shot, or (without a table of shots) at each true delivery."""
    if sample.shots:
        hits: list[bool | None] = [shot.view == shot.found_view for shot in sample.shots]
        views, clusters = [shot.view for shot in sample.shots], _videos(sample.shots)
        meaning = "view of each true shot right"
    else:
        hits, clusters = [is_view_right(fate) for fate in sample.check.fates], None
        views = [fate.truth.view for fate in sample.check.fates if is_view_right(fate) is not None]
        meaning = "view of the shot right, at each true delivery"
    reason = "truth names no views in mined videos"
    return replace(sample.share(hits, clusters, constant=most_frequent(views), reason=reason), meaning=meaning)


@measure(124, "mining", is_share=True)
def _view_in_middle(sample: MiningSample) -> Reading:
    """View of the mined shot that the middle of each true shot lies in."""
    hits = [shot.view == shot.middle_view for shot in sample.shots or ()]
    return sample.share(hits, _videos(sample.shots or []), reason=_NO_SHOTS)


@measure(130, "mining", is_share=True)
def _boundary_recall(sample: MiningSample) -> Reading:
    """True shot boundaries found, within 5 frames, or half a second of a wipe."""
    found = _known_boundaries(sample.boundaries)
    return sample.share(found.is_found, found.true_video, reason=_NO_SHOTS)


@measure(131, "mining", is_share=True)
def _boundary_precision(sample: MiningSample) -> Reading:
    """Claimed shot boundaries that are true ones."""
    found = _known_boundaries(sample.boundaries)
    return sample.share(found.is_right, found.claim_video, reason=_NO_SHOTS)


@measure(132, "mining", is_share=True)
def _boundary_recall_2(sample: MiningSample) -> Reading:
    """True shot boundaries found, within 2 frames, or half a second of a wipe."""
    found = _known_boundaries(sample.sharp)
    return sample.share(found.is_found, found.true_video, reason=_NO_SHOTS)


@measure(133, "mining", is_share=True)
def _boundary_precision_2(sample: MiningSample) -> Reading:
    """Claimed shot boundaries that are so near to true ones."""
    found = _known_boundaries(sample.sharp)
    return sample.share(found.is_right, found.claim_video, reason=_NO_SHOTS)


@measure(140, "mining", is_share=True)
def _replay_recall(sample: MiningSample) -> Reading:
    """True replays known as replays."""
    own = [shot for shot in _known(sample) if shot.is_replay]
    hits = [shot.found_replay for shot in own]
    return sample.share(hits, _videos(own), reason="truth names no replay in mined videos")


@measure(141, "mining", baseline="; calling every shot a replay", is_share=True)
def _replay_precision(sample: MiningSample) -> Reading:
    """Shots called replays that are replays."""
    known = _known(sample)
    own = [shot for shot in known if shot.found_replay]
    constant = float(np.mean([bool(shot.is_replay) for shot in known])) if known else None
    reason = "mining calls no judged shot a replay"
    return sample.share([shot.is_replay for shot in own], _videos(own), constant=constant, reason=reason)


@report_table(122)
def _shots(sample: MiningSample) -> Table:
    return [
        {"video": s.video, "true_view": s.view, "found_view": s.found_view, "right": int(s.view == s.found_view)}
        for s in sample.shots or ()
    ]


def _known_boundaries(boundaries: BoundaryCheck | None) -> BoundaryCheck:
    if boundaries is None:
        raise NotMeasured(_NO_SHOTS)
    return boundaries


def _known(sample: MiningSample) -> list[ShotFate]:
    """Return the shots of which it can be judged whether they are known as replays."""
    if not sample.shots:
        raise NotMeasured(_NO_SHOTS)
    return [shot for shot in sample.shots if shot.is_replay is not None and shot.found_replay is not None]


def _videos(shots: list[ShotFate]) -> np.ndarray:
    return np.array([shot.video for shot in shots], dtype=object)
