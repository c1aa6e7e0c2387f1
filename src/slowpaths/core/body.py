"""How large a body is in a picture, and which joints found in it are right.

Legend: T frames, K = 17 joints (COCO order), C = x, y, confidence.
"""

from __future__ import annotations

import numpy as np

from slowpaths.core.skeleton import INDEX

LEG_TO_TORSO = 0.55
"""Hip to ankle times this is about shoulder to hip; keeps the scale up when a batter bends."""
PCK_SHARE = 0.2
"""PCK@0.2: a joint is right within a fifth of the torso (Yang and Ramanan 2013, doi 10.1109/TPAMI.2012.261)."""


def middle(keypoints_TKC: np.ndarray, pair: str) -> np.ndarray:
    """Return the middle of the left and the right joint (T, 2), NaN where either is unseen.

    Args:
        keypoints_TKC: Keypoints (T, 17, 2 or 3).
        pair: Joint without its side, such as "hip".
    """
    return 0.5 * (keypoints_TKC[:, INDEX[f"left_{pair}"], :2] + keypoints_TKC[:, INDEX[f"right_{pair}"], :2])


def torsos(keypoints_TKC: np.ndarray) -> np.ndarray:
    """Return the distance from mid-shoulder to mid-hip of each frame (T,), pixels."""
    return np.linalg.norm(middle(keypoints_TKC, "shoulder") - middle(keypoints_TKC, "hip"), axis=1)


def body_scales(keypoints_TKC: np.ndarray) -> np.ndarray:
    """Return the torso unit of each frame (T,), pixels: the larger of torso length and .55 of the leg length."""
    leg = LEG_TO_TORSO * np.linalg.norm(middle(keypoints_TKC, "ankle") - middle(keypoints_TKC, "hip"), axis=1)
    return np.fmax(torsos(keypoints_TKC), leg)


def are_correct(found_TKC: np.ndarray, true_TKC: np.ndarray, scale_T: np.ndarray) -> np.ndarray:
    """Return which joints lie within `PCK_SHARE` of the scale from the true ones (T, 17); missing joints do not.

    Args:
        found_TKC: Keypoints found (T, 17, 2 or 3), NaN where missing.
        true_TKC: True keypoints (T, 17, 2 or 3).
        scale_T: Torso (`torsos`) or torso unit (`body_scales`) of the true body in each frame (T,), pixels.

    Example:
        >>> true = np.zeros((1, 17, 2))
        >>> found = np.full((1, 17, 2), np.nan)
        >>> found[0, :2] = [[9.9, 0.0], [10.1, 0.0]]
        >>> are_correct(found, true, np.array([50.0]))[0, :3].tolist()
        [True, False, False]
    """
    away_TK = np.linalg.norm(found_TKC[..., :2] - true_TKC[..., :2], axis=2)
    with np.errstate(invalid="ignore"):
        return away_TK <= PCK_SHARE * scale_T[:, None]


def are_inside(keypoints_TKC: np.ndarray, *, width: float, height: float) -> np.ndarray:
    """Return which joints lie inside the picture (T, 17)."""
    with np.errstate(invalid="ignore"):
        return np.all((keypoints_TKC[..., :2] >= 0) & (keypoints_TKC[..., :2] < np.array([width, height])), axis=2)
