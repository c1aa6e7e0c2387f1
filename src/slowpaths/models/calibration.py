"""How far the views of a clip disagree, and the temperature under which a network is as sure as it is right.

Legend: N clips, V views of a clip, C strokes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slowpaths.core.tempering import temper

LEAST_GOLD = 20  # clips: fewer leave a temperature that says more about them than about the network
_RANGE = (0.05, 20.0)  # of temperatures


def fit_temperature(views_NVC: Sequence[np.ndarray], labels_N: Sequence[int]) -> float:
    """Return the temperature of least negative log-likelihood (Guo et al. 2017, arXiv 1706.04599).

    Args:
        views_NVC: Of each clip the probabilities (V, C) of its views, whose tempered mean is what is said of it.
        labels_N: The true stroke of each.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        said = [temper(views_VC, np.exp(log_temperature)).mean(axis=0) for views_VC in views_NVC]
        return -float(np.mean([np.log(max(probs_C[k], 1e-300)) for probs_C, k in zip(said, labels_N, strict=True)]))

    found = minimize_scalar(loss, bounds=tuple(np.log(_RANGE)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def disagreement(views_VC: np.ndarray) -> float:
    """Return the Jensen-Shannon divergence of the views of a clip (V, C), bits: 0 where all say the same.

    Example:
        >>> disagreement(np.eye(2))
        1.0
    """
    entropies = [_entropy(views_VC.mean(axis=0)), float(np.mean([_entropy(probs_C) for probs_C in views_VC]))]
    return max(0.0, entropies[0] - entropies[1])


def _entropy(probs_C: np.ndarray) -> float:
    seen = probs_C[probs_C > 0]
    return float(-(seen * np.log2(seen)).sum())
