"""Stroke profiles: the share of every stroke in what a batter plays, in truth and as counted from predictions.

Groups are batters where truth names them, else matches. Those with fewer than `MIN_DELIVERIES` are left out; where all
are that small, the footage as a whole is one group. The true profile counts missed deliveries too; the counted one has
false deliveries where groups are not batters. Replays are no balls and count in neither, nor do strokes outside the
taxonomy.

Legend: B replicates, N rows that count, A groups, G classes, S classes that truth can have.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import nnls

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.pairing import NO_STROKE, Pairing

MIN_DELIVERIES = 10  # below it one delivery is more than a tenth of the profile
ALL = "all footage"


@dataclass(frozen=True, kw_only=True, eq=False)
class StrokeProfiles:
    """Hold what is counted for every group.

    Args:
        whose: Whose profiles they are, in words.
        names: Groups (A,); empty where there is no true delivery.
        sizes: True deliveries of each (A,).
        group_N: Group of every row (N,).
        true_NG: What each row adds to the true profile (N, G).
        hard_NG: What it adds counting named strokes (N, G).
        soft_NG: What it adds counting probabilities (N, G).
        is_graded: Whether a row has both a prediction and a true stroke (N,).
        weights_BN: Weights (B, N).
        num_true: S.
    """

    whose: str
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    group_N: np.ndarray
    true_NG: np.ndarray
    hard_NG: np.ndarray
    soft_NG: np.ndarray
    is_graded: np.ndarray
    weights_BN: np.ndarray
    num_true: int

    @cached_property
    def true_BAG(self) -> np.ndarray:
        """Return true profiles (B, A, G)."""
        return self.shares(self.true_NG)

    @cached_property
    def hard_BAG(self) -> np.ndarray:
        """Return profiles counted from named strokes (B, A, G)."""
        return self.shares(self.hard_NG)

    @cached_property
    def soft_BAG(self) -> np.ndarray:
        """Return profiles added up from probabilities (B, A, G)."""
        return self.shares(self.soft_NG)

    @cached_property
    def adjusted_AG(self) -> np.ndarray:
        """Return profiles corrected by the confusion of all other groups (A, G); NaN where there is no other."""
        graded, num_groups = self.is_graded, len(self.names)
        found_AS = adjusted_profiles(
            self.hard_NG[graded],
            self.true_NG[graded, : self.num_true],
            self.group_N[graded],
            num_groups=num_groups,
        )
        return np.pad(found_AS, ((0, 0), (0, self.hard_NG.shape[1] - self.num_true)))

    @cached_property
    def guessed_G(self) -> np.ndarray:
        """Return the profile of guessing every class alike (G,)."""
        classes = np.arange(self.true_NG.shape[1])
        return np.where(classes < self.num_true, 1 / self.num_true, 0.0)

    @cached_property
    def constant_G(self) -> np.ndarray:
        """Return the profile of always naming the most frequent class (G,)."""
        return np.eye(self.true_NG.shape[1])[self.true_NG.sum(axis=0).argmax()]

    def alike(self, shares_G: np.ndarray) -> StrokeProfiles:
        """Return what would be counted where every ball were given the same shares, for the sample itself."""
        rows_NG = np.broadcast_to(shares_G, self.true_NG.shape)
        return replace(self, hard_NG=rows_NG, soft_NG=rows_NG, weights_BN=self.weights_BN[:1])

    @cached_property
    def errors_BAG(self) -> np.ndarray:
        """Return the standard errors of counted (hard) minus true shares, balls of a group drawn alone (B, A, G)."""
        hard_NG, true_NG = self.hard_NG, self.true_NG
        found_N1, has_truth_N1 = hard_NG.sum(axis=1, keepdims=True), true_NG.sum(axis=1, keepdims=True)
        counted, true = self.hard_BAG, self.true_BAG
        num_counted, num_true = (self._sums(rows).sum(axis=2, keepdims=True) for rows in (hard_NG, true_NG))
        shared = self._sums(hard_NG * true_NG) - true * self._sums(hard_NG * has_truth_N1)
        shared += counted * (true * self._sums(found_N1 * has_truth_N1) - self._sums(true_NG * found_N1))
        squares = divide(self._sums(hard_NG**2), num_counted) - counted**2
        variance = divide(squares, num_counted) + divide(true - true**2, num_true)
        variance = (variance - 2 * divide(shared, num_counted * num_true)) * divide(num_true, num_true - 1)
        return np.sqrt(np.maximum(np.nan_to_num(variance), 0.0))

    def shares(self, counts_NG: np.ndarray) -> np.ndarray:
        """Return what rows add up to in every group, as shares (B, A, G)."""
        return to_shares(self._sums(counts_NG))

    def _sums(self, counts_NG: np.ndarray) -> np.ndarray:
        return np.stack([self.weights_BN[:, rows] @ counts_NG[rows] for rows in self.rows_of_group], axis=1)

    @cached_property
    def rows_of_group(self) -> list[np.ndarray]:
        """Return the rows of every group."""
        return [np.flatnonzero(self.group_N == group) for group in range(len(self.names))]


def stroke_profiles(pairing: Pairing, weights_BU: np.ndarray) -> StrokeProfiles:
    """Count the strokes of every batter (or match)."""
    whom, group_U = _groups(pairing)
    rows = np.flatnonzero((pairing.true_U >= 0) | ((pairing.true_U == NO_STROKE) & ~np.array(pairing.has_batters)))
    rows = rows[(group_U[rows] != "") & ~pairing.is_replay[rows]]
    if not (pairing.true_U[rows] >= 0).any():
        rows = rows[:0]
    names, group_N = np.unique(group_U[rows].astype(str), return_inverse=True)
    true_N, found_N = pairing.true_U[rows], pairing.is_found[rows]
    one_hot = np.eye(len(pairing.space.columns))
    soft_NG = np.where(found_N[:, None], np.nan_to_num(pairing.probs_UG[rows]), 0.0)
    sizes = Counter(group_U[(pairing.true_U >= 0) & ~pairing.is_replay])
    return StrokeProfiles(
        whose="the footage's" if whom == ALL else f"each {whom}'s",
        names=tuple(names.tolist()),
        sizes=tuple(sizes[name] for name in names.tolist()),
        group_N=group_N,
        true_NG=np.where((true_N >= 0)[:, None], one_hot[np.maximum(true_N, 0)], 0.0),
        hard_NG=np.where(found_N[:, None], one_hot[np.maximum(pairing.called_U[rows], 0)], 0.0),
        soft_NG=soft_NG,
        is_graded=pairing.is_graded[rows],
        weights_BN=weights_BU[:, rows],
        num_true=len(pairing.space.names),
    )


def to_shares(counts: np.ndarray) -> np.ndarray:
    """Return counts over their sum along the last axis; NaN where there is nothing."""
    return divide(counts, counts.sum(axis=-1, keepdims=True))


def mean_over_groups(distance_BA: np.ndarray, true_BAG: np.ndarray, counted_BAG: np.ndarray) -> np.ndarray:
    """Return the mean over groups with true deliveries (B,); one where nothing was found is wholly wrong, 1."""
    has_truth = np.isfinite(true_BAG).all(axis=2)
    is_lost = has_truth & ~np.isfinite(counted_BAG).all(axis=2)
    distance_BA = np.where(is_lost, 1.0, np.where(has_truth, distance_BA, 0.0))
    return divide(distance_BA.sum(axis=1), has_truth.sum(axis=1))


def adjusted_counts(counted_G: np.ndarray, confusion_SG: np.ndarray) -> np.ndarray:
    """Return the shares that would have been counted as `counted_G`: solve C^T p = q with p >= 0 (adjusted counting).

    Forman 2008 (doi 10.1007/s10618-008-0097-y); least squares where no p fits exactly.

    Args:
        counted_G: Share of each named class (G,).
        confusion_SG: P(named | true) (S, G), rows sum to 1; S may be smaller than G ("other" is never true).

    Returns:
        Shares of the true classes (S,), sum 1.
    """
    solution_S, _ = nnls(confusion_SG.T, counted_G)
    total = solution_S.sum()
    return solution_S / total if total > 0 else np.full(len(solution_S), 1 / len(solution_S))


def conditional_confusion(counts_SG: np.ndarray) -> np.ndarray:
    """Return P(named | true) from counts (S, G); a class that was never seen is taken to be always right."""
    rows_S1 = counts_SG.sum(axis=1, keepdims=True)
    return np.where(rows_S1 > 0, np.nan_to_num(divide(counts_SG, rows_S1)), np.eye(*counts_SG.shape))


def adjusted_profiles(
    counted_NG: np.ndarray, true_NS: np.ndarray, group_N: np.ndarray, *, num_groups: int
) -> np.ndarray:
    """Return each group's profile after adjusted counting with the confusion of all other groups (A, S).

    Args:
        counted_NG: Hard or soft predictions of found deliveries (N, G).
        true_NS: One-hot true classes (N, S).
        group_N: Groups (N,).
        num_groups: A.
    """
    profiles_AS = np.full((num_groups, true_NS.shape[1]), np.nan)
    for group in range(num_groups):
        inside = group_N == group
        if inside.any() and not inside.all():
            confusion_SG = conditional_confusion(true_NS[~inside].T @ counted_NG[~inside])
            profiles_AS[group] = adjusted_counts(counted_NG[inside].mean(axis=0), confusion_SG)
    return profiles_AS


def _groups(pairing: Pairing) -> tuple[str, np.ndarray]:
    """Return what a group is called, and the group of every row (U,), "" for rows of groups that are too small."""
    sizes = Counter(pairing.group[(pairing.true_U >= 0) & ~pairing.is_replay])
    large = {name for name, size in sizes.items() if name and size >= MIN_DELIVERIES}
    if not large:
        return ALL, np.full(len(pairing.group), ALL, dtype=object)
    whom = "batter" if pairing.has_batters else "match"
    return whom, np.array([name if name in large else "" for name in pairing.group], dtype=object)
