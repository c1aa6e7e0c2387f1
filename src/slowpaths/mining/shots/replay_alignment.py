"""When a replay shows the ball being hit: where its striker moves as the live picture showed them around impact.

A replay has no sound of its own, but it repeats a ball whose impact is known from live. How high hands, elbows and head
are above the hips looks alike from every camera that stands level, only slower. So the heights around the live impact
are laid over the replay at every instant and every pace, and the better they fit, the likelier this is the impact.

Legend: T frames, G points of an even time grid, U moments around impact, D heights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.records import PoseTrack
from slowpaths.mining.features.frame_of_reference import motion_of
from slowpaths.mining.impact.event_model import CORRELATION_S, CUE_CORRELATION

AROUND_S = np.linspace(-0.6, 0.5, 45)
"""From before the top of the backlift (.4 s before impact) to the end of the follow-through, real time (U,)."""
PACES = (1.0, 0.75, 0.6, 0.5, 0.4, 0.33, 0.25)
# Two looks at the middle of two wrists, .08 / sqrt(2) each, and cameras that are not quite level.
HEIGHT_SD = 0.10
LEAST_SEEN = 0.6  # of the heights around impact; what is cut off at the ends of a shot fits anything
ALIGNED_P = 0.8
"""A replay is told from live, linked to the right ball and shows the right person, all three, four times in five."""
_REACH_S = 0.15  # a height is read from a sample at most this far away


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heights:
    """Hold how high hands, elbows and head of a person are."""

    pts_s: np.ndarray  # times (T,), seconds
    heights_TD: np.ndarray  # heights above the hips, torso units; NaN where unseen

    @classmethod
    def of(cls, track: PoseTrack, *, picture_size: tuple[int, int] | None = None) -> Heights | None:
        """Measure a track; None where no frame shows a body."""
        # Heights are the same whatever the view and whoever bats.
        motion = motion_of(track, view="other", is_right_handed=True, guard_s=(0.0, 0.0), picture_size=picture_size)
        if motion is None:
            return None
        points = (motion.hands_T2, motion.middle("elbow"), motion.joint("nose"))
        hips_T = motion.middle("hip")[:, 1]
        return cls(pts_s=motion.pts_s, heights_TD=np.stack([point[:, 1] - hips_T for point in points], axis=1))

    def at(self, times_s: np.ndarray) -> np.ndarray:
        """Return the heights at any times (..., D), NaN where none was seen nearby."""
        return np.stack([_read(self.pts_s, heights_T, times_s) for heights_T in self.heights_TD.T], axis=-1)


def alignment_density(times_s: np.ndarray, *, replay: Heights, live: Heights, live_impact_s: float) -> np.ndarray:
    """Return the density of the impact in a replay over the uniform one (G,), 1 where nothing can be compared."""
    live_UD = live.at(live_impact_s + AROUND_S)
    num_heights = live_UD.shape[1]
    # Heights of neighbouring moments, and of hands and elbows, say the same: they count as evidence does elsewhere.
    count = (AROUND_S[-1] - AROUND_S[0]) / CORRELATION_S / (1 + CUE_CORRELATION * (num_heights - 1))
    fits = []
    for pace in PACES:
        apart_GUD = replay.at(times_s[:, None] + AROUND_S / pace) - live_UD
        seen_GUD = np.isfinite(apart_GUD)
        squares_GD = np.nan_to_num(apart_GUD**2).sum(axis=1) / np.maximum(seen_GUD.sum(axis=1), 1)
        share_GD = seen_GUD.mean(axis=1)
        fit_G = -0.5 * count * (share_GD * squares_GD).sum(axis=1) / HEIGHT_SD**2
        fits.append(np.where(share_GD.mean(axis=1) >= LEAST_SEEN, fit_G, -np.inf))
    best = np.max(fits, initial=-np.inf)
    if not np.isfinite(best):
        return np.ones(len(times_s))
    weights_G = np.exp(np.array(fits) - best).sum(axis=0)
    return weights_G / weights_G.mean()


def _read(pts_s: np.ndarray, values_T: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Return a series at any times by lines between its samples; NaN outside it and in its gaps."""
    seen = np.isfinite(values_T)
    if not seen.any():
        return np.full(times_s.shape, np.nan)
    known_s = pts_s[seen]
    after = np.clip(np.searchsorted(known_s, times_s), 1, max(len(known_s) - 1, 1))
    nearest_s = np.minimum(
        np.abs(times_s - known_s[after - 1]), np.abs(times_s - known_s[np.minimum(after, len(known_s) - 1)])
    )
    values = np.interp(times_s, known_s, values_T[seen], left=np.nan, right=np.nan)
    return np.where(nearest_s <= _REACH_S, values, np.nan)
