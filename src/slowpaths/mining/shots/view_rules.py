"""What the camera looks at, without labels: soft rules on the cues of a shot name its view.

Legend: Z shots, Q cues, V = 8 views, K clusters.

Every view is a list of soft intervals on cues (after Bananki and Srinivasa, ELCVIA 2014, who show that the layout of
colours is enough to tell pitch frames, and the thresholds of a broadcast grammar: a pitch view shows three people and
more, the tallest between .1 and .45 of the picture before the zoom, a close-up one above .7). Probabilities are the
normalised products; `other` is what remains when no view fits. With enough shots the cues are clustered, and a shot
leans on the other shots of its cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from scipy.special import logsumexp

from slowpaths.core.views import VIEWS
from slowpaths.mining.shots.view_cues import CROWD_ROUGHNESS, CUES, ViewCues

MIN_SHOTS_TO_CLUSTER = 30


@dataclass(frozen=True, slots=True)
class Soft:
    """Describe a soft interval on a cue."""

    cue: str  # name of the cue
    low: float = -np.inf  # where membership reaches one half from below
    high: float = np.inf  # where it falls to one half again
    width: float = 0.05  # distance over which it goes from .27 to .73
    floor: float = 0.05  # least membership: how much one cue may say against a view

    def __call__(self, value: float) -> float:
        """Return the membership of a value, `floor`..1."""
        up = 1 / (1 + np.exp(np.clip(-(value - self.low) / self.width, -50, 50)))
        down = 1 / (1 + np.exp(np.clip((value - self.high) / self.width, -50, 50)))
        return float(self.floor + (1 - self.floor) * up * down)


_STILL = Soft("pan", high=0.05, width=0.02, floor=0.2)  # a phone or a tripod
_LEVEL = Soft("spread_y", high=0.10, width=0.03, floor=0.2)  # people stand on one line

# A view may have several looks; it is as probable as its best one.
RULES: dict[str, tuple[tuple[Soft, ...], ...]] = {
    "pitch_endon": (
        (
            Soft("ground_upper", low=0.30),  # a camera high behind the bowler sees turf behind the batter
            Soft("ground", low=0.30),
            Soft("tallest", low=0.24, high=0.75),
            Soft("num_people", low=1.5, high=12, width=0.5, floor=0.2),
            Soft("spread_y", low=0.08, width=0.03, floor=0.2),  # people stand along the pitch, one above the other
            Soft("strip_contrast", low=2.0, width=1.0, floor=0.2),
            Soft("pan", high=0.5, width=0.1, floor=0.3),
        ),
        (  # tight on the batter, as in replays: the strip fills the picture
            Soft("ground_upper", low=0.30),
            Soft("ground", low=0.30),
            Soft("tallest", low=0.40, high=0.75),
            Soft("num_people", low=0.5, high=4.5, width=0.5, floor=0.2),
            Soft("strip_contrast", low=0.0, width=1.0, floor=0.2),
            Soft("pan", high=0.2, width=0.05, floor=0.3),
        ),
    ),
    "pitch_side": (
        (
            Soft("ground", low=0.15),
            Soft("soil", low=0.30),
            Soft("soil_at_feet", low=0.30, width=0.10, floor=0.1),
            Soft("tallest", low=0.24, high=0.85),
            Soft("num_people", low=0.5, high=5, width=0.5, floor=0.2),
            _LEVEL,
            Soft("strip_contrast", low=-5.0, high=2.0, width=1.0, floor=0.2),  # the strip runs from edge to edge
        ),
        (  # wide: a band of soil some three metres high crosses the turf at the batter's feet
            Soft("ground", low=0.30),
            Soft("soil", high=0.30),
            Soft("soil_across", low=0.60, width=0.05),
            Soft("tallest", low=0.18, high=0.60),
            Soft("num_people", low=0.5, high=6, width=0.5, floor=0.2),
            Soft("strip_contrast", low=-6.0, high=5.0, width=1.0, floor=0.2),
        ),
    ),
    "nets_endon": (
        (
            Soft("ground_upper", high=0.20),  # a net, a sheet or trees behind the batter, not turf
            Soft("soil_at_feet", low=0.30, width=0.10),  # bare ground or a mat, not a lawn
            Soft("soil", low=0.15),
            Soft("tallest", low=0.30, high=0.85),
            Soft("num_people", low=0.5, high=3.5, width=0.5, floor=0.1),
            _STILL,
            Soft("roughness", high=9.0, width=1.0, floor=0.2),
        ),
    ),
    "nets_side": (
        (
            Soft("ground_upper", high=0.20),
            Soft("soil_at_feet", low=0.30, width=0.10),
            Soft("ground_lower", low=0.30),
            Soft("tallest", low=0.30, high=0.85),
            Soft("num_people", low=0.5, high=3.5, width=0.5, floor=0.1),
            _STILL,
            _LEVEL,
            Soft("strip_contrast", low=-6.0, high=2.0, width=1.0, floor=0.2),
        ),
    ),
    "closeup": (
        (
            Soft("tallest", low=0.70),
            Soft("is_cropped", low=0.5, width=0.1, floor=0.5),
            Soft("num_people", low=0.5, high=4.0, width=0.3, floor=0.2),
            Soft("ground_lower", high=0.5, floor=0.3),
        ),
    ),
    "field": (
        (
            Soft("ground", low=0.30),
            Soft("tallest", high=0.27),
            Soft("ground_lower", low=0.35, floor=0.1),
            Soft("pan", low=0.10, width=0.05, floor=0.4),  # the camera follows the ball
        ),
    ),
    "crowd": (
        (
            Soft("ground", high=0.30),
            Soft("grass", high=0.55),
            Soft("soil", high=0.35),
            Soft("tallest", high=0.40, floor=0.1),
            Soft("roughness", low=CROWD_ROUGHNESS, width=1.0, floor=0.1),
        ),
    ),
}
# All views start even: shares of shots in a broadcast are of no use on short clips. `other` costs as much as one and a
# half mild cues that fail.
OTHER_LOG = float(np.log(0.1))
# A net is a lane some four metres wide: cameras stand behind the bowler or the batter, seldom beside.
_PRIOR_LOG = {"nets_side": float(np.log(1 / 3))}
_FIELD = VIEWS.index("field")
# Of every ball the camera behind the bowler shows the same picture, and stands still until it is hit; an outfield is
# shown when the camera follows the ball, each time another piece of it. As much as most cues that fail (floor .2).
_RECURRING, _FIXED_PAN = 0.15, 0.05
_RETURNS_V = np.array([{"pitch_endon": 1.0, "field": -1.0}.get(view, 0.0) * np.log(5.0) for view in VIEWS])
_PITCH = tuple(VIEWS.index(view) for view in ("pitch_endon", "pitch_side", "nets_endon", "nets_side"))


def name_views(shots: Sequence[ViewCues]) -> np.ndarray:
    """Return the probabilities (Z, 8) of `core.views.VIEWS` for all shots of one video."""
    if not shots:
        return np.zeros((0, len(VIEWS)))
    scores_ZV = np.array([[_score(cues, view) for view in VIEWS] for cues in shots])
    if len(shots) >= MIN_SHOTS_TO_CLUSTER:
        scores_ZV = _lean_on_cluster(np.array([astuple(cues) for cues in shots]), scores_ZV)
    probs_ZV = np.exp(scores_ZV - logsumexp(scores_ZV, axis=1, keepdims=True))
    # People, lawns and crowds are in any film. Whether this one is cricket at all its best pitch shot says.
    cricket_p = 1 / (1 + np.exp(-2 * (float(scores_ZV[:, _PITCH].max()) - OTHER_LOG)))
    # An outfield is an outfield whatever is played on it.
    elsewhere = (1 - cricket_p) * (1 - probs_ZV[:, [_FIELD]])
    probs_ZV[:, np.arange(len(VIEWS)) != _FIELD] *= cricket_p
    probs_ZV[:, [VIEWS.index("other")]] += elsewhere
    return probs_ZV


def _score(cues: ViewCues, view: str) -> float:
    if view == "other":
        return OTHER_LOG
    looks = [sum(np.log(rule(getattr(cues, rule.cue))) for rule in look) for look in RULES[view]]
    return float(max(looks)) + _PRIOR_LOG.get(view, 0.0)


def _lean_on_cluster(cues_ZQ: np.ndarray, scores_ZV: np.ndarray) -> np.ndarray:
    """Average every shot's scores with those of its cluster; the number of clusters has the least BIC in 6..14."""
    from sklearn.mixture import GaussianMixture

    scaled = (cues_ZQ - np.median(cues_ZQ, axis=0)) / np.maximum(cues_ZQ.std(axis=0), 1e-6)
    fits = [
        GaussianMixture(num, covariance_type="diag", reg_covar=1e-2, random_state=0).fit(scaled)
        for num in range(6, min(14, len(scaled) // 3) + 1)
    ]
    cluster_ZK = min(fits, key=lambda fit: fit.bic(scaled)).predict_proba(scaled)
    centres_KV = (cluster_ZK.T @ scores_ZV) / np.maximum(cluster_ZK.sum(axis=0), 1e-9)[:, None]
    scores_ZV = 0.5 * scores_ZV + 0.5 * cluster_ZK @ centres_KV
    return scores_ZV + _recurrence(cues_ZQ[:, CUES.index("pan")], cluster_ZK)[:, None] * _RETURNS_V


def _recurrence(pan_Z: np.ndarray, cluster_ZK: np.ndarray) -> np.ndarray:
    """Return how far every shot is one of a look that comes back all the time from a camera that stands still (Z,)."""
    share_K = cluster_ZK.mean(axis=0)
    pan_K = (cluster_ZK.T @ pan_Z) / np.maximum(cluster_ZK.sum(axis=0), 1e-9)
    return cluster_ZK @ ((share_K >= _RECURRING) & (pan_K <= _FIXED_PAN)).astype(np.float64)
