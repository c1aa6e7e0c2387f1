"""What speaks for an impact at every instant of a shot: all cues of one person on an even grid.

Legend: T frames, G points of an even time grid, L lags of the sound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.impact import audio_lag
from slowpaths.mining.impact.event_model import CUE_CORRELATION, REPLAY_TEMPOS, TEMPOS, path_ratio
from slowpaths.mining.impact.instants import (
    REPLAY_PACE,
    RHO,
    STEP_S,
    arc_density,
    camera_density,
    cut_ratio,
    mixture,
    peak_density,
)
from slowpaths.mining.impact.signals import Signals, track_signals
from slowpaths.mining.striker.observation import Observation
from slowpaths.pose.filters import median_of_three

STEADY_SD_S = 0.04
BLIND = 0.3  # flow that can be trusted less than this is not looked at
# Small pose networks show the guard of a batter who stands in it about as often as not.
GUARD_SEEN = 0.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Hold log ratios of "impact here" against "no stroke at all" on an even grid."""

    times_s: np.ndarray  # grid (G,), seconds
    log_ratio_G: np.ndarray  # log likelihood ratio (G,), all cues
    parts: dict[str, np.ndarray]  # the same by cue: name -> (G,)
    sound_LG: np.ndarray  # density of impact given the sound, for every lag of it

    @property
    def silent_G(self) -> np.ndarray:
        """Return the log ratio of everything but the sound (G,)."""
        seen = [part for name, part in self.parts.items() if name != "sound"]
        return np.sum([np.zeros(len(self.times_s)), *seen], axis=0)

    def knowing(self, heard_L: np.ndarray) -> Evidence:
        """Return the same evidence with the sound read by what is known of it.

        What the sum of `heard_L` lacks to 1 is the probability that the bat is not heard.
        """
        log_ratio_G = self.silent_G + np.log(1 - heard_L.sum() + heard_L @ self.sound_LG)
        parts = self.parts | {"sound": log_ratio_G - self.silent_G}
        return replace(self, log_ratio_G=log_ratio_G, parts=parts)


def weigh(observation: Observation, track: PoseTrack, flow_T: np.ndarray) -> Evidence:
    """Return what speaks for a stroke of one person, given the energy of the flow around them (T,)."""
    settings = observation.context.footage.settings
    return fuse(track_signals(observation, track, flow_T), has_phases=settings.phases)


def fuse(signals: Signals, *, has_phases: bool = True) -> Evidence:
    """Return the log ratio of an impact at every instant, all cues together, on a grid of `STEP_S` over the shot.

    It is empty where fewer than three frames were seen.
    """
    pts_s = np.asarray(signals.pts_s, dtype=np.float64)
    seen = np.isfinite(signals.hand_speed_T) | np.isfinite(signals.flow_T)
    if seen.sum() < 3:
        empty = np.zeros(0)
        return Evidence(times_s=empty, log_ratio_G=empty, parts={}, sound_LG=audio_lag.sound_by_lag(empty, None, None))
    times_s = np.arange(pts_s[seen][0], pts_s[seen][-1] + STEP_S / 2, STEP_S)
    parts = _movement(signals, times_s, has_phases=has_phases)
    pace = REPLAY_PACE if signals.is_replay else 1.0
    parts["camera"] = mixture(camera_density(times_s, signals.between_s, signals.camera_T, pace=pace), RHO["camera"])
    parts["cut"] = cut_ratio(times_s, cut_s=signals.cut_s, end_s=signals.end_s, is_replay=signals.is_replay)
    # What is heard with a replay is the ground and the commentary of now.
    onset_times_s = None if signals.is_replay else signals.onset_times_s
    silent = Evidence(
        times_s=times_s,
        log_ratio_G=np.sum(list(parts.values()), axis=0),
        parts=parts,
        sound_LG=audio_lag.sound_by_lag(times_s, onset_times_s, signals.onset_z),
    )
    return silent.knowing(audio_lag.prior())


def _movement(signals: Signals, times_s: np.ndarray, *, has_phases: bool) -> dict[str, np.ndarray]:
    """Return the log ratios (G,) of what the person does: phases, peak of movement, bottom of the arc."""
    pts_s = np.asarray(signals.pts_s, dtype=np.float64)
    trust_T = signals.flow_confidence_T
    flow_T = _steady(np.where(trust_T > BLIND, signals.flow_T, np.nan), signals.between_s)
    hands, hand_weight = _level(times_s, pts_s, _steady(signals.hand_speed_T, pts_s), signals.hand_confidence_T)
    flow, flow_weight = _level(times_s, signals.between_s, flow_T, trust_T)
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


def _steady(values_T: np.ndarray, pts_s: np.ndarray) -> np.ndarray:
    """Return a speed without single wild frames: median of three, then a Gaussian far narrower than a downswing."""
    values_T = np.array(values_T, dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(values_T))
    if len(rows) < 3:
        return values_T
    seen = median_of_three(values_T[rows][:, None])[:, 0]
    times_s = pts_s[rows]
    near = np.exp(-0.5 * ((times_s[:, None] - times_s[None, :]) / STEADY_SD_S) ** 2)
    values_T[rows] = near @ seen / near.sum(axis=1)
    return values_T


def _level(
    times_s: np.ndarray, pts_s: np.ndarray, values_T: np.ndarray, weights_T: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a speed as a level between this person's quiet (0) and busy (1) moments on the grid, and its weight."""
    values_T = np.asarray(values_T, dtype=np.float64)
    known = np.isfinite(values_T)
    if known.sum() < 3:
        return np.zeros(len(times_s)), np.zeros(len(times_s))
    quiet, busy = np.quantile(values_T[known], [0.2, 0.97])
    quiet = max(float(quiet), 0.05 * float(busy), 1e-6)
    # A stroke is at least three times as fast as standing in guard; less contrast than that gives levels below 1.
    # Differences between slow movements are noise of the pose, so the scale is logarithmic above the quiet level only.
    level = np.log1p(values_T[known] / quiet) - np.log(2.0)
    level /= max(float(np.log1p(busy / quiet)), np.log1p(3.0)) - np.log(2.0)
    on_grid = np.interp(times_s, pts_s[known], level)
    weight = np.interp(times_s, pts_s[known], np.clip(np.nan_to_num(weights_T[known]), 0.0, 1.0))
    gap_s = np.abs(times_s[:, None] - pts_s[known][None, :]).min(axis=1) if known.sum() < 4000 else np.zeros(1)
    typical_s = float(np.median(np.diff(pts_s))) if len(pts_s) > 1 else STEP_S
    return on_grid, np.where(gap_s <= max(0.12, 1.5 * typical_s), weight, 0.0)
