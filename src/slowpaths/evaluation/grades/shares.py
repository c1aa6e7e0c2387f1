"""A share of hits as the report states it.

Legend: B replicates, N rows.
"""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.intervals import ClusterBootstrap
from slowpaths.evaluation.measure import Measure, measured, missing


def share_of(
    name: str,
    meaning: str,
    values: np.ndarray,
    bootstrap: ClusterBootstrap,
    *,
    chance: float | None = None,
    reason: str = "there is no delivery it could be measured on",
) -> Measure:
    """Return the share of hits as a measure of mining, with its interval.

    Args:
        name: Key in the report.
        meaning: What it means, in one phrase.
        values: 1 hit, 0 miss, NaN not judged (N,).
        bootstrap: Draws the matches that the N rows belong to.
        chance: What guessing gets.
        reason: Why there is no number where nothing is judged.
    """
    values = values.astype(np.float64)
    known = np.isfinite(values)
    if not known.any():
        return missing(name, "mining", meaning, reason=reason)
    hits = np.where(known, values, 0.0)

    def statistic(weights_BN: np.ndarray) -> np.ndarray:
        num_B = weights_BN @ known
        return np.divide(weights_BN @ hits, num_B, out=np.full(len(num_B), np.nan), where=num_B > 0)[:, None]

    (estimate,) = bootstrap.estimate(statistic)
    return measured(name, "mining", meaning, estimate=estimate, chance=chance, num=int(known.sum()), is_share=True)
