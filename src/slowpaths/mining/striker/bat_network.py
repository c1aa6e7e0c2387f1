"""Where a bat points, by the picture around the hands that hold it: a small network over maps of frozen features.

It was calibrated by `scripts/calibration/bats.py` on bats that were drawn into pictures of people without one, and on
bats of real clips that a detector of objects is sure of; which stroke is played is not known to it.

Legend: N pictures, D = 24 directions and none, F, G channels of the fine and the coarse map, U, W, R hidden channels,
V = 2 U, K = 3 taps, P places and channels of the last map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import softmax

from slowpaths.mining.calibrated import Arrays, read_weights
from slowpaths.video.picture_features import MAP_SHAPES, picture_maps

NUM_DIRECTIONS = 24
REACH = 2.0
"""How far the picture reaches from the hands to each side, torso units: a bat is 1.7 long, and hands are not exact."""
DIRECTIONS_D2 = np.column_stack([
    trig(2 * np.pi * np.arange(NUM_DIRECTIONS) / NUM_DIRECTIONS) for trig in (np.sin, np.cos)
])  # fmt: skip
"""Directions as right and up in the picture, clockwise from upwards."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatNetwork:
    """Hold the weights of three convolutions and what they are put together by."""

    fine_weights_UFKK: np.ndarray  # every second place of the fine map
    fine_bias_U: np.ndarray
    coarse_weights_UG: np.ndarray
    coarse_bias_U: np.ndarray
    both_weights_WVKK: np.ndarray
    both_bias_W: np.ndarray
    mixed_weights_RW: np.ndarray
    mixed_bias_R: np.ndarray
    last_weights_DP: np.ndarray
    last_bias_D: np.ndarray

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return how probable each direction is, and at last that no bat is seen (N, 25).

        The pictures (160, 160, 3), RGB, uint8, have the hands in their middle and reach `REACH` to each side.
        """
        fine, coarse = picture_maps(pictures)
        weights = {name: getattr(self, name).astype(np.float32) for name in self.__slots__}
        seen = _convolved(fine, weights["fine_weights_UFKK"], weights["fine_bias_U"], stride=2)
        known = _convolved(coarse, weights["coarse_weights_UG"][..., None, None], weights["coarse_bias_U"])
        hidden = np.concatenate([seen, known], axis=1)
        hidden = _convolved(hidden, weights["both_weights_WVKK"], weights["both_bias_W"])
        hidden = _convolved(hidden, weights["mixed_weights_RW"][..., None, None], weights["mixed_bias_R"])
        logits = (
            hidden.reshape(len(hidden), self.last_weights_DP.shape[1]) @ weights["last_weights_DP"].T
            + weights["last_bias_D"]
        )
        return np.asarray(softmax(logits.astype(np.float64), axis=1))


def _convolved(maps_NCHW: np.ndarray, weights_OCKK: np.ndarray, bias_O: np.ndarray, *, stride: int = 1) -> np.ndarray:
    """Return maps (N, O, H, W) with zeros around them convolved, what is below 0 cut off."""
    reach = weights_OCKK.shape[-1] // 2
    padded = np.pad(maps_NCHW, ((0, 0), (0, 0), (reach, reach), (reach, reach)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights_OCKK.shape[2:], axis=(2, 3))
    summed_NHWO = np.tensordot(windows[:, :, ::stride, ::stride], weights_OCKK, axes=([1, 4, 5], [1, 2, 3])) + bias_O
    return np.maximum(summed_NHWO, 0).transpose(0, 3, 1, 2)


def pointing(probs_ND: np.ndarray) -> np.ndarray:
    """Return where bats point, right and up in the picture (N, 2); the longer, the surer, 1 at most."""
    return np.asarray(probs_ND[:, :NUM_DIRECTIONS] @ DIRECTIONS_D2)


@lru_cache(maxsize=2)
def load_bat_network(path: str = "") -> BatNetwork:
    """Load a network written by `scripts/calibration/bats.py`; the one that comes with the package where not given.

    Raises:
        UsageError: If the file cannot be read, or its arrays do not fit.
    """
    (fine, _, _), (coarse, height, width) = MAP_SHAPES
    fixed = {"F": fine, "G": coarse, "K": 3, "D": NUM_DIRECTIONS + 1}

    def sizes(arrays: Arrays) -> dict[str, int]:
        hidden, last = len(arrays["fine_bias_U"]), len(arrays["mixed_bias_R"])
        return {**fixed, "V": 2 * hidden, "P": last * height * width}

    how = {"shipped": "bats.npz", "kind": BatNetwork, "key": "mining.bat_weights"}
    return BatNetwork(**read_weights(path, **how, sizes=sizes))
