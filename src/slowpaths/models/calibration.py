"""How far views disagree, the temperature at which a network is as sure as it is right, and the loss that is left then.

Legend: N clips, V views of a clip, C strokes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slowpaths.core.tempering import temper

LEAST_GOLD = 20  # clips: fewer leave a temperature that says more about them than about the network
_RANGE = (0.05, 20.0)  # of temperatures
_ANY = (0.05, 1e4)  # of temperatures where the answer is used for nothing but its loss


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


def refinement_loss(logits_NC: np.ndarray, targets_NC: np.ndarray, weights_N: np.ndarray) -> float:
    """Return the cross-entropy that is left at the temperature where it is least, nats: how well clips are told apart.

    A network that learns to be too sure loses in cross-entropy while it goes on learning; what a temperature can mend
    is no reason to stop (Berta et al. 2025, "Rethinking early stopping: refine, then calibrate", arXiv 2501.19195). It
    is log C at most, which a network that knows nothing has.

    Args:
        logits_NC: What the network says of the clips.
        targets_NC: Their labels, distributions.
        weights_N: What each clip counts, not all 0.

    Example:
        >>> logits, targets = np.array([[40.0, 0.0]] * 3), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> round(refinement_loss(logits, targets, np.ones(3)), 3)  # 13.3 as it stands, ln 3 - (2 / 3) ln 2 at best
        0.637
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    share_N = weights_N / weights_N.sum()

    def loss(log_temperature: float) -> float:
        return -float(share_N @ (targets_NC * log_softmax(logits_NC / np.exp(log_temperature), axis=1)).sum(axis=1))

    found = minimize_scalar(loss, bounds=tuple(np.log(_ANY)), method="bounded", options={"xatol": 1e-6})
    return min(float(found.fun), loss(0.0))


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
