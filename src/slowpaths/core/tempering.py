"""Probabilities flattened or sharpened by a temperature."""

from __future__ import annotations

import numpy as np

_LEAST = 1e-300  # probability and temperature: a logit divided by it is still a number


def temper(probs_C: np.ndarray, temperature: float) -> np.ndarray:
    """Return what probabilities (..., C) are where their logits are divided by a temperature: above 1 they are flatter.

    Example:
        >>> temper(np.array([0.9, 0.1]), 2.0).round(2).tolist()
        [0.75, 0.25]
        >>> temper(np.array([0.9, 0.1, 0.0]), 1e-320).tolist()
        [1.0, 0.0, 0.0]
    """
    logits_C = np.log(np.maximum(probs_C, _LEAST)) / max(temperature, _LEAST)
    logits_C -= logits_C.max(axis=-1, keepdims=True)
    np.exp(logits_C, out=logits_C)
    return logits_C / logits_C.sum(axis=-1, keepdims=True)
