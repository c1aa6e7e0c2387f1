"""Movement as evidence: deliveries on which the batter moves alike are the same stroke.

A vote keeps one bit or two of a number. The numbers themselves, of all features that rules read, say more: given a
stroke, each is taken as normal around a mean of that stroke, with a spread common to all strokes. Nobody declares the
means. They are learnt from the posterior that votes give, as a mixture of normals is, and so carry a label from the
deliveries on which rules agree to those that look like them.

Each mean is drawn to the middle of all deliveries by as many pseudo-deliveries as the feature varies more within a
stroke than between strokes (empirical Bayes by moments; Efron and Morris 1973, doi 10.1080/01621459.1973.10481350), so
that one which does not depend on the stroke separates no means and says nothing. It is never fewer than six: a
feature that owes a share e of its variance to the stroke needs (1 - e) / e, and e = .14 is what Cohen (1988,
"Statistical Power Analysis for the Behavioral Sciences") calls a large effect.

Features repeat each other: those of one swing are worth fewer independent ones. Their log-likelihood is therefore
multiplied by the share of them that counts, 1 / F times F^2 / sum of r^2 over all pairs with correlation r (the
participation ratio of the correlation matrix; Bretherton et al. 1999, "The effective number of spatial degrees of
freedom", doi 10.1175/1520-0442(1999)012<1990:TENOSD>2.0.CO;2).

Legend: N deliveries, F features, Y strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slowpaths.core.views import ASPECT
from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.gates import SIDE_FEATURES

LEAST_SHRINK = 6.0
_REACH = 3.0  # robust standard deviations beyond which a number counts as this far off: no single one decides
_MIN_COUNT = 8  # fewer deliveries of one aspect do not show where its middle lies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Movement:
    """Hold the numbers of N deliveries on one scale.

    Args:
        features: Names (F,).
        values_NF: Distance from the median of the deliveries seen from the same side, in robust standard deviations
            (1.4826 MAD), at most 3, float32; NaN where unmeasured.
    """

    features: tuple[str, ...]
    values_NF: np.ndarray

    @classmethod
    def of(cls, block: FeatureBlock, features: Sequence[str], *, is_hand_known: np.ndarray) -> Movement:
        """Return the movement of a block.

        Features with no spread are left out, and those that change sign with the batter's hand where that is not known.

        Args:
            block: Features of N deliveries.
            features: Names of those to look at.
            is_hand_known: Where the handedness is sure enough for off and leg (N,), bool.
        """
        values_NF = np.stack([block[name] for name in features], axis=1) if features else np.empty((len(block), 0))
        values_NF = np.where(np.isfinite(values_NF), values_NF, np.nan)
        is_side_F = np.array([name in SIDE_FEATURES for name in features], dtype=bool)
        values_NF[np.ix_(~is_hand_known, is_side_F)] = np.nan
        scaled_NF = np.full(values_NF.shape, np.nan, dtype=np.float32)
        for aspect in set(ASPECT.values()):
            rows = np.flatnonzero(block.is_aspect(aspect))
            for column in range(len(features)):
                measured = rows[np.isfinite(values_NF[rows, column])]
                scaled_NF[measured, column] = _scaled(values_NF[measured, column])
        used = np.flatnonzero(np.isfinite(scaled_NF).any(axis=0)).tolist()
        return cls(features=tuple(features[column] for column in used), values_NF=scaled_NF[:, used])

    def take(self, rows: np.ndarray) -> Movement:
        """Return the movement of some deliveries, by position."""
        return Movement(features=self.features, values_NF=self.values_NF[rows])

    def only(self, features: set[str]) -> Movement:
        """Return what is left when all other features are withheld."""
        columns = [column for column, name in enumerate(self.features) if name in features]
        return Movement(
            features=tuple(self.features[column] for column in columns), values_NF=self.values_NF[:, columns]
        )

    def design(self) -> np.ndarray:
        """Return values, 0 where unmeasured, then whether they are measured (N, 2 F), float32."""
        is_measured_NF = np.isfinite(self.values_NF)
        return np.concatenate([np.where(is_measured_NF, self.values_NF, 0.0), is_measured_NF], axis=1, dtype=np.float32)


def independent_share(design_NG: np.ndarray) -> float:
    """Return how many independent features those of a design are worth, as a share of all; 0 without any.

    Args:
        design_NG: As `Movement.design` gives it (N, 2 F).

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


def movement_weights(counts_GY: np.ndarray, squares_F: np.ndarray, *, share: float, strength: float) -> np.ndarray:
    """Return the log-weights of a design's columns for each stroke (2 F, Y).

    The log-likelihood of a value z, without what all strokes have in common, is (z m - m^2 / 2) / v times `share`.

    Args:
        counts_GY: Expected sums of the design's columns by stroke (2 F, Y).
        squares_F: Sums of the squared values.
        share: See `independent_share`.
        strength: Pseudo-counts with which the common variance v is held at 1, deliveries.
    """
    sums_FY, num_FY = np.vsplit(counts_GY, 2)
    total_F = num_FY.sum(axis=1)
    between_F = (sums_FY**2 / np.maximum(num_FY, 1e-9)).sum(axis=1)
    noise_F = (squares_F - between_F + strength) / (total_F + strength)
    effect_F = (between_F - (num_FY.shape[1] - 1) * noise_F) / np.maximum(total_F, 1e-9)
    shrink_F1 = np.maximum(noise_F / np.maximum(effect_F, 1e-9), LEAST_SHRINK)[:, None]
    mean_FY = sums_FY / (num_FY + shrink_F1)
    within_F = squares_F + ((num_FY * mean_FY - 2.0 * sums_FY) * mean_FY).sum(axis=1)
    variance_F1 = ((within_F + strength) / (total_F + strength))[:, None]
    return share * np.concatenate([mean_FY / variance_F1, -0.5 * mean_FY**2 / variance_F1])


def _scaled(values: np.ndarray) -> np.ndarray | float:
    """Return values as distances from their median; NaN where there are too few, or most are the same."""
    if len(values) < _MIN_COUNT:
        return np.nan
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    return np.clip((values - middle) / spread, -_REACH, _REACH) if spread > 1e-9 else np.nan
