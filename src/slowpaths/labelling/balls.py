"""One ball, one label: a replay shows again the stroke that was played live, from elsewhere.

Legend: N deliveries, Y strokes.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

_FLOOR = 1e-9


def ball_of(deliveries: pa.Table, shots: pa.Table) -> np.ndarray:
    """Return the shot in which the ball of each delivery was bowled (N,): its own, or the one that its shot repeats.

    Args:
        deliveries: Column `shot_id`.
        shots: Columns `shot_id` and `replay_of`.
    """
    source_of = dict(zip(shots["shot_id"].to_pylist(), shots["replay_of"].to_pylist(), strict=True))
    return np.array([source_of.get(shot) or shot for shot in deliveries["shot_id"].to_pylist()], dtype=object)


def share(probs_NY: np.ndarray, ball_N: np.ndarray, *, prior_Y: np.ndarray) -> np.ndarray:
    """Give all views of one ball the same label: their posteriors, each over the prior, are multiplied.

    Args:
        probs_NY: Posteriors.
        ball_N: What the views of one ball have in common.
        prior_Y: The prior they were made with.

    Example:
        >>> views = np.array([[0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
        >>> share(views, np.array(["a", "a", "b"]), prior_Y=np.array([0.5, 0.5])).round(2).tolist()
        [[0.86, 0.14], [0.86, 0.14], [0.3, 0.7]]
    """
    _, group_N, counts = np.unique(ball_N.astype(str), return_inverse=True, return_counts=True)
    is_shared_N = counts[group_N] > 1
    log_prior_Y = np.log(np.maximum(prior_Y, _FLOOR))
    gains_NY = np.log(np.maximum(probs_NY, _FLOOR)) - log_prior_Y
    totals_GY = np.zeros((len(counts), probs_NY.shape[1]))
    np.add.at(totals_GY, group_N, gains_NY)
    log_NY = totals_GY[group_N] + log_prior_Y
    shared_NY = np.exp(log_NY - log_NY.max(axis=1, keepdims=True))
    shared_NY /= shared_NY.sum(axis=1, keepdims=True)
    return np.where(is_shared_N[:, None], shared_NY, probs_NY)
