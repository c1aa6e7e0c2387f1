"""One ball, one label: a replay shows again the stroke that was played live, from elsewhere."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

_FLOOR = 1e-9


def ball_of(deliveries: pa.Table, shots: pa.Table) -> np.ndarray:
    """Return the shot in which the ball of each delivery was bowled (N,): its own, or the one that its shot repeats."""
    source_of = dict(zip(shots["shot_id"].to_pylist(), shots["replay_of"].to_pylist(), strict=True))
    return np.array([source_of.get(shot) or shot for shot in deliveries["shot_id"].to_pylist()], dtype=object)


def share(probs_NC: np.ndarray, ball_N: np.ndarray, *, prior_C: np.ndarray) -> np.ndarray:
    """Give all views of one ball the same label: their posteriors, each over the prior, are multiplied.

    The prior is the one they were made with, tempered as they are.

    Example:
        >>> views = np.array([[0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
        >>> share(views, np.array(["a", "a", "b"]), prior_C=np.array([0.5, 0.5])).round(2).tolist()
        [[0.86, 0.14], [0.86, 0.14], [0.3, 0.7]]
    """
    _, group_N, counts = np.unique(ball_N.astype(str), return_inverse=True, return_counts=True)
    is_shared_N = counts[group_N] > 1
    log_prior_C = np.log(np.maximum(prior_C, _FLOOR))
    gains_NC = np.log(np.maximum(probs_NC, _FLOOR)) - log_prior_C
    totals_GC = np.zeros((len(counts), probs_NC.shape[1]))
    np.add.at(totals_GC, group_N, gains_NC)
    log_NC = totals_GC[group_N] + log_prior_C
    shared_NC = np.exp(log_NC - log_NC.max(axis=1, keepdims=True))
    shared_NC /= shared_NC.sum(axis=1, keepdims=True)
    return np.where(is_shared_N[:, None], shared_NC, probs_NC)
