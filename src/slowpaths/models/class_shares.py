"""Opinions whose classes have given shares: an assumption, for those who want to know what it does."""

from __future__ import annotations

import numpy as np

_ROUNDS = 200
_CLOSE = 1e-6  # of a share
_LEAST = 1e-12


def with_shares(probs_NC: np.ndarray, shares_C: np.ndarray) -> np.ndarray:
    """Return the opinions (N, C) nearest to these, by relative entropy, whose mean over N has these shares (C,).

    Classes and deliveries are scaled in turn (Sinkhorn 1967, doi 10.2307/2314570; for labels, Asano et al. 2020, arXiv
    1911.05371). Where certain opinions leave no way to the shares, what is nearest after 200 rounds is returned.

    Example:
        >>> with_shares(np.array([[0.8, 0.2], [0.7, 0.3]]), np.array([0.5, 0.5])).round(2).tolist()
        [[0.57, 0.43], [0.43, 0.57]]
    """
    for _ in range(_ROUNDS):
        scale_C = shares_C / np.maximum(probs_NC.mean(axis=0), _LEAST)
        probs_NC = probs_NC * scale_C
        probs_NC /= probs_NC.sum(axis=1, keepdims=True)
        if np.abs(scale_C - 1.0).max() < _CLOSE:
            break
    return probs_NC
