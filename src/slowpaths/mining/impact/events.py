"""The strokes that the evidence of a shot speaks for, the most probable first.

Legend: G points of an even time grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from slowpaths.mining.impact.evidence import Evidence
from slowpaths.mining.impact.instants import STEP_S, smooth

TOLERANCE_SD_S = 0.04  # a frame at 25 a second
# That a shot holds a stroke is no use where nothing says when: further off than this is another moment.
LOCATED_S = 0.5

# The networks are shown few impacts among many instants and answer with too little. Slope and offset by logistic
# regression on 167 shots of play of real clips and clips of other sports, 109 with a stroke, each answered by what was
# set on the other half of the clips (`scripts/calibration/claims.py`). Of 111 claims of footage a and b, each mined by
# what was set on the other half, those that say .95 are all true, .84 in .92, .71 in .96, .48 in .85, .28 in .67.
CALIBRATED = (0.72, 2.7)
# Real impacts lie further from the claimed ones than the posterior says: by so much on 86 claims of footage a and b, so
# that .683 of them lie within. Set on one half of the clips (1.04, 1.18) it holds .70 of all in the other.
SPREAD = 1.14


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Describe one stroke found."""

    impact_s: float  # most probable impact, seconds
    uncertainty_s: float  # distance within which the impact lies with a probability of .683, seconds
    event_p: float  # probability that there is a stroke within half a second of this impact
    log_odds: float  # log odds of it


def find_events(evidence: Evidence, *, prior_log_odds: float, min_event_p: float, min_gap_s: float) -> list[Event]:
    """Take the most probable event, blank its surroundings, and go on until none is probable enough."""
    times_s, rate = evidence.times_s, np.exp(evidence.log_rate_G)
    events: list[Event] = []
    while times_s.size and rate.max() > 0:
        # The most probable short interval, not the highest point: a narrow spike holds little probability.
        peak = int(smooth(rate, TOLERANCE_SD_S).argmax())
        offsets_s = np.abs(times_s - times_s[peak])
        log_odds = _log_odds(rate[offsets_s <= LOCATED_S].sum(), prior_log_odds=prior_log_odds)
        event_p = float(1 / (1 + np.exp(-log_odds)))
        if event_p < min_event_p or rate[peak] <= 0:
            break
        near = offsets_s <= min_gap_s
        spread_s = SPREAD * _one_sigma(offsets_s[near], rate[near])
        impact_s = float(times_s[peak])
        events.append(Event(impact_s=impact_s, uncertainty_s=spread_s, event_p=event_p, log_odds=float(log_odds)))
        rate = np.where(near, 0.0, rate)
    return sorted(events, key=lambda event: event.impact_s)


def stroke_p(evidence: Evidence, *, prior_log_odds: float) -> float:
    """Return the probability that there is a stroke anywhere, by everything but the sound."""
    if evidence.times_s.size == 0:
        return 0.0
    log_odds = _log_odds(float(np.exp(logsumexp(evidence.silent_G))), prior_log_odds=prior_log_odds)
    return float(1 / (1 + np.exp(-log_odds)))


def _log_odds(expected: float, *, prior_log_odds: float) -> float:
    """Return the log odds of at least one impact where so many are expected, as they turned out on real clips."""
    return CALIBRATED[0] * (raw_log_odds(expected) + prior_log_odds) + CALIBRATED[1]


def raw_log_odds(expected: float) -> float:
    """Return the log odds of at least one impact where so many are expected, if impacts came independently."""
    return float(np.log(np.expm1(min(max(expected, 1e-9), 20.0))))


def _one_sigma(distances_s: np.ndarray, weights: np.ndarray) -> float:
    """Return the distance within which 68.3 % of the weight lies: one standard deviation of a normal posterior.

    A root mean square would say how far the least probable other instant is, not how sure the chosen one is.
    """
    order = np.argsort(distances_s, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    return float(max(np.interp(0.683, share, distances_s[order]), STEP_S / 4))
