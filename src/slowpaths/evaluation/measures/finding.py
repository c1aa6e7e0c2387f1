"""What mining finds: the share of true deliveries found, and the share of claimed ones that are true.

Near is half a second, exact five frames at 25 per second. Edge cases: a delivery without impact counts as exact where
it was found at all; live is what truth (recall) or mining (precision) says is no replay.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from slowpaths.evaluation.losses import CLAIMS, OUTCOMES, LossCheck, Outcome
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.mining_check import waterfall
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
    videos = sample.check.clean_videos
    clean = [count == 0 for count in videos.values()]
    return sample.share(clean, np.array(list(videos), dtype=object), reason="truth mentions every mined video")


@report_table(0, title="Where deliveries are lost")
def _waterfall(sample: MiningSample) -> Table:
    return waterfall(sample.check)


@report_table(110, name="impact_error", is_long=True)
def _impact_errors(sample: MiningSample) -> Table:
    known = [fate for fate in sample.check.fates if np.isfinite(fate.error_s)]
    return [{"video": f.truth.video, "true_s": f.truth.impact_s, "error_s": f.error_s} for f in known]


@report_table(1, title="What becomes of true deliveries")
def _outcome_counts(sample: MiningSample) -> Table:
    words = Counter(outcome.word for outcome in _losses(sample).outcomes)
    return [{"outcome": word, "deliveries": words[word], "meaning": meaning} for word, meaning in OUTCOMES.items()]


@report_table(2, title="What is wrong with false claims")
def _false_claim_counts(sample: MiningSample) -> Table:
    words = Counter(false.word for false in _losses(sample).false_claims)
    return [{"kind": word, "claims": words[word], "meaning": meaning} for word, meaning in CLAIMS.items()]


@report_table(111)
def _false_deliveries(sample: MiningSample) -> Table:
    return [
        {
            "video": false.video,
            "delivery": false.claim.delivery_id,
            "impact_s": false.claim.impact_s,
            "event_p": false.claim.event_p,
            "kind": false.word,
            "claimed_view": false.claim.view,
            "true_view": false.true_view,
        }
        for false in _losses(sample).false_claims
    ]


@report_table(112, is_long=True)
def _outcomes(sample: MiningSample) -> Table:
    return [_row(outcome) for outcome in _losses(sample).outcomes]


def _row(outcome: Outcome) -> dict[str, float | int | str]:
    fate, claim = outcome.fate, outcome.claim
    item = fate.truth
    return {
        "video": item.video,
        "place": item.place,
        "impact_s": item.impact_s,
        "outcome": outcome.word,
        "delivery": claim.delivery_id if claim else "",
        "error_s": claim.impact_s - item.impact_s if claim else float("nan"),
        "true_view": outcome.true_view,
        "claimed_view": outcome.shot.view if outcome.shot else "",
        "is_replay": "" if item.is_replay is None else int(item.is_replay),
        "box_iou": outcome.iou,
    }


def _losses(sample: MiningSample) -> LossCheck:
    if sample.losses is None:
        raise NotMeasured("nothing says how deliveries were lost")
    return sample.losses
