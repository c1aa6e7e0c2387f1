"""Choose which labelled deliveries a network is trained on first.

Taking the surest clips overall would teach the commonest strokes and little else. So each stroke gets a threshold of
its own, at the confidence where the share kept of it matches its estimated share of the deliveries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Hold the rules of selection.

    Args:
        enabled: Whether anything is left out; without it every delivery with a vote is kept, duplicates too.
        keep_share: Share of the deliveries with votes that all strokes together may fill, 0..1.
        min_confidence: Least confidence of a kept label.
        min_event_p: Least probability that there is a stroke at all.
        min_per_stroke: A stroke keeps this many before its share limits it: in a small set, shares of a few
            deliveries would leave nothing to train on.
        max_per_stroke: Most deliveries of one stroke; None for no limit.
        drop_duplicates: Whether only the surest of near-identical deliveries is kept.
    """

    enabled: bool = True
    keep_share: float = 0.8
    min_confidence: float = 0.0
    min_event_p: float = 0.5
    min_per_stroke: int = 8
    max_per_stroke: int | None = None
    drop_duplicates: bool = True

    def __post_init__(self) -> None:
        for name in ("keep_share", "min_confidence", "min_event_p"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise UsageError(f"selection.{name} must lie between 0 and 1, got {value}")
        if self.min_per_stroke < 0:
            raise UsageError(f"selection.min_per_stroke must not be negative, got {self.min_per_stroke}")
        if self.max_per_stroke is not None and self.max_per_stroke < 1:
            raise UsageError(f"selection.max_per_stroke must be at least 1 or null, got {self.max_per_stroke}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selected:
    """Hold the outcome of selection."""

    is_kept: np.ndarray  # deliveries to train on (N,), bool
    least_C: np.ndarray  # confidence of the last delivery kept of each stroke; NaN where none is
    counts: dict[str, int]  # reason -> deliveries left out for it, first reason that applies


def select(
    probs_NC: np.ndarray,
    *,
    shares_C: np.ndarray,
    has_votes: np.ndarray,
    event_p: np.ndarray,
    groups: np.ndarray,
    is_gold: np.ndarray,
    settings: Selection,
) -> Selected:
    """Return which deliveries to keep; what a person labelled always stays, except for duplicates of itself.

    The kept deliveries should have the shares `shares_C`. An unknown (NaN) `event_p` counts as certain; `groups`
    numbers the near-identical deliveries.
    """
    label_N, confidence_N = probs_NC.argmax(axis=1), probs_NC.max(axis=1)
    least_C = np.full(probs_NC.shape[1], np.nan)
    has_label = has_votes | is_gold
    if not settings.enabled:
        return Selected(is_kept=has_label, least_C=least_C, counts={"no vote": int((~has_label).sum())})
    reasons = {
        "no vote": ~has_label,
        "probably no stroke": (event_p < settings.min_event_p) & ~is_gold,
        "near-duplicate": np.zeros(len(label_N), dtype=bool),
        "confidence below the least": (confidence_N < settings.min_confidence) & ~is_gold,
    }
    is_left = np.ones(len(label_N), dtype=bool)
    counts = {}
    for reason, applies in reasons.items():
        if reason == "near-duplicate" and settings.drop_duplicates:  # of those that may be kept, so that one of them is
            rows = np.flatnonzero(is_left)
            applies[rows] = _is_duplicate(groups[rows], (confidence_N + is_gold)[rows])
        counts[reason] = int((is_left & applies).sum())
        is_left &= ~applies
    is_kept = is_left & is_gold
    budget = settings.keep_share * has_label.sum()
    for stroke, share in enumerate(shares_C):
        rows = np.flatnonzero(is_left & ~is_gold & (label_N == stroke))
        quota = max(round(budget * share), settings.min_per_stroke)
        if settings.max_per_stroke is not None:
            quota = min(quota, settings.max_per_stroke)
        quota = max(quota - int((is_kept & (label_N == stroke)).sum()), 0)
        surest = rows[np.argsort(-confidence_N[rows], kind="stable")][:quota]
        is_kept[surest] = True
        least_C[stroke] = confidence_N[surest].min() if len(surest) else np.nan
    counts["beyond the stroke's quota"] = int((is_left & ~is_kept).sum())
    return Selected(is_kept=is_kept, least_C=least_C, counts=counts)


def duplicate_groups(features_NF: np.ndarray) -> np.ndarray:
    """Return one number a group of near-identical deliveries (N,): those with equal features, NaN where unmeasured.

    Deliveries without any measurement are never alike.

    Example:
        >>> duplicate_groups(np.array([[1.0, np.nan], [2.0, 0.0], [1.0, np.nan]])).tolist()
        [0, 1, 0]
    """
    rows = np.where(np.isnan(features_NF), np.inf, features_NF) + 0.0  # NaN differs from itself, -0 from 0 in bytes
    keys = np.ascontiguousarray(rows).view(f"V{rows.shape[1] * rows.itemsize}").ravel()
    _, first, alike = np.unique(keys, return_index=True, return_inverse=True)
    numbers = first[alike.ravel()]
    is_bare = np.isnan(features_NF).all(axis=1)
    numbers[is_bare] = np.flatnonzero(is_bare)
    return numbers


def _is_duplicate(groups: np.ndarray, rank_N: np.ndarray) -> np.ndarray:
    """Return all but the highest-ranked (then first) delivery of each group (N,), bool."""
    order = np.lexsort((np.arange(len(groups)), -rank_N, groups))
    is_first = np.diff(groups[order], prepend=-1) != 0
    is_duplicate = np.ones(len(groups), dtype=bool)
    is_duplicate[order[is_first]] = False
    return is_duplicate
