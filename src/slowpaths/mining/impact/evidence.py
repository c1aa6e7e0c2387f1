"""What speaks for an impact at every instant of a shot: how one person moves, what is heard, what a replay repeats.

Legend: T frames, G points of an even time grid, L lags of the sound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from slowpaths.mining.impact import audio_lag
from slowpaths.mining.impact.instant_features import Standing, grid_of, instant_features
from slowpaths.mining.impact.instants import STEP_S, smooth
from slowpaths.mining.impact.moment_network import load_moment_network
from slowpaths.mining.impact.phase_cues import phase_cues
from slowpaths.mining.impact.signals import Signals
from slowpaths.mining.impact.timing_inputs import timing_inputs
from slowpaths.mining.impact.timing_network import load_timing_network

# The network is taught 1 at the impact and less beside it, a Gaussian of two steps: one impact makes it answer this
# much, added up over all instants.
ANSWER_PER_IMPACT = 5.0
_LEAST = 1e-6
# How much of what is known beforehand counts beside the networks: chosen on footage b among 0, .5 and 1, where it finds
# .83, .90 and .88 of the strokes within half a second, in halves by group.
CUES_WEIGHT = 0.5
_NEAR_SD_S = 0.04
UNSEEN_LOG = -10.0  # of a stroke of somebody who is seen in fewer than three frames


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Hold how many impacts are expected at each instant of an even grid, and what else points at one."""

    times_s: np.ndarray  # grid (G,), seconds
    movement_G: np.ndarray  # log of the impacts expected in each step (G,), by how the person moves
    sound_LG: np.ndarray  # density of impact given the sound, for every lag of it
    heard_G: np.ndarray  # log ratio of what is heard (G,)
    repeated_G: np.ndarray  # log ratio of what the ball that a replay repeats says (G,)

    @property
    def silent_G(self) -> np.ndarray:
        """Return the log of the impacts expected in each step (G,), sound apart."""
        return self.movement_G + self.repeated_G

    @property
    def log_rate_G(self) -> np.ndarray:
        """Return the log of the impacts expected in each step (G,)."""
        return self.silent_G + self.heard_G

    @property
    def strength(self) -> float:
        """Return the log of the impacts expected within the best tenth of a second or so."""
        if not self.times_s.size:
            return UNSEEN_LOG
        return float(
            np.log(np.sqrt(2 * np.pi) * _NEAR_SD_S / STEP_S * smooth(np.exp(self.log_rate_G), _NEAR_SD_S).max())
        )

    def knowing(self, heard_L: np.ndarray) -> Evidence:
        """Return the same evidence with the sound read by what is known of it.

        What the sum of `heard_L` lacks to 1 is the probability that the bat is not heard.
        """
        return replace(self, heard_G=np.log(1 - heard_L.sum() + heard_L @ self.sound_LG))


def together(moment_G: np.ndarray, timing_G: np.ndarray) -> np.ndarray:
    """Return what both networks say (G,), 0..1, given the answers of one and the log odds of the other.

    They were taught the same by different inputs and count alike: the mean of their log odds.
    """
    return expit(0.5 * (logit(moment_G.clip(_LEAST, 1 - _LEAST)) + timing_G))


def weigh(
    signals: Signals,
    standing: Standing,
    *,
    moment_weights: str = "",
    timing_weights: str = "",
    has_phases: bool = True,
) -> Evidence:
    """Return what speaks for a stroke of one person; empty where they are seen in fewer than three frames.

    The weights are files of a `MomentNetwork` and a `TimingNetwork`, the shipped ones where empty. The timing network
    is asked where the person was looked at closely.
    """
    times_s = grid_of(signals)
    movement_G = np.zeros(0)
    if times_s.size:
        expected_G = load_moment_network(moment_weights)(instant_features(times_s, signals, standing))
        if signals.cells_TYXV is not None:
            timing = load_timing_network(timing_weights)
            looks = [timing_inputs(times_s, signals, mirrored=mirrored) for mirrored in (False, True)]
            expected_G = together(expected_G, np.mean([timing(inputs_GC) for inputs_GC in looks], axis=0))
        expected_G = expected_G / ANSWER_PER_IMPACT
        cues_G = CUES_WEIGHT * np.sum(list(phase_cues(times_s, signals, has_phases=has_phases).values()), axis=0)
        # The networks say how many impacts there are, all say when.
        placed_G = np.maximum(expected_G, _LEAST) * np.exp(cues_G - cues_G.max())
        movement_G = np.log(placed_G) + np.log(expected_G.max() / placed_G.max())
    # What is heard with a replay is the ground and the commentary of now.
    onset_times_s = None if signals.is_replay else signals.onset_times_s
    nothing_G = np.zeros(len(times_s))
    evidence = Evidence(
        times_s=times_s,
        movement_G=movement_G,
        sound_LG=audio_lag.sound_by_lag(times_s, onset_times_s, signals.onset_z),
        heard_G=nothing_G,
        repeated_G=nothing_G,
    )
    return evidence.knowing(audio_lag.prior())
