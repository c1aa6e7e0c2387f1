"""The strokes that the evidence of a shot speaks for, the most probable first.

Legend: G points of an even time grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp

from slowpaths.mining.impact.event_model import SECONDS_PER_BALL, stroke_log_prior
from slowpaths.mining.impact.evidence import Evidence
from slowpaths.mining.impact.instants import STEP_S, smooth

TOLERANCE_SD_S = 0.08  # two frames at 25 a second: an impact is useful when it is about that close
# That a shot holds a stroke is no use where nothing says when: further off than this is another moment.
LOCATED_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Describe one stroke found."""

    impact_s: float  # most probable impact, seconds
    uncertainty_s: float  # distance within which 68.3 % of the posterior around it lies, seconds
    # probability that there is a stroke (against the path without one) and that it is this one: within half a second of
    # this impact
    event_p: float
    log_odds: float  # log odds of a stroke


def find_events(evidence: Evidence, *, prior_log_odds: float, min_event_p: float, min_gap_s: float) -> list[Event]:
    """Take the most probable event, blank its surroundings, and go on until none is probable enough."""
    times_s = evidence.times_s
    if times_s.size == 0:
        return []
    duration_s = times_s[-1] - times_s[0] + STEP_S
    log_prior = stroke_log_prior(times_s) + prior_log_odds
    log_ratio = evidence.log_ratio_G.copy()
    events: list[Event] = []
    while np.isfinite(log_ratio).any():
        # The most probable short interval, not the highest point: a narrow spike holds little probability.
        ratio = np.exp(log_ratio - log_ratio.max())
        peak = int(np.argmax(np.where(np.isfinite(log_ratio), smooth(ratio, TOLERANCE_SD_S), -1.0)))
        near = np.abs(times_s - times_s[peak]) <= min_gap_s
        log_odds = float(logsumexp(log_ratio[near]) + log_prior)
        weights = np.exp(log_ratio[near] - log_ratio[near].max())
        offsets_s = times_s[near] - times_s[peak]
        located_p = weights[np.abs(offsets_s) <= LOCATED_S].sum() / weights.sum()
        event_p = located_p / (1 + np.exp(-np.clip(log_odds, -50, 50)))
        if event_p < min_event_p:
            break
        spread_s = _one_sigma(np.abs(offsets_s), weights)
        events.append(
            Event(impact_s=float(times_s[peak]), uncertainty_s=spread_s, event_p=float(event_p), log_odds=log_odds)
        )
        log_ratio[near] = -np.inf
        if len(events) == 1:  # one more in the same shot is as rare as in continuous footage
            log_prior -= np.log(SECONDS_PER_BALL / min(duration_s, SECONDS_PER_BALL))
    return sorted(events, key=lambda event: event.impact_s)


def stroke_p(evidence: Evidence, *, prior_log_odds: float) -> float:
    """Return the probability that there is a stroke anywhere, by everything but the sound."""
    if evidence.times_s.size == 0:
        return 0.0
    log_odds = float(logsumexp(evidence.silent_G)) + stroke_log_prior(evidence.times_s) + prior_log_odds
    return float(expit(log_odds))


def _one_sigma(distances_s: np.ndarray, weights: np.ndarray) -> float:
    """Return the distance within which 68.3 % of the weight lies: one standard deviation of a normal posterior.

    A root mean square would say how far the least probable other instant is, not how sure the chosen one is.
    """
    order = np.argsort(distances_s, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    return float(max(np.interp(0.683, share, distances_s[order]), STEP_S / 4))
