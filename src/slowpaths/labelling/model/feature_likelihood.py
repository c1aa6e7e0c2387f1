"""Features as evidence: deliveries on which the batter moves alike are the same stroke.

A vote keeps one bit or two of a feature. The values of all features that rules read say more: given a stroke,
each is taken as normal around a mean of that stroke, with a spread common to all strokes. Nobody declares the means.
They are learnt from the posterior that votes give, as a mixture of normals is, and so carry a label from the deliveries
on which rules agree to those that look like them.

Each mean is drawn to the middle of all deliveries by as many pseudo-deliveries as the feature varies more within a
stroke than between strokes (empirical Bayes by moments; Efron and Morris 1973, doi 10.1080/01621459.1973.10481350), so
that one which does not depend on the stroke separates no means and says nothing. It is never fewer than six: a
feature that owes a share e of its variance to the stroke needs (1 - e) / e, and e = .14 is what Cohen (1988,
"Statistical Power Analysis for the Behavioral Sciences") calls a large effect.

Features repeat each other: those of one swing are worth fewer independent ones. Their log-likelihood is therefore
multiplied by the share of them that counts, 1 / F times F^2 / sum of r^2 over all pairs with correlation r (the
participation ratio of the correlation matrix; Bretherton et al. 1999, "The effective number of spatial degrees of
freedom", doi 10.1175/1520-0442(1999)012<1990:TENOSD>2.0.CO;2).
"""

from __future__ import annotations

import numpy as np

LEAST_SHRINK = 6.0


def independent_share(design_NG: np.ndarray) -> float:
    """Return how many independent features those of a design (N, 2 F) are worth, as a share of all; 0 without any.

    Example:
        >>> same = np.array([[-1.0], [1.0], [-1.0], [1.0]])
        >>> other = np.array([[-1.0], [-1.0], [1.0], [1.0]])
        >>> round(independent_share(np.hstack([same, same, np.ones((4, 2))])), 6)
        0.5
        >>> round(independent_share(np.hstack([same, other, np.ones((4, 2))])), 6)
        1.0
    """
    values_NF, is_measured_NF = np.hsplit(design_NG, 2)
    shared_FF = np.maximum(is_measured_NF.T @ is_measured_NF, 1.0)
    covariance_FF = (values_NF.T @ values_NF) / shared_FF
    spread_F = np.sqrt(np.diag(covariance_FF))
    varies_F = spread_F > 0
    if not varies_F.any():
        return 0.0
    correlation_FF = (covariance_FF / np.maximum(np.outer(spread_F, spread_F), 1e-12))[np.ix_(varies_F, varies_F)]
    return float(varies_F.sum() / (np.clip(correlation_FF, -1.0, 1.0) ** 2).sum())


def feature_weights(counts_GC: np.ndarray, squares_F: np.ndarray, *, share: float, strength: float) -> np.ndarray:
    """Return the log-weights of a design's columns for each stroke (2 F, C) from their expected sums by stroke.

    The log-likelihood of a value z, without what all strokes have in common, is (z m - m^2 / 2) / v times `share`. The
    common variance v is held at 1 with `strength` pseudo-counts, deliveries; `squares_F` sums the squared values.
    """
    sums_FC, num_FC = np.vsplit(counts_GC, 2)
    total_F = num_FC.sum(axis=1)
    between_F = (sums_FC**2 / np.maximum(num_FC, 1e-9)).sum(axis=1)
    noise_F = (squares_F - between_F + strength) / (total_F + strength)
    effect_F = (between_F - (num_FC.shape[1] - 1) * noise_F) / np.maximum(total_F, 1e-9)
    shrink_F1 = np.maximum(noise_F / np.maximum(effect_F, 1e-9), LEAST_SHRINK)[:, None]
    mean_FC = sums_FC / (num_FC + shrink_F1)
    within_F = squares_F + ((num_FC * mean_FC - 2.0 * sums_FC) * mean_FC).sum(axis=1)
    variance_F1 = ((within_F + strength) / (total_F + strength))[:, None]
    return share * np.concatenate([mean_FC / variance_F1, -0.5 * mean_FC**2 / variance_F1])
