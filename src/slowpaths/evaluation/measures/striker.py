"""Whether mining looks at the striker: the box at impact, and the joints over the length of the clip.

A box is right where it has half of the union in common with the true one (Everingham et al. 2010, PASCAL VOC), a joint
where it lies within a fifth of the torso of the true one (PCK@0.2).

Edge cases: only boxes of deliveries with the right impact are judged: a moment later the striker has moved. A frame
whose true joints all lie outside the picture is left out.
"""

from __future__ import annotations

from slowpaths.evaluation.measure import Reading, Table, measure, report_table
from slowpaths.evaluation.mining_check import is_striker_right
from slowpaths.evaluation.mining_sample import MiningSample


@measure(120, "mining", is_share=True)
def _striker(sample: MiningSample) -> Reading:
    """Box of deliveries with the right impact is the striker's (half of the union in common)."""
    hits = [is_striker_right(fate) for fate in sample.check.fates]
    return sample.share(hits, reason="truth has no box of a delivery whose impact was found")


@measure(160, "mining", is_share=True)
def _striker_pck(sample: MiningSample) -> Reading:
    """Joints of found strikers within a fifth of the torso (PCK@0.2), over their clips."""
    if sample.poses is None:
        return Reading(reason="there are no true joints (poses_truth=)")
    return sample.share(sample.poses.share_N, sample.poses.match, reason="no found delivery has true joints")


@report_table(160)
def _joints(sample: MiningSample) -> Table:
    """Return joints."""
    poses = sample.poses
    return [dict(row) for row in poses.by_joint()] if poses is not None and len(poses.match) else []
