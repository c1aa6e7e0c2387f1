"""How far found impacts are from true ones: medians, and the share within frames at 25 per second or within a claim.

Edge cases: deliveries that were not found, or have no true impact, are left out, and where a claim is judged those
without one, such as strokes of pose archives. A median has no interval: leaving out one match at a time is inconsistent
for it (Efron 1982, The Jackknife, chapter 3).

Legend: N errors.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.matching import FPS
from slowpaths.evaluation.measure import Reading, measure
from slowpaths.evaluation.measures.finding import NO_REPLAYS
from slowpaths.evaluation.mining_check import Fate
from slowpaths.evaluation.mining_sample import MiningSample

SHARP_FPS = 20.0  # below it five frames at 25 per second are no more than four of the footage's own
ONE_SIGMA = 0.6827  # share of a normal distribution within one standard deviation
_NO_CLAIM = "no found delivery with a true impact says how sure that is"
_NOT_SHARP = "truth has no impact in mined footage of 20 frames a second or more"
_NO_IMPACT = "no found delivery has an impact in truth"


def _is_sharp(fate: Fate) -> bool:
    return bool(fate.video and fate.video.fps >= SHARP_FPS and np.isfinite(fate.truth.impact_s))


@measure(108, "mining", is_share=True)
def _impact_at_20fps(sample: MiningSample) -> Reading:
    """Impact within 5 frames where truth has one and footage has 20 frames a second."""
    return sample.share_of(lambda fate: fate.is_exact if _is_sharp(fate) else None, reason=_NOT_SHARP)


@measure(109, "mining", is_share=True)
def _impact_at_20fps_within_2(sample: MiningSample) -> Reading:
    """The same within 2 frames."""
    return sample.share_of(
        lambda fate: abs(fate.error_s) <= 2 / FPS + 1e-9 if _is_sharp(fate) else None, reason=_NOT_SHARP
    )


@measure(110, "mining", unit="s", bounds=(-np.inf, np.inf), best="zero")
def _impact_offset(sample: MiningSample) -> Reading:
    """Median of found minus true impact: what all impacts are late (above 0) or early by; best near 0."""
    return _median(np.array([fate.error_s for fate in sample.check.fates]))


@measure(111, "mining", unit="s", bounds=(0.0, np.inf), best="lowest")
def _impact_error(sample: MiningSample) -> Reading:
    """Median distance between found and true impact."""
    return _median(np.abs([fate.error_s for fate in sample.check.fates]))


def _median(errors_N: np.ndarray) -> Reading:
    known = errors_N[np.isfinite(errors_N)]
    return Reading(values_B=np.array([np.median(known)]), num=len(known)) if len(known) else Reading(reason=_NO_IMPACT)


@measure(116, "mining", baseline="what uncertainties that are true give", is_share=True)
def _impact_within_sigma(sample: MiningSample) -> Reading:
    """Of the found ones with a true impact, those within the claimed uncertainty; best near .68, more is too modest."""
    return sample.share_of(_is_within_sigma, chance=ONE_SIGMA, reason=_NO_CLAIM)


def _is_within_sigma(fate: Fate) -> bool | None:
    sigma_s = fate.found.impact_uncertainty_s if fate.found else np.nan
    return abs(fate.error_s) <= sigma_s + 1e-9 if np.isfinite(fate.error_s) and np.isfinite(sigma_s) else None


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
