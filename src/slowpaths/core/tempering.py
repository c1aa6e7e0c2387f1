"""Probabilities flattened or sharpened by a temperature."""

from __future__ import annotations

import numpy as np


def temper(probs_C: np.ndarray, temperature: float) -> np.ndarray:
    """Return what probabilities (..., C) are where their logits are divided by a temperature: above 1 they are flatter.

    Example:
        >>> temper(np.array([0.9, 0.1]), 2.0).round(2).tolist()
        [0.75, 0.25]
    """
    logits_C = np.log(np.maximum(probs_C, 1e-300)) / temperature
    logits_C -= logits_C.max(axis=-1, keepdims=True)
    np.exp(logits_C, out=logits_C)
    return logits_C / logits_C.sum(axis=-1, keepdims=True)
