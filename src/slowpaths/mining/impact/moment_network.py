"""How probable it is that a ball is hit at an instant, by a small network on instant features.

It was calibrated on impacts of real clips that were annotated by eye, and of synthetic worlds, by
`scripts/calibration/moments.py`; which stroke is played is not known to it. Members of the ensemble are averaged.

Legend: G instants, F features, I inputs, M members, H = hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit, ndtr

from slowpaths.mining.calibrated import Arrays, read_weights
from slowpaths.mining.impact.instant_features import NUM_INSTANT_FEATURES

FARTHEST = 4.0  # standard deviations; what lies further off is as far as that


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MomentNetwork:
    """Hold an ensemble of networks with two hidden layers, and how their inputs are scaled."""

    mean_F: np.ndarray
    std_F: np.ndarray
    may_lack_F: np.ndarray  # bool: of these features it is an input, too, whether they are unknown
    first_weights_MIH: np.ndarray  # I inputs: the features, then whether those that may lack are unknown
    first_bias_MH: np.ndarray
    second_weights_MHH: np.ndarray
    second_bias_MH: np.ndarray
    last_weights_MH: np.ndarray
    last_bias_M: np.ndarray

    def inputs(self, features_GF: np.ndarray) -> np.ndarray:
        """Return the inputs (G, I), float32; what is unknown is the mean."""
        unknown_GF = ~np.isfinite(features_GF)
        scaled_GF = ((features_GF - self.mean_F) / self.std_F).clip(-FARTHEST, FARTHEST)
        return np.hstack([np.where(unknown_GF, 0.0, scaled_GF), unknown_GF[:, self.may_lack_F]]).astype(np.float32)

    def __call__(self, features_GF: np.ndarray) -> np.ndarray:
        """Return the probability (G,) of an impact within a frame of each instant."""
        inputs_GI = self.inputs(features_GF)
        hidden_MGH = gelu(inputs_GI @ self.first_weights_MIH + self.first_bias_MH[:, None])
        hidden_MGH = gelu(hidden_MGH @ self.second_weights_MHH + self.second_bias_MH[:, None])
        logits_MG = (hidden_MGH @ self.last_weights_MH[..., None])[..., 0] + self.last_bias_M[:, None]
        return expit(logits_MG).mean(axis=0)


def gelu(values: np.ndarray) -> np.ndarray:
    """Return x times the standard normal distribution's share below x (Hendrycks and Gimpel 2016, arXiv 1606.08415)."""
    return values * ndtr(values)


@lru_cache(maxsize=2)
def load_moment_network(path: str = "") -> MomentNetwork:
    """Load a network written by `scripts/calibration/moments.py`; the one that comes with the package where not given.

    Raises:
        UsageError: If the file cannot be read, or its arrays do not fit.
    """
    how = {"shipped": "moments.npz", "kind": MomentNetwork, "key": "mining.moment_weights"}
    arrays = read_weights(path, **how, sizes=_sizes)
    return MomentNetwork(**{**arrays, "may_lack_F": arrays["may_lack_F"].astype(bool)})


def _sizes(arrays: Arrays) -> dict[str, int]:
    """Return the lengths that the features and the inputs must have."""
    return {"F": NUM_INSTANT_FEATURES, "I": NUM_INSTANT_FEATURES + int(np.count_nonzero(arrays["may_lack_F"]))}
