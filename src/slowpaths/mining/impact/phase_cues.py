"""What is known beforehand of how a stroke goes by: its phases, the peak and the arc of the hands, camera and cut.

Nothing here was learnt from clips: the durations and lags are those of the literature and of broadcasting. The network
of `moment_network` knows real footage better, but only some hundred strokes of it; `evidence` lets both speak.

Legend: T frames, G points of an even time grid.
"""

from __future__ import annotations

import numpy as np

from slowpaths.mining.impact.event_model import CUE_CORRELATION, REPLAY_TEMPOS, TEMPOS, path_ratio
from slowpaths.mining.impact.instants import (
    REPLAY_PACE,
    RHO,
    arc_density,
    camera_density,
    cut_ratio,
    mixture,
    peak_density,
)
from slowpaths.mining.impact.levels import BLIND, level_of, steady
from slowpaths.mining.impact.signals import Signals

# Small pose networks show the guard of a batter who stands in it about as often as not.
GUARD_SEEN = 0.6


def phase_cues(times_s: np.ndarray, signals: Signals, *, has_phases: bool = True) -> dict[str, np.ndarray]:
    """Return log ratios of "impact here" against "no stroke at all" at every instant, by cue: name -> (G,)."""
    parts = _movement(signals, times_s, has_phases=has_phases)
    pace = REPLAY_PACE if signals.is_replay else 1.0
    parts["camera"] = mixture(camera_density(times_s, signals.between_s, signals.camera_T, pace=pace), RHO["camera"])
    parts["cut"] = cut_ratio(times_s, cut_s=signals.cut_s, end_s=signals.end_s, is_replay=signals.is_replay)
    return parts


def _movement(signals: Signals, times_s: np.ndarray, *, has_phases: bool) -> dict[str, np.ndarray]:
    """Return the log ratios (G,) of what the person does: phases, peak of movement, bottom of the arc."""
    pts_s = np.asarray(signals.pts_s, dtype=np.float64)
    trust_T = signals.flow_confidence_T
    flow_T = steady(np.where(trust_T > BLIND, signals.flow_T, np.nan), signals.between_s)
    hands, hand_weight = level_of(times_s, pts_s, steady(signals.hand_speed_T, pts_s), signals.hand_confidence_T)
    flow, flow_weight = level_of(times_s, signals.between_s, flow_T, trust_T)
    path = np.zeros(len(times_s))
    if has_phases:
        path = path_ratio(
            [(hands, hand_weight), (flow, flow_weight)],
            guard=guard_ratio(times_s, pts_s, signals.guard_T),
            tempos=REPLAY_TEMPOS if signals.is_replay else TEMPOS,
        )
    pace = REPLAY_PACE if signals.is_replay else 1.0
    peak = peak_density(times_s, hands, hand_weight, flow, flow_weight, pace=pace)
    arc = arc_density(times_s, pts_s, signals.hand_height_T, pace=pace)
    # Joints that are hardly seen make no arc to trust.
    arc_rho = RHO["arc"] * min(1.0, 2.0 * float(np.nanmean(signals.hand_confidence_T)))
    alike = 1 / (1 + CUE_CORRELATION)  # the peak and the bottom of the arc are two sides of one movement
    return {"path": path, "peak": alike * mixture(peak, RHO["peak"]), "arc": alike * mixture(arc, arc_rho)}


def guard_ratio(times_s: np.ndarray, pts_s: np.ndarray, guard_T: np.ndarray) -> np.ndarray:
    """Return the log ratio of what the posture says for "in guard", against this person at any time (G,).

    `guard_T` is as in `Signals`, NaN where unknown.
    """
    known = np.isfinite(guard_T)
    if known.sum() < 3:
        return np.zeros(len(times_s))
    usual = float(np.clip(guard_T[known].mean(), 0.2, 0.8))
    here = max(GUARD_SEEN, usual)
    ratio = np.where(guard_T[known] > 0.5, np.log(here / usual), np.log((1 - here) / (1 - usual)))
    return np.interp(times_s, pts_s[known], ratio)
