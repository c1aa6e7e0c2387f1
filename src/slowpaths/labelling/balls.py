"""One ball, one label: a replay shows again the stroke that was played live, from elsewhere."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

_FLOOR = 1e-9


def ball_of(deliveries: pa.Table, shots: pa.Table) -> np.ndarray:
    """Return the ball that each delivery shows, named by the delivery that was live (N,).

    A camera that is never cut shows many balls in one shot: each delivery there is a ball of its own. A replay repeats
    the last delivery of the shot that it names, as mining has it; the shot stands for it where nothing was found there.
    """
    source_of = dict(zip(shots["shot_id"].to_pylist(), shots["replay_of"].to_pylist(), strict=True))
    ids, shot_of = deliveries["delivery_id"].to_pylist(), deliveries["shot_id"].to_pylist()
    order = np.argsort(deliveries["impact_s"].to_numpy(), kind="stable")
    last_of = {shot_of[row]: ids[row] for row in order.tolist()}
    sources = (source_of.get(shot) for shot in shot_of)
    balls = [last_of.get(source, source) if source else own for own, source in zip(ids, sources, strict=True)]
    return np.array(balls, dtype=object)


def share(probs_NC: np.ndarray, ball_N: np.ndarray, *, prior_NC: np.ndarray) -> np.ndarray:
    """Give all views of one ball the same label: their posteriors, each over its prior, are multiplied.

    The prior of a view is what is believed of it (N, C) where nothing was seen; that of the ball is their geometric
    mean. Priors of all views multiplied would count once a view.

    Example:
        >>> views = np.array([[0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
        >>> share(views, np.array(["a", "a", "b"]), prior_NC=np.full((3, 2), 0.5)).round(2).tolist()
        [[0.86, 0.14], [0.86, 0.14], [0.3, 0.7]]
    """
    _, group_N, counts_G = np.unique(ball_N.astype(str), return_inverse=True, return_counts=True)
    log_prior_NC = np.log(np.maximum(prior_NC, _FLOOR))
    gains_NC = np.log(np.maximum(probs_NC, _FLOOR)) - log_prior_NC
    log_GC = np.zeros((len(counts_G), probs_NC.shape[1]))
    np.add.at(log_GC, group_N, gains_NC + log_prior_NC / counts_G[group_N, None])
    log_NC = log_GC[group_N]
    shared_NC = np.exp(log_NC - log_NC.max(axis=1, keepdims=True))
    shared_NC /= shared_NC.sum(axis=1, keepdims=True)
    return np.where(counts_G[group_N, None] > 1, shared_NC, probs_NC)
