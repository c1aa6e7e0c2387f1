"""How bodies move: angles, hands, scale, speeds and paths, in plain numpy.

Legend: T frames, J = 17 joints (COCO order), C = x, y, confidence, N points.

Frames of reference. *Picture*: pixels as shown, x right, y down; keypoints come in it. *Stabilised*: the picture as
if the camera had stayed where it was at frame 0 of the shot (`stabilise`); speeds and paths belong here. Lengths become
torso units when divided by `body_scale`. Nothing here turns y upwards or mirrors a left-hander.

NaN in means NaN out: what was not seen is not measured.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.body import body_scales
from slowpaths.core.skeleton import INDEX

MAX_WRIST_GAP = 0.6
"""Both hands hold the bat: wrists further apart than this, in torso units, are not both right."""
_MAX_STEP_S = 0.2  # neighbours further apart in time say nothing of the speed between them


def joint_angle(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the angle (...) at points `b` (..., 2) between the directions to `a` and to `c`, 0..180 degrees.

    It is NaN where a point is unseen or coincides with the joint.

    Example:
        >>> float(joint_angle(np.array([0, 1]), np.array([0, 0]), np.array([2, 0])))
        90.0
    """
    to_a, to_c = np.asarray(a, dtype=np.float64) - b, np.asarray(c, dtype=np.float64) - b
    cross = to_a[..., 0] * to_c[..., 1] - to_a[..., 1] * to_c[..., 0]
    dot = (to_a * to_c).sum(axis=-1)
    angle = np.degrees(np.arctan2(np.abs(cross), dot))
    return np.where((cross == 0) & (dot == 0), np.nan, angle)


def body_scale(keypoints_TJC: np.ndarray) -> float:
    """Return the torso unit, pixels: the median of `body_scales`; NaN where no frame shows a body."""
    scales_T = body_scales(keypoints_TJC)
    seen = np.isfinite(scales_T)
    return float(np.median(scales_T[seen])) if seen.any() else float("nan")


def hands(keypoints_TJC: np.ndarray, *, scale: float | None = None) -> np.ndarray:
    """Return the hands on the bat: the confidence-weighted mean of both wrists.

    Args:
        keypoints_TJC: Keypoints (T, 17, 3).
        scale: Torso unit, pixels; measured by `body_scale` where it is not given.

    Returns:
        x, y, confidence (T, 3). One wrist stands for both where the other is unseen; x, y are NaN and the confidence 0
        where neither is seen or the wrists are more than .6 torso units apart.
    """
    scale = body_scale(keypoints_TJC) if scale is None else scale
    wrists_T2C = keypoints_TJC[:, [INDEX["left_wrist"], INDEX["right_wrist"]]]
    seen_T2 = np.isfinite(wrists_T2C[..., :2]).all(axis=2)
    weights_T2 = np.where(seen_T2, np.maximum(wrists_T2C[..., 2], 1e-6), 0.0)
    total_T = weights_T2.sum(axis=1)
    gap_T = np.linalg.norm(wrists_T2C[:, 0, :2] - wrists_T2C[:, 1, :2], axis=1)
    is_good_T = (total_T > 0) & ~(gap_T > MAX_WRIST_GAP * scale)
    xy_T2 = (np.nan_to_num(wrists_T2C[..., :2]) * weights_T2[..., None]).sum(axis=1)
    confidence_T = (weights_T2**2).sum(axis=1)
    divisor_T = np.where(is_good_T, total_T, np.nan)
    return np.column_stack([xy_T2 / divisor_T[:, None], np.nan_to_num(confidence_T / divisor_T)])


