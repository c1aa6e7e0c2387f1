"""What mining finds: the share of true deliveries found, and the share of claimed ones that are true.

Near is half a second, exact five frames at 25 per second. Edge cases: a delivery without impact counts as exact where
it was found at all; live is what truth (recall) or mining (precision) says is no replay.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.mining_check import Fate, waterfall
from slowpaths.evaluation.mining_sample import MiningSample

NO_REPLAYS = "truth does not say what is a replay"
_NO_CLAIM = "mining claims no delivery in these videos"


@measure(100, "mining", is_share=True)
def _mining_recall(sample: MiningSample) -> Reading:
    """Share of true deliveries found, impact within 5 frames."""
    return sample.share_of(lambda fate: fate.is_exact)


@measure(101, "mining", is_share=True)
def _mining_recall_live(sample: MiningSample) -> Reading:
    """The same, deliveries that truth says are no replay."""
    return sample.share_of(lambda fate: fate.is_exact if fate.is_live else None, reason=NO_REPLAYS)


@measure(102, "mining", is_share=True)
def _mining_precision(sample: MiningSample) -> Reading:
    """Share of mined deliveries that are true, impact within 5 frames."""
    return sample.share(sample.check.is_right, sample.check.claim_video, reason=_NO_CLAIM)


@measure(103, "mining", is_share=True)
def _mining_recall_near(sample: MiningSample) -> Reading:
    """Share of true deliveries found, within half a second."""
    return sample.share_of(lambda fate: fate.found is not None)


@measure(104, "mining", is_share=True)
def _mining_recall_live_near(sample: MiningSample) -> Reading:
    """The same, deliveries that truth says are no replay."""
    return sample.share_of(lambda fate: fate.found is not None if fate.is_live else None, reason=NO_REPLAYS)


@measure(105, "mining", is_share=True)
def _mining_precision_near(sample: MiningSample) -> Reading:
    """Share of mined deliveries that are true, within half a second."""
    return sample.share(sample.check.is_near, sample.check.claim_video, reason=_NO_CLAIM)


@measure(106, "mining", is_share=True)
def _mining_precision_live_near(sample: MiningSample) -> Reading:
    """The same, deliveries that mining does not call a replay."""
    check = sample.check
    is_replay = np.array([claim.features.get("is_live") == 0 for claim in check.claimed], dtype=bool)
    reason = "mining claims no live delivery in these videos"
    return sample.share(np.where(is_replay, np.nan, check.is_near), check.claim_video, reason=reason)


@measure(180, "mining", is_share=True)
def _clean_videos(sample: MiningSample) -> Reading:
    """Videos that truth does not mention and no delivery is claimed in (good if they hold no stroke)."""
    counts = np.array(list(sample.check.clean_videos.values()))
    if not len(counts):
        return Reading(reason="truth mentions every mined video")
    return Reading(values_B=np.array([np.mean(counts == 0)]), num=len(counts))


@report_table(0, title="Where deliveries are lost")
def _waterfall(sample: MiningSample) -> Table:
    return waterfall(sample.check)


@report_table(110, name="impact_error", is_long=True)
def _impact_errors(sample: MiningSample) -> Table:
    known = [fate for fate in sample.check.fates if np.isfinite(fate.error_s)]
    return [{"video": f.truth.video, "true_s": f.truth.impact_s, "error_s": f.error_s} for f in known]


@report_table(111)
def _false_deliveries(sample: MiningSample) -> Table:
    check = sample.check
    return [
        {"video": str(video), "delivery": claim.delivery_id, "impact_s": claim.impact_s, "event_p": claim.event_p}
        for video, claim, near in zip(check.claim_video, check.claimed, check.is_near, strict=True)
        if not near
    ]


@report_table(112)
def _missed_deliveries(sample: MiningSample) -> Table:
    return [
        {"video": item.video, "place": item.place, "impact_s": item.impact_s, "lost_at": _lost_at(fate)}
        for fate in sample.check.fates
        if fate.found is None and (item := fate.truth)
    ]


def _lost_at(fate: Fate) -> str:
    if fate.video is None:
        return "video not mined"
    if fate.video.status != "ok":
        return "video quarantined"
    return f"shot seen as {fate.shot.view}" if fate.shot else "no shot at this time"
