"""What mining finds: the share of true deliveries found, and the share of claimed ones that are true.

Near is half a second, exact five frames at 25 per second. Edge cases: a delivery without impact counts as exact where
it was found at all; live is what truth (recall) or mining (precision) says is no replay.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import MeasureSpec, Reading, ReportTable, Table
from slowpaths.evaluation.mining_check import Fate, waterfall
from slowpaths.evaluation.mining_sample import MiningSample

NO_REPLAYS = "truth does not say what is a replay"
_NO_CLAIM = "mining claims no delivery in these videos"


def _recall(sample: MiningSample, *, is_exact: bool, is_live: bool) -> Reading:
    hits = [fate.is_exact if is_exact else fate.found is not None for fate in sample.check.fates]
    judged = sample.is_live if is_live else np.ones(len(hits), dtype=bool)
    return sample.share(np.where(judged, hits, np.nan), reason=NO_REPLAYS)


def _precision(sample: MiningSample, *, is_exact: bool, is_live: bool) -> Reading:
    check = sample.check
    hits = (check.is_right if is_exact else check.is_near).astype(np.float64)
    reason = _NO_CLAIM
    if is_live:
        is_replay = np.array([claim.features.get("is_live") == 0 for claim in check.claimed], dtype=bool)
        hits, reason = np.where(is_replay, np.nan, hits), "mining claims no live delivery in these videos"
    return sample.share(hits, check.claim_video, reason=reason)


def _clean(sample: MiningSample) -> Reading:
    counts = np.array(list(sample.check.clean_videos.values()))
    if not len(counts):
        return Reading(reason="truth mentions every mined video")
    return Reading(values_B=np.array([np.mean(counts == 0)]), num=len(counts))


def _impact_errors(sample: MiningSample) -> Table:
    return [
        {"video": fate.truth.video, "true_s": fate.truth.impact_s, "error_s": fate.found.impact_s - fate.truth.impact_s}
        for fate in sample.check.fates
        if fate.found and np.isfinite(fate.truth.impact_s)
    ]


def _false(sample: MiningSample) -> Table:
    check = sample.check
    return [
        {"video": str(video), "delivery": claim.delivery_id, "impact_s": claim.impact_s, "event_p": claim.event_p}
        for video, claim, near in zip(check.claim_video, check.claimed, check.is_near, strict=True)
        if not near
    ]


def _missed(sample: MiningSample) -> Table:
    return [
        {
            "video": fate.truth.video,
            "place": fate.truth.place,
            "impact_s": fate.truth.impact_s,
            "lost_at": _lost_at(fate),
        }
        for fate in sample.check.fates
        if fate.found is None
    ]


def _lost_at(fate: Fate) -> str:
    if fate.video is None:
        return "video not mined"
    if fate.video.status != "ok":
        return "video quarantined"
    return f"shot seen as {fate.shot.view}" if fate.shot else "no shot at this time"


def _spec(name: str, place: int, meaning: str, measure, *, is_exact: bool, is_live: bool = False) -> MeasureSpec:
    return MeasureSpec(
        name=name,
        side="mining",
        place=place,
        meaning=meaning,
        measure=lambda sample: measure(sample, is_exact=is_exact, is_live=is_live),
        is_share=True,
    )


_LIVE = "the same, deliveries that truth says are no replay"
MEASURES = (
    _spec("mining_recall", 100, "share of true deliveries found, impact within 5 frames", _recall, is_exact=True),
    _spec("mining_recall_live", 101, _LIVE, _recall, is_exact=True, is_live=True),
    _spec(
        "mining_precision",
        102,
        "share of mined deliveries that are true, impact within 5 frames",
        _precision,
        is_exact=True,
    ),
    _spec("mining_recall_near", 103, "share of true deliveries found, within half a second", _recall, is_exact=False),
    _spec("mining_recall_live_near", 104, _LIVE, _recall, is_exact=False, is_live=True),
    _spec(
        "mining_precision_near",
        105,
        "share of mined deliveries that are true, within half a second",
        _precision,
        is_exact=False,
    ),
    _spec(
        "mining_precision_live_near",
        106,
        "the same, deliveries that mining does not call a replay",
        _precision,
        is_exact=False,
        is_live=True,
    ),
    MeasureSpec(
        name="clean_videos",
        side="mining",
        place=180,
        meaning="videos that truth does not mention and no delivery is claimed in (good if they hold no stroke)",
        measure=_clean,
        is_share=True,
    ),
)
TABLES = (
    ReportTable(
        name="waterfall",
        place=0,
        build=lambda sample: [dict(row) for row in waterfall(sample.check)],
        title="Where deliveries are lost",
    ),
    ReportTable(name="impact_error", place=110, build=_impact_errors, is_long=True),
    ReportTable(name="false_deliveries", place=111, build=_false),
    ReportTable(name="missed_deliveries", place=112, build=_missed),
)
