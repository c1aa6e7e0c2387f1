"""What the camera looks at, named by a linear classifier on picture features and measured cues.

It was calibrated on shots of real clips whose views were annotated by eye, and on shots of synthetic worlds, by
`scripts/calibration/views.py`; how strokes are named is not known to it. What stands next to a shot counts too: after
the picture of the pitch comes the outfield more often than another pitch.

Legend: N frames, Z shots, V = 8 views, E picture features, Q cues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache

import numpy as np
from scipy.special import log_softmax, logsumexp

from slowpaths.core.views import VIEWS
from slowpaths.mining.calibrated import read_weights
from slowpaths.mining.shots.view_cues import ViewCues
from slowpaths.video.picture_features import NUM_FEATURES

# One picture is never surer than this: a logo over the whole of it says nothing of the shot.
LEAST_P = 1e-3
FARTHEST = 4.0  # standard deviations; what lies further off is as far as that
NEIGHBOUR_WEIGHT = 0.7  # of what the shots before and after say; between not at all and as much as their counts say


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """Hold what one frame shows."""

    cues: ViewCues  # what was measured of it
    features_E: np.ndarray  # its picture features


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewClassifier:
    """Hold a linear classifier of frames and how often views follow each other."""

    feature_weights_EV: np.ndarray
    cue_mean_Q: np.ndarray  # of the scaled cues
    cue_std_Q: np.ndarray
    cue_weights_QV: np.ndarray
    bias_V: np.ndarray
    follows_VV: np.ndarray  # log of how much more often a view follows another than it is shown at all

    def shots(self, looks: Sequence[Sequence[Look]]) -> np.ndarray:
        """Return the probabilities (Z, 8) of `core.views.VIEWS` for the shots of a video, each seen in some frames."""
        if not looks:
            return np.zeros((0, len(VIEWS)))
        alone_ZV = np.stack([self._frames(shot).mean(axis=0) for shot in looks])
        return np.exp(log_softmax(self._with_neighbours(alone_ZV), axis=1))

    def _frames(self, looks: Sequence[Look]) -> np.ndarray:
        """Return the log probabilities (N, 8) of frames, each on its own."""
        features_NE = np.stack([look.features_E for look in looks])
        cues_NQ = standardise(scaled([look.cues for look in looks]), mean_Q=self.cue_mean_Q, std_Q=self.cue_std_Q)
        logits_NV = features_NE @ self.feature_weights_EV + cues_NQ @ self.cue_weights_QV + self.bias_V
        return np.log(np.exp(log_softmax(logits_NV, axis=1)) + LEAST_P)

    def _with_neighbours(self, alone_ZV: np.ndarray) -> np.ndarray:
        """Return the log probabilities of every shot given all of them: a chain, forwards and backwards."""
        before_ZV, after_ZV = np.zeros_like(alone_ZV), np.zeros_like(alone_ZV)
        for row in range(1, len(alone_ZV)):
            so_far_V = before_ZV[row - 1] + log_softmax(alone_ZV[row - 1])
            before_ZV[row] = logsumexp(so_far_V[:, None] + NEIGHBOUR_WEIGHT * self.follows_VV, axis=0)
        for row in reversed(range(len(alone_ZV) - 1)):
            then_V = after_ZV[row + 1] + log_softmax(alone_ZV[row + 1])
            after_ZV[row] = logsumexp(NEIGHBOUR_WEIGHT * self.follows_VV + then_V, axis=1)
        return alone_ZV + before_ZV + after_ZV


def scaled(cues: Sequence[ViewCues]) -> np.ndarray:
    """Return cues as numbers (N, Q) whose large values count for less: sign(x) log(1 + 3 |x|)."""
    values_NQ = np.array([astuple(one) for one in cues], dtype=np.float64)
    return np.sign(values_NQ) * np.log1p(3 * np.abs(values_NQ))


def standardise(values_NQ: np.ndarray, *, mean_Q: np.ndarray, std_Q: np.ndarray) -> np.ndarray:
    """Return values in standard deviations from their mean, none further off than `FARTHEST`."""
    return ((values_NQ - mean_Q) / std_Q).clip(-FARTHEST, FARTHEST)


@lru_cache(maxsize=2)
def load_view_classifier(path: str = "") -> ViewClassifier:
    """Load a classifier written by `scripts/calibration/views.py`; the one that comes with the package where not given.

    Raises:
        UsageError: If the file cannot be read, or its arrays do not fit.
    """
    sizes = {"E": NUM_FEATURES, "Q": len(fields(ViewCues)), "V": len(VIEWS)}
    how = {"shipped": "views.npz", "kind": ViewClassifier, "key": "mining.view_weights"}
    return ViewClassifier(**read_weights(path, **how, sizes=lambda _: sizes))
