"""How far found impacts are from true ones: the median, and the share within frames at 25 per second.

Edge cases: deliveries that were not found, or have no true impact, are left out; of an even number of errors the median
is the mean of the middle two.

Legend: B replicates, N errors in order of size.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import leave_out
from slowpaths.evaluation.matching import FPS
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.measures.finding import NO_REPLAYS
from slowpaths.evaluation.mining_sample import MiningSample

SHARP_FPS = 20.0  # below it five frames at 25 per second are no more than four of the footage's own
_NO_IMPACT = "no found delivery has an impact in truth"


def weighted_median(sizes_N: np.ndarray, weights_BN: np.ndarray) -> np.ndarray:
    """Return the median of sizes in ascending order under weights (B,), NaN where all weights are 0.

    Example:
        >>> weighted_median(np.array([1.0, 2.0, 4.0]), np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]])).tolist()
        [2.0, 2.5]
    """
    mass_BN = np.cumsum(weights_BN, axis=1)
    half_B1 = mass_BN[:, -1:] / 2
    low_B, high_B = (mass_BN < half_B1).sum(axis=1), (mass_BN <= half_B1).sum(axis=1)
    last = len(sizes_N) - 1
    middle_B = (sizes_N[np.minimum(low_B, last)] + sizes_N[np.minimum(high_B, last)]) / 2
    return np.where(half_B1[:, 0] > 0, middle_B, np.nan)


@measure(110, "mining", is_share=True)
def _impact_at_20fps(sample: MiningSample) -> Reading:
    """Impact within 5 frames where truth has one and footage has 20 frames a second."""
    return sample.share_of(
        lambda fate: (
            fate.is_exact if fate.video and fate.video.fps >= SHARP_FPS and np.isfinite(fate.truth.impact_s) else None
        ),
        reason="truth has no impact in mined footage of 20 frames a second or more",
    )


@measure(111, "mining", unit="s", bounds=(0.0, np.inf))
def _impact_error(sample: MiningSample) -> Reading:
    """Median distance between found and true impact."""
    sizes = np.abs([fate.error_s for fate in sample.check.fates])
    order = np.argsort(sizes)[: int(np.isfinite(sizes).sum())]
    if not len(order):
        return Reading(reason=_NO_IMPACT)
    weights_BN = leave_out(sample.match_N)[:, order]
    return Reading(values_B=weighted_median(sizes[order], weights_BN), num=len(order))


def _within(sample: MiningSample, frames: int, *, is_live: bool) -> Reading:
    errors_s = np.array([fate.error_s if fate.is_live or not is_live else np.nan for fate in sample.check.fates])
    is_judged = any(np.isfinite(fate.error_s) for fate in sample.check.fates)
    hits = np.where(np.isfinite(errors_s), np.abs(errors_s) <= frames / FPS + 1e-9, np.nan)
    return sample.share(hits, reason=NO_REPLAYS if is_judged else _NO_IMPACT)


_FOUND, _LIVE = "of the found ones with a true impact", "of those that truth says are no replay"
WITHIN = tuple(
    measure(place, "mining", name=name, is_share=True,
            meaning=f"{whose}, those within {frames} frame{'s' if frames > 1 else ''}")(
        lambda sample, frames=frames, whose=whose: _within(sample, frames, is_live=whose is _LIVE))
    for place, name, frames, whose in (
        (112, "impact_within_1", 1, _FOUND),
        (113, "impact_within_2", 2, _FOUND),
        (114, "impact_within_5", 5, _FOUND),
        (115, "impact_within_2_live", 2, _LIVE),
    )
)  # fmt: skip