def velocity(values_TD: np.ndarray, pts_s: np.ndarray) -> np.ndarray:
    """Return the change per second by differences over the neighbouring frames, whatever their spacing.

    Args:
        values_TD: Values (T, D); a row with a NaN is left out.
        pts_s: Times (T,), not decreasing. Frames with the same time share the mean of their values, so a zero time
            step never gives an infinite speed.

    Returns:
        Rates (T, D); NaN where the row is NaN or has no neighbour within .2 s.
    """
    values_TD = np.asarray(values_TD, dtype=np.float64)
    rates_TD = np.full_like(values_TD, np.nan)
    rows = np.flatnonzero(np.isfinite(values_TD).all(axis=1))
    if len(rows) < 2:
        return rates_TD
    times_U, which = np.unique(np.round(np.asarray(pts_s, dtype=np.float64)[rows], 6), return_inverse=True)
    means_UD = np.zeros((len(times_U), values_TD.shape[1]))
    np.add.at(means_UD, which, values_TD[rows])
    means_UD /= np.bincount(which)[:, None]
    rates_UD = np.full_like(means_UD, np.nan)
    for run in np.split(np.arange(len(times_U)), np.flatnonzero(np.diff(times_U) > _MAX_STEP_S) + 1):
        if len(run) > 1:
            rates_UD[run] = np.gradient(means_UD[run], times_U[run], axis=0)
    rates_TD[rows] = rates_UD[which]
    return rates_TD


def speed(xy_T2: np.ndarray, pts_s: np.ndarray) -> np.ndarray:
    """Return the speed (T,) of a point in its unit per second; see `velocity`."""
    return np.linalg.norm(velocity(xy_T2, pts_s), axis=1)


def principal_axis(xy_N2: np.ndarray, *, least_spread: float = 0.0) -> tuple[float, float]:
    """Return the direction along which points spread most.

    Args:
        xy_N2: Points (N, 2); rows with NaN are left out.
        least_spread: Standard deviation along the axis below which they have no direction, unit of the points.

    Returns:
        The angle of the axis from the vertical, 0..90 degrees, and the share of the variance along it, .5..1; both NaN
        for fewer than two distinct points, and where they spread too little.

    Example:
        >>> angle, linearity = principal_axis(np.array([[0, 0], [1, 1], [2, 2]]))
        >>> round(angle, 6), round(linearity, 6)
        (45.0, 1.0)
    """
    points = np.asarray(xy_N2, dtype=np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 2 or not np.ptp(points, axis=0).any():
        return float("nan"), float("nan")
    variances, axes = np.linalg.eigh(np.cov(points.T))
    if variances[-1] < least_spread**2:
        return float("nan"), float("nan")
    along = np.abs(axes[:, -1])
    return float(np.degrees(np.arctan2(along[0], along[1]))), float(variances[-1] / variances.sum())


def path_length(xy_T2: np.ndarray) -> float:
    """Return the length of the path through the seen points, in their unit; NaN for fewer than two."""
    points = np.asarray(xy_T2, dtype=np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()) if len(points) > 1 else float("nan")


def stabilise(points: np.ndarray, camera_T3: np.ndarray, *, centre_xy: tuple[float, float]) -> np.ndarray:
    """Move points to where they would be seen had the camera stayed as at the first frame.

    A point of the still background that lies at p in frame 0 lies at exp(zoom) (p - centre) + centre - (pan, tilt) in
    frame t; this undoes it.

    Args:
        points: Points (T, 2 or more) or (T, N, 2 or more) in pixels of their own frame; columns past x, y are kept.
        camera_T3: Camera since the first frame (T, 3): pan right and tilt down in pixels, log zoom in.
        centre_xy: Centre of the picture, pixels: what zooming leaves in place.

    Returns:
        A copy of the same shape.
    """
    stable = np.array(points, dtype=np.float64)
    steps = camera_T3.reshape(len(camera_T3), *([1] * (stable.ndim - 2)), 3)
    centre = np.asarray(centre_xy, dtype=np.float64)
    stable[..., :2] = (stable[..., :2] - centre + steps[..., :2]) / np.exp(steps[..., 2:]) + centre
    return stable
