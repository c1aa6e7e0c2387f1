"""What explains usefulness beyond accuracy: the structure of errors, and how a system was supervised.

Legend: K configurations, F features, B replicates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from slowpaths.evaluation.gap.association import Halves
from slowpaths.evaluation.intervals import divide

MIN_SYSTEMS = 20  # configurations; with fewer a regression on eight numbers fits by chance
MIN_OF_KIND = 4  # configurations of each kind that is compared
_ROUNDING = 1e-9  # of the size of a number: configurations that differ by less do not differ
POINT = 0.1  # accuracy in which a slope is given: ten points


def explained(features: Mapping[str, np.ndarray], useful: Halves, weights_BK: np.ndarray) -> np.ndarray:
    """Return the cross-validated share of the variance of usefulness that features explain (B,).

    A linear regression is fitted on all configurations but one and predicts that one; features come from one half of
    the matches and usefulness from the other, both ways round. It is below 0 where the mean predicts better, and NaN
    where all configurations are as useful: there is no variance to explain.

    Args:
        features: Half -> features (K, F).
        useful: Half -> usefulness (K,).
        weights_BK: Weights.
    """
    lost_B, spread_B = np.zeros(len(weights_BK)), np.zeros(len(weights_BK))
    for a, b in (("A", "B"), ("B", "A")):
        known = np.isfinite(features[a]).all(axis=1) & np.isfinite(useful[b])
        if known.sum() < MIN_SYSTEMS or not _varies(useful[b][known]):
            return np.full(len(weights_BK), np.nan)
        errors_K, off_K = _left_out_errors(features[a][known], useful[b][known])
        lost_B += weights_BK[:, known] @ errors_K**2
        spread_B += weights_BK[:, known] @ off_K**2
    return 1 - divide(lost_B, spread_B)


def _left_out_errors(features_KF: np.ndarray, useful_K: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return errors of the regression and of the mean for each configuration that was left out (K,)."""
    spread_F = features_KF.std(axis=0)
    scaled = (features_KF - features_KF.mean(axis=0)) / np.where(spread_F > 0, spread_F, 1.0)
    design = np.column_stack([np.ones(len(scaled)), scaled])
    errors_K, off_K = np.zeros(len(useful_K)), np.zeros(len(useful_K))
    for out in range(len(useful_K)):
        rest = np.arange(len(useful_K)) != out
        fit, *_ = np.linalg.lstsq(design[rest], useful_K[rest], rcond=1e-10)
        errors_K[out] = useful_K[out] - design[out] @ fit
        off_K[out] = useful_K[out] - useful_K[rest].mean()
    return errors_K, off_K


def interaction(
    accuracy: Halves, useful: Halves, is_kind_K: np.ndarray, weights_BK: np.ndarray
) -> dict[str, np.ndarray]:
    """Return how usefulness differs between two kinds of systems at equal accuracy (B,): U ~ acc * kind.

    `shift` is the difference at the mean accuracy of all, in standard deviations of usefulness; `slope` is how much
    more (or less) usefulness ten points of accuracy are worth for the kind. Accuracy comes from one half of the
    matches and usefulness from the other, both ways round. Both are NaN where all configurations are as useful.
    """
    found = {"shift": np.zeros(len(weights_BK)), "slope": np.zeros(len(weights_BK))}
    for a, b in (("A", "B"), ("B", "A")):
        known = np.isfinite(accuracy[a]) & np.isfinite(useful[b])
        if not known.any() or not _varies(useful[b][known]):
            return {name: np.full(len(weights_BK), np.nan) for name in found}
        kind_K, weights = is_kind_K[known].astype(np.float64), weights_BK[:, known]
        points_K = (accuracy[a][known] - accuracy[a][known].mean()) / POINT
        useful_K = useful[b][known]
        scaled_K = divide(useful_K - useful_K.mean(), useful_K.std())
        design = np.column_stack([np.ones(len(points_K)), points_K, kind_K, points_K * kind_K])
        normal = np.einsum("bk,ki,kj->bij", weights, design, design, optimize=True)
        right = weights @ (design * scaled_K[:, None])
        sound = np.linalg.cond(normal) < 1e10
        fit = np.full((len(weights), 4), np.nan)
        fit[sound] = np.linalg.solve(normal[sound], right[sound][..., None])[..., 0]
        found["shift"] += fit[:, 2] / 2
        found["slope"] += fit[:, 3] / 2
    return found


def _varies(values_K: np.ndarray) -> bool:
    """Return whether values differ by more than rounding, as of means over different numbers of seeds."""
    return bool(np.ptp(values_K) > _ROUNDING * np.abs(values_K).max())


def kinds(group_K: Sequence[str] | np.ndarray) -> tuple[str, list[str]]:
    """Return the kind that others are compared with, and those that can be: at least four configurations each.

    Supervised systems are compared with where there are any, else the most frequent kind; "" where there are not two.
    """
    sizes = Counter(group_K)
    large = sorted(name for name, size in sizes.items() if name and size >= MIN_OF_KIND)
    if len(large) < 2:
        return "", []
    base = "supervised" if "supervised" in large else max(large, key=lambda name: sizes[name])
    return base, [name for name in large if name != base]
