"""How often the named stroke is right.

Every measure takes weights (B, N) and returns (B,), so that the bootstrap needs no second formula.

Legend: N graded deliveries, G classes (columns of the probabilities), B replicates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from slowpaths.evaluation.classes import FACTOR_NAMES, ClassSpace
from slowpaths.evaluation.intervals import divide, weighted_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """Hold the scores of one class; NaN where there is nothing to divide by.

    Args:
        name: The class.
        precision: Share of its predictions that are right.
        recall: Share of its deliveries that are found.
        f1: Their harmonic mean.
        support: How many deliveries it truly has.
        predicted: How many deliveries are called so.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


def top_k_hits(probs_NG: np.ndarray, true_N: np.ndarray, *, k: int) -> np.ndarray:
    """Return the probability that the true class is among the k most probable, ties broken at random (N,).

    Args:
        probs_NG: Class probabilities (N, G).
        true_N: True class indices (N,).
        k: How many classes may be named.
    """
    own_N1 = np.take_along_axis(probs_NG, true_N[:, None], axis=1)
    above_N = (probs_NG > own_N1).sum(axis=1)
    tied_N = (probs_NG == own_N1).sum(axis=1)
    return np.clip((k - above_N) / tied_N, 0.0, 1.0)


def confusion(predicted_N: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Return weighted confusion matrices (B, G, G), rows true, columns predicted."""
    cell_N = true_N * num_classes + predicted_N
    one_hot = np.zeros((len(cell_N), num_classes * num_classes))
    one_hot[np.arange(len(cell_N)), cell_N] = 1
    return (weights_BN @ one_hot).reshape(-1, num_classes, num_classes)


def top_k(probs_NG: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray, *, k: int = 1) -> np.ndarray:
    """Return top-k accuracy (B,)."""
    return weighted_mean(top_k_hits(probs_NG, true_N, k=k), weights_BN)


def balanced_accuracy(confusion_BGG: np.ndarray) -> np.ndarray:
    """Return the mean recall over the classes that occur in truth (B,)."""
    recall_BG = divide(np.diagonal(confusion_BGG, axis1=1, axis2=2), confusion_BGG.sum(axis=2))
    return _mean(recall_BG)


def macro_f1(confusion_BGG: np.ndarray) -> np.ndarray:
    """Return the mean F1 over the classes that occur in truth or prediction, as scikit-learn does (B,)."""
    hits_BG = np.diagonal(confusion_BGG, axis1=1, axis2=2)
    return _mean(divide(2 * hits_BG, confusion_BGG.sum(axis=1) + confusion_BGG.sum(axis=2)))


def per_class(predicted_N: np.ndarray, true_N: np.ndarray, names: tuple[str, ...]) -> list[ClassScore]:
    """Return the scores of every class, those without deliveries too (scikit-learn does the arithmetic)."""
    scores = precision_recall_fscore_support(true_N, predicted_N, labels=list(range(len(names))), zero_division=0)
    precision_G, recall_G, f1_G, support_G = np.asarray(scores, dtype=np.float64)
    predicted_G = np.bincount(predicted_N, minlength=len(names))
    return [
        ClassScore(
            name=name,
            precision=float(precision_G[i]) if predicted_G[i] else float("nan"),
            recall=float(recall_G[i]) if support_G[i] else float("nan"),
            f1=float(f1_G[i]) if support_G[i] or predicted_G[i] else float("nan"),
            support=int(support_G[i]),
            predicted=int(predicted_G[i]),
        )
        for i, name in enumerate(names)
    ]


def factor_hits(
    probs_NG: np.ndarray, true_N: np.ndarray, space: ClassSpace
) -> dict[str, tuple[np.ndarray, int, float]]:
    """Return for foot, plane and side how often the most probable value is right.

    Returns:
        Factor -> (hits (N,), NaN where the true class does not settle the factor; number of values; share of the most
        frequent value).
    """
    found = {}
    for factor in FACTOR_NAMES:
        values, matrix_GV = space.factor(factor)
        true_NV = matrix_GV[true_N]
        hits_N = (np.argmax(probs_NG @ matrix_GV, axis=1) == np.argmax(true_NV, axis=1)).astype(np.float64)
        share = float(divide(true_NV.sum(axis=0), true_NV.sum()).max())
        found[factor] = (np.where(true_NV.any(axis=1), hits_N, np.nan), len(values), share)
    return found


def guessing_macro_f1(true_N: np.ndarray, *, num_true: int) -> float:
    """Return macro-F1 of guessing every class alike, from expected counts: precision is its share, recall 1/G."""
    shares_G = np.bincount(true_N, minlength=num_true) / len(true_N)
    return float((2 * shares_G / num_true / (shares_G + 1 / num_true)).mean())


def _mean(values_BG: np.ndarray) -> np.ndarray:
    known = np.isfinite(values_BG)
    return divide(np.where(known, values_BG, 0.0).sum(axis=1), known.sum(axis=1))
