"""What the timing network reads of a person who was looked at closely: joints and flow, instant by instant.

Legend: T frames, G points of an even time grid, J = 17 joints, B = 13 of them, C = x, y, confidence; Y, X, V as in
`person_flow`.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.skeleton import INDEX, JOINTS, SWAP
from slowpaths.mining.impact.instants import STEP_S
from slowpaths.mining.impact.signals import Signals
from slowpaths.mining.striker.person_flow import CELLS, NUM_CELL_VALUES

_BODY = [INDEX[name] for name in JOINTS if not name.endswith(("eye", "ear"))]  # (B,)
NUM_BODY_INPUTS = 5 * len(_BODY) + 1
NUM_TIMING_INPUTS = NUM_BODY_INPUTS + NUM_CELL_VALUES * CELLS[0] * CELLS[1] + 1
# These bring the inputs to about -1..1: a fast wrist moves five torso lengths a second.
_FAST, _USUAL_CONFIDENCE, _FARTHEST, _FASTEST_FLOW = 5.0, 0.4, 3.0, 50.0


def timing_inputs(times_s: np.ndarray, signals: Signals, *, mirrored: bool = False) -> np.ndarray:
    """Return the inputs (G, 147), float32, at even instants, 0 where unknown; as a mirror would show them if asked.

    The body comes first: place, speed and confidence of 13 joints about the hips, and how many are seen. Then the flow:
    speed and movement in each cell of the person's reach, and how many are known. The person must have been looked at
    closely.
    """
    joints_TJC, cells_TYXV = signals.joints_TJC, signals.cells_TYXV
    if joints_TJC is None or cells_TYXV is None:
        raise ValueError("the person was looked at now and then only")
    if mirrored:
        joints_TJC = joints_TJC[:, SWAP] * (-1.0, 1.0, 1.0)
        cells_TYXV = cells_TYXV[:, :, ::-1] * (1.0, -1.0, 1.0, 1.0)
    joints_GBC = _at(times_s, signals.pts_s, joints_TJC[:, _BODY])
    places_GB2, is_seen_GB = joints_GBC[..., :2], np.isfinite(joints_GBC[..., 0])
    rates_GB2 = np.gradient(places_GB2, STEP_S, axis=0) if len(times_s) > 1 else np.zeros_like(places_GB2)
    cells_GYXV = _at(times_s, signals.between_s, cells_TYXV).clip(-_FASTEST_FLOW, _FASTEST_FLOW)
    columns = (
        places_GB2.clip(-_FARTHEST, _FARTHEST),
        (rates_GB2 / _FAST).clip(-_FARTHEST, _FARTHEST),
        np.nan_to_num(joints_GBC[..., 2]) - _USUAL_CONFIDENCE,
        is_seen_GB.mean(axis=1) - 0.5,
        np.sign(cells_GYXV) * np.log1p(np.abs(cells_GYXV)),
        np.isfinite(cells_GYXV[..., 0]).mean(axis=(1, 2)),
    )
    return np.nan_to_num(np.hstack([column.reshape(len(times_s), -1) for column in columns])).astype(np.float32)


def _at(times_s: np.ndarray, when_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return values (T, ...) at other instants (G, ...), each on a straight line between the known ones; NaN beyond."""
    flat_TN = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    found_GN = np.full((len(times_s), flat_TN.shape[1]), np.nan)
    for column, values_T in enumerate(flat_TN.T):
        known = np.isfinite(values_T)
        if known.sum() > 1:
            found_GN[:, column] = np.interp(times_s, when_s[known], values_T[known], left=np.nan, right=np.nan)
    return found_GN.reshape(len(times_s), *np.shape(values)[1:])
