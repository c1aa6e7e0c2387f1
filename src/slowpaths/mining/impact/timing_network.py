"""When bat meets ball, by how joints and flow go on about it: a small temporal convolutional network.

It was calibrated on impacts of real clips that were annotated by eye, and of synthetic worlds, by
`scripts/calibration/timing.py`; which stroke is played is not known to it. Dilated convolutions over time as in Bai,
Kolter and Koltun 2018 (arXiv 1803.01271), but looking both ways. Members of the ensemble are averaged.

Legend: G instants, C inputs, M members, H = hidden units, L layers, K taps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from slowpaths.mining.calibrated import read_weights
from slowpaths.mining.impact.moment_network import gelu
from slowpaths.mining.impact.timing_inputs import NUM_TIMING_INPUTS

TAPS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimingNetwork:
    """Hold an ensemble of convolutional networks with residual layers; layer l looks `2 ** l` instants apart."""

    first_weights_MCH: np.ndarray
    first_bias_MH: np.ndarray
    layer_weights_MLKHH: np.ndarray
    layer_bias_MLH: np.ndarray
    last_weights_MH: np.ndarray
    last_bias_M: np.ndarray

    def __call__(self, inputs_GC: np.ndarray) -> np.ndarray:
        """Return the log odds (G,) of an impact within a frame of each instant."""
        hidden_MGH = gelu(inputs_GC @ self.first_weights_MCH + self.first_bias_MH[:, None])
        for layer in range(self.layer_bias_MLH.shape[1]):
            summed_MGH = np.repeat(self.layer_bias_MLH[:, layer, None], len(inputs_GC), axis=1)
            for tap in range(TAPS):
                weights_MHH = self.layer_weights_MLKHH[:, layer, tap]
                summed_MGH = summed_MGH + _moved(hidden_MGH, (tap - TAPS // 2) * 2**layer) @ weights_MHH
            hidden_MGH = hidden_MGH + gelu(summed_MGH)
        log_odds_MG = (hidden_MGH @ self.last_weights_MH[..., None])[..., 0] + self.last_bias_M[:, None]
        return log_odds_MG.mean(axis=0)


def _moved(values_MGH: np.ndarray, by: int) -> np.ndarray:
    """Return what stands `by` instants later, 0 beyond the ends."""
    moved_MGH, size = np.zeros_like(values_MGH), values_MGH.shape[1]
    if abs(by) < size:
        moved_MGH[:, max(-by, 0) : size - max(by, 0)] = values_MGH[:, max(by, 0) : size + min(by, 0)]
    return moved_MGH


@lru_cache(maxsize=2)
def load_timing_network(path: str = "") -> TimingNetwork:
    """Load a network written by `scripts/calibration/timing.py`; the one that comes with the package where not given.

    Raises:
        UsageError: If the file cannot be read, or its arrays do not fit.
    """
    how = {"shipped": "timing.npz", "kind": TimingNetwork, "key": "mining.timing_weights"}
    return TimingNetwork(**read_weights(path, **how, sizes=lambda _: {"C": NUM_TIMING_INPUTS, "K": TAPS}))
