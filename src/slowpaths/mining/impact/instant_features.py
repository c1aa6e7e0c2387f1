"""What is known of a person at every instant of a shot: how hands, body and camera move around it.

Each row describes one instant by the movement at it and up to .6 s before and after, by what the person did in the
second before (a batter waits in guard) and does after, and by how the shot stands: who they are among the people, how
long it is, how it ends. `moment_network` reads these rows. A stroke has a shape: stillness, the backlift .4 s before
impact, the fastest hands about impact (Stretch, Buys, Du Toit and Viljoen, J Sports Sci 16(8), 1998); the operator
follows the ball 80 to 250 ms after contact, and a live director cuts away .2 to .7 s after it.

Legend: T frames, G points of an even time grid, F features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.impact.levels import BLIND, level_of, steady
from slowpaths.mining.impact.signals import Signals

OFFSETS_S = (-0.6, -0.4, -0.3, -0.2, -0.12, -0.06, 0.0, 0.06, 0.12, 0.2, 0.3, 0.4, 0.6)
NUM_INSTANT_FEATURES = 95
SLOWEST_PAN = 0.005  # picture heights per second: half of what corners can show
UNSEEN_GUARD = 0.3  # share of frames in guard where the posture is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Hold how a person stands among the people of a shot, and how the shot stands in the video."""

    place: float  # log score of the place in the picture, below that of the best person, 0 or less
    rank: int  # persons whose place is better
    tall: float  # median height of the person, picture heights
    view: str  # view of the shot
    start_s: float  # start of the shot, seconds
    duration_s: float  # its length, seconds
    is_first: bool  # whether the file begins with it
    is_last: bool  # whether nothing is known of what follows it


def grid_of(signals: Signals) -> np.ndarray:
    """Return the instants (G,), every `STEP_S` from first to last sight; none where under three frames were seen."""
    pts_s = np.asarray(signals.pts_s, dtype=np.float64)
    seen = np.isfinite(signals.hand_speed_T) | np.isfinite(signals.flow_T)
    if seen.sum() < 3:
        return np.zeros(0)
    return np.arange(pts_s[seen][0], pts_s[seen][-1] + STEP_S / 2, STEP_S)


def instant_features(times_s: np.ndarray, signals: Signals, standing: Standing) -> np.ndarray:
    """Return the features (G, F) of every instant, NaN where unknown; at least one instant."""
    trust_T = signals.flow_confidence_T
    flow_T = steady(np.where(trust_T > BLIND, signals.flow_T, np.nan), signals.between_s)
    hands_T = steady(signals.hand_speed_T, signals.pts_s)
    hands, hand_weight = level_of(times_s, signals.pts_s, hands_T, signals.hand_confidence_T)
    flow, flow_weight = level_of(times_s, signals.between_s, flow_T, trust_T)
    fast_hands, fast_flow = (
        np.log1p(_at(times_s, when_s, values_T))
        for when_s, values_T in ((signals.pts_s, hands_T), (signals.between_s, flow_T))
    )
    pan = np.log(np.maximum(_at(times_s, signals.between_s, signals.camera_T), SLOWEST_PAN))
    height = _at(times_s, signals.pts_s, signals.hand_height_T)
    guard = np.nan_to_num(_at(times_s, signals.pts_s, signals.guard_T), nan=UNSEEN_GUARD)
    columns = [_shifted(series, offset_s) for series in (hands, flow, pan, height) for offset_s in OFFSETS_S]
    for level in (hands, flow):
        columns += [_rank(level), _over(level, -0.5, 0.0, "min"), _over(level, -0.3, 0.0, "min")]
        columns += [_over(level, -1.0, -0.4, "mean"), _over(level, -0.25, 0.25, "max")]
        columns += [_over(level, -0.8, -0.3, "max"), _over(level, 0.3, 0.8, "max")]
    columns += [fast_hands, fast_flow, _most(fast_flow, len(times_s)), hand_weight, flow_weight]
    columns += [_over(pan, 0.04, 0.5, "max"), _over(pan, -0.5, 0.0, "max")]
    columns += [_over(guard, -1.0, -0.3, "mean"), np.full(len(times_s), guard.mean())]
    columns += [_over(height, -0.45, -0.05, "max"), _over(height, -0.1, 0.1, "min"), _over(height, 0.05, 0.5, "max")]
    columns += [signals.end_s - times_s, signals.cut_s - times_s, times_s - standing.start_s]
    columns += [(times_s - standing.start_s) / max(standing.duration_s, 0.1)]
    columns += [times_s - signals.pts_s[0], signals.pts_s[-1] - times_s]
    constants = [
        standing.duration_s, standing.place, standing.rank, standing.tall, signals.pts_s[-1] - signals.pts_s[0],
        standing.view in ("pitch_side", "nets_side"), standing.view.startswith("nets"), standing.view == "closeup",
        signals.is_replay, standing.is_first, standing.is_last,
    ]  # fmt: skip
    columns += [np.full(len(times_s), float(value)) for value in constants]
    return np.stack(columns, axis=1).astype(np.float32)


def _at(times_s: np.ndarray, when_s: np.ndarray, values_T: np.ndarray) -> np.ndarray:
    known = np.isfinite(values_T)
    if known.sum() < 2:
        return np.full(len(times_s), np.nan)
    return np.interp(times_s, when_s[known], values_T[known], left=np.nan, right=np.nan)


def _shifted(series: np.ndarray, offset_s: float) -> np.ndarray:
    """Return the series so much later (G,), NaN beyond its ends."""
    rows = np.arange(len(series)) + round(offset_s / STEP_S)
    inside = (rows >= 0) & (rows < len(series))
    return np.where(inside, series[rows.clip(0, len(series) - 1)], np.nan)


def _over(series: np.ndarray, first_s: float, last_s: float, what: str) -> np.ndarray:
    """Return the least, the greatest or the mean value from one offset to another (G,), as far as the series goes."""
    first, last = round(first_s / STEP_S), round(last_s / STEP_S)
    length, size = last - first + 1, len(series)
    if what == "mean":
        total = np.r_[0.0, np.cumsum(np.nan_to_num(series))]
        count = np.r_[0, np.cumsum(np.isfinite(series))]
        begin, end = (np.arange(size) + first).clip(0, size), (np.arange(size) + last + 1).clip(0, size)
        number = count[end] - count[begin]
        return np.where(number > 0, (total[end] - total[begin]) / np.maximum(number, 1), np.nan)
    outside = np.inf if what == "min" else -np.inf
    padded = np.pad(np.where(np.isfinite(series), series, outside), length + abs(first), constant_values=outside)
    filtered = (minimum_filter1d if what == "min" else maximum_filter1d)(padded, length, mode="nearest")
    # the filter's window of `length` is centred on length // 2 of it
    rows = np.arange(size) + length + abs(first) + first + length // 2
    found = filtered[rows]
    return np.where(np.isfinite(found), found, np.nan)


def _rank(series: np.ndarray) -> np.ndarray:
    """Return the share of instants whose value is at most as high (G,)."""
    return np.searchsorted(np.sort(series), series, side="right") / max(len(series), 1)


def _most(series: np.ndarray, size: int) -> np.ndarray:
    return np.full(size, np.nanmax(series) if np.isfinite(series).any() else np.nan)
