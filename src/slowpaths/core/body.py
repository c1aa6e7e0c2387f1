"""How large a body is in a picture, and which joints found in it are right.

Legend: T frames, J = 17 joints (COCO order), C = x, y, confidence.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.skeleton import INDEX

LEG_TO_TORSO = 0.55
"""Hip to ankle times this is about shoulder to hip; keeps the scale up when a batter bends."""
PCK_SHARE = 0.2
"""PCK@0.2: a joint is right within a fifth of the torso (Yang and Ramanan 2013, doi 10.1109/TPAMI.2012.261)."""


def middle(keypoints_TJC: np.ndarray, pair: str) -> np.ndarray:
    """Return the middle of the left and the right joint ("hip") (T, 2), NaN where either is unseen."""
    return 0.5 * (keypoints_TJC[:, INDEX[f"left_{pair}"], :2] + keypoints_TJC[:, INDEX[f"right_{pair}"], :2])


def torsos(keypoints_TJC: np.ndarray) -> np.ndarray:
    """Return the distance from mid-shoulder to mid-hip of each frame (T,), pixels."""
    return np.linalg.norm(middle(keypoints_TJC, "shoulder") - middle(keypoints_TJC, "hip"), axis=1)


def body_scales(keypoints_TJC: np.ndarray) -> np.ndarray:
    """Return the torso unit of each frame (T,), pixels: the larger of torso length and .55 of the leg length."""
    leg = LEG_TO_TORSO * np.linalg.norm(middle(keypoints_TJC, "ankle") - middle(keypoints_TJC, "hip"), axis=1)
    return np.fmax(torsos(keypoints_TJC), leg)


def are_correct(found_TJC: np.ndarray, true_TJC: np.ndarray, scale_T: np.ndarray) -> np.ndarray:
    """Return which joints lie within `PCK_SHARE` of the scale from the true ones (T, 17); missing joints (NaN) do not.

    The scale is the torso (`torsos`) or torso unit (`body_scales`) of the true body in each frame (T,), pixels.

    Example:
        >>> true = np.zeros((1, 17, 2))
        >>> found = np.full((1, 17, 2), np.nan)
        >>> found[0, :2] = [[9.9, 0.0], [10.1, 0.0]]
        >>> are_correct(found, true, np.array([50.0]))[0, :3].tolist()
        [True, False, False]
    """
    away_TJ = np.linalg.norm(found_TJC[..., :2] - true_TJC[..., :2], axis=2)
    with np.errstate(invalid="ignore"):
        return away_TJ <= PCK_SHARE * scale_T[:, None]


def are_inside(keypoints_TJC: np.ndarray, *, width: float, height: float) -> np.ndarray:
    """Return which joints lie inside the picture (T, 17)."""
    with np.errstate(invalid="ignore"):
        return np.all((keypoints_TJC[..., :2] >= 0) & (keypoints_TJC[..., :2] < np.array([width, height])), axis=2)
