"""Whether a found delivery's batter is rightly called right- or left-handed.

Edge case: deliveries whose handedness truth or mining does not give are left out.
"""

from __future__ import annotations

from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.mining_check import is_hand_right
from slowpaths.evaluation.mining_sample import MiningSample


@measure(121, "mining", is_share=True)
def _handedness(sample: MiningSample) -> Reading:
    """Handedness of found deliveries right."""
    hits = [is_hand_right(fate) for fate in sample.check.fates]
    return sample.share(hits, chance=0.5, reason="truth names the handedness of no found delivery")
