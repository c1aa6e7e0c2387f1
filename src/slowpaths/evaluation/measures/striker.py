"""Whether mining looks at the striker: the box at impact, the joints over the length of the clip, and handedness.

A box is right where it has half of the union in common with the true one (Everingham et al. 2010, PASCAL VOC), a joint
where it lies within a fifth of the torso of the true one (PCK@0.2).

Edge cases: only boxes of deliveries with the right impact are judged: a moment later the striker has moved. A frame
whose true joints all lie outside the picture is left out, so are deliveries whose handedness truth or mining does not
give.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.mining_check import STRIKER_IOU, is_hand_right, is_striker_right
from slowpaths.evaluation.mining_sample import MiningSample, most_frequent


@measure(119, "mining", is_share=True)
def _striker(sample: MiningSample) -> Reading:
    """Box of deliveries with the right impact is the striker's (half of the union in common)."""
    return sample.share_of(is_striker_right, reason="truth has no box of a delivery whose impact was found")


@measure(120, "mining", is_share=True)
def _striker_at_contact(sample: MiningSample) -> Reading:
    """Followed person of found deliveries is the striker at the true contact (half of the union in common)."""
    ious = np.array([outcome.iou for outcome in sample.losses.outcomes] if sample.losses else [], dtype=np.float64)
    clusters = sample.match_N[: len(ious)]
    reason = "truth has no box of a found delivery whose joints were kept"
    return sample.share(np.where(np.isnan(ious), np.nan, ious >= STRIKER_IOU), clusters, reason=reason)


@measure(121, "mining", baseline="either hand alike; the more frequent hand", is_share=True)
def _handedness(sample: MiningSample) -> Reading:
    """Handedness of found deliveries right."""
    constant = most_frequent([f.truth.handedness for f in sample.check.fates if is_hand_right(f) is not None])
    reason = "truth names the handedness of no found delivery"
    return sample.share_of(is_hand_right, chance=0.5, constant=constant, reason=reason)


@measure(122, "mining", is_share=True)
def _handedness_left(sample: MiningSample) -> Reading:
    """The same, left-handers."""
    return sample.share_of(
        lambda fate: is_hand_right(fate) if fate.truth.handedness == "L" else None,
        reason="no found delivery has a left-hander in truth",
    )


@measure(160, "mining", is_share=True)
def _striker_pck(sample: MiningSample) -> Reading:
    """Joints of found strikers within a fifth of the torso (PCK@0.2), over their clips."""
    if sample.poses is None:
        return Reading(reason="there are no true joints (poses_truth=)")
    return sample.share(sample.poses.share_N, sample.poses.match, reason="no found delivery has true joints")


@report_table(160)
def _joints(sample: MiningSample) -> Table:
    return sample.poses.by_joint() if sample.poses is not None and len(sample.poses.match) else []
