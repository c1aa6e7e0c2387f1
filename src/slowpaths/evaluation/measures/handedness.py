"""Whether a found delivery's batter is rightly called right- or left-handed.

Edge case: deliveries whose handedness truth or mining does not give are left out.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.mining_check import is_hand_right
from slowpaths.evaluation.mining_sample import MiningSample


@measure(121, "mining", baseline="either hand alike; the more frequent hand", is_share=True)
def _handedness(sample: MiningSample) -> Reading:
    """Handedness of found deliveries right."""
    fates = sample.check.fates
    hits = [is_hand_right(fate) for fate in fates]
    judged = [fate.truth.handedness for fate, hit in zip(fates, hits, strict=True) if hit is not None]
    constant = (
        max(np.mean([hand == "R" for hand in judged]), np.mean([hand == "L" for hand in judged])) if judged else 0
    )
    reason = "truth names the handedness of no found delivery"
    return sample.share(hits, chance=0.5, constant=float(constant), reason=reason)
