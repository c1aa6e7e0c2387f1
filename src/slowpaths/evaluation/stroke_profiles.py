"""Stroke profiles: the share of every stroke in what a batter plays, in truth and as counted from predictions.

Groups are batters where truth names them, else matches. Those with fewer than `MIN_DELIVERIES` are left out; where all
are that small, the footage as a whole is one group. The true profile counts missed deliveries too; the counted one has
false deliveries where groups are not batters (matches, or the footage). Replays are no balls and count in neither, nor
do strokes outside the taxonomy.

Legend: B replicates, N rows that count, A groups, G classes, S classes that truth can have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import nnls

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import Reading
from slowpaths.evaluation.pairing import NO_STROKE, Pairing

MIN_DELIVERIES = 10  # below it one delivery is more than a tenth of the profile
ALL = "all footage"
BASELINE = "every class alike; the most frequent class"


@dataclass(frozen=True, kw_only=True, eq=False)
class StrokeProfiles:
    """Hold what is counted for every group."""

    whose: str  # whose profiles they are, in words
    names: tuple[str, ...]  # groups (A,); empty where there is no true delivery
    sizes: tuple[int, ...]  # true deliveries of each (A,)
    num_left_out: int = 0  # groups with too few true deliveries to have a profile
    group_N: np.ndarray  # group of every row (N,)
    true_NG: np.ndarray  # what each row adds to the true profile (N, G)
    hard_NG: np.ndarray  # what it adds counting named strokes (N, G)
    soft_NG: np.ndarray  # what it adds counting probabilities (N, G)
    is_graded: np.ndarray  # whether a row has both a prediction and a true stroke (N,)
    weights_BN: np.ndarray  # weights (B, N)
    num_true: int  # S

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
        """Return profiles after adjusted counting with the confusion of all other groups (A, G).

        Found deliveries are counted as named; NaN where there is no other group.
        """
        graded, num = self.is_graded, self.num_true
        counted_NG, true_NS, group_N = self.hard_NG[graded], self.true_NG[graded, :num], self.group_N[graded]
        found_AG = np.zeros((len(self.names), self.hard_NG.shape[1]))  # "other" is never true
        found_AG[:, :num] = np.nan
        for group in range(len(self.names)):
            inside = group_N == group
            if inside.any() and not inside.all():
                confusion_SG = conditional_confusion(true_NS[~inside].T @ counted_NG[~inside])
                found_AG[group, :num] = adjusted_counts(counted_NG[inside].mean(axis=0), confusion_SG)
        return found_AG

    def reading(
        self, values_B: np.ndarray, score: Callable[[StrokeProfiles], np.ndarray], *, meaning: str = ""
    ) -> Reading:
        """Return a reading with what guessing and naming always the most frequent class score, for the sample itself.

        `score` maps profiles to scores (B,).
        """
        num_classes = self.true_NG.shape[1]
        guessed_G = np.where(np.arange(num_classes) < self.num_true, 1 / self.num_true, 0.0)
        constant_G = np.eye(num_classes)[self.true_NG.sum(axis=0).argmax()]
        baselines = []
        for shares_G in (guessed_G, constant_G):  # every ball is given the same shares
            rows_NG = np.broadcast_to(shares_G, self.true_NG.shape)
            alike = replace(self, hard_NG=rows_NG, soft_NG=rows_NG, weights_BN=self.weights_BN[:1])
            baselines.append(float(score(alike)[0]))
        chance, constant = baselines
        return Reading(values_B=values_B, num=len(self.names), chance=chance, constant=constant, meaning=meaning)

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
    is_true = pairing.true_U >= 0
    sizes = Counter(pairing.group[is_true & ~pairing.is_replay])
    large = [name for name, size in sizes.items() if name and size >= MIN_DELIVERIES]
    num_left_out = sum(bool(name) for name in sizes) - len(large)
    group_U = pairing.group
    if not large:
        group_U, sizes, large = np.full(len(group_U), ALL, dtype=object), Counter({ALL: sizes.total()}), [ALL]
    is_of_batters = pairing.has_batters and large != [ALL]
    is_counted = is_true | ((pairing.true_U == NO_STROKE) & ~np.array(is_of_batters))
    rows = np.flatnonzero(is_counted & np.isin(group_U.astype(str), large) & ~pairing.is_replay)
    rows = rows if is_true[rows].any() else rows[:0]
    names, group_N = np.unique(group_U[rows].astype(str), return_inverse=True)
    true_N, is_found_N1 = pairing.true_U[rows], pairing.is_found[rows, None]
    one_hot = np.eye(len(pairing.space.columns))
    kind = "batter" if pairing.has_batters else "match"
    return StrokeProfiles(
        whose="the footage's" if large == [ALL] else f"each {kind}'s",
        num_left_out=num_left_out,
        names=tuple(names.tolist()),
        sizes=tuple(sizes[name] for name in names.tolist()),
        group_N=group_N,
        true_NG=np.where((true_N >= 0)[:, None], one_hot[np.maximum(true_N, 0)], 0.0),
        hard_NG=np.where(is_found_N1, one_hot[np.maximum(pairing.called_U[rows], 0)], 0.0),
        soft_NG=np.where(is_found_N1, np.nan_to_num(pairing.probs_UG[rows]), 0.0),
        is_graded=pairing.is_graded[rows],
        weights_BN=weights_BU[:, rows],
        num_true=len(pairing.space.names),
    )


def to_shares(counts: np.ndarray) -> np.ndarray:
    """Return counts over their sum along the last axis; NaN where there is nothing."""
    return divide(counts, counts.sum(axis=-1, keepdims=True))


def adjusted_counts(counted_G: np.ndarray, confusion_SG: np.ndarray) -> np.ndarray:
    """Return the shares that would have been counted as `counted_G`: solve C^T p = q with p >= 0 (adjusted counting).

    Forman 2008 (doi 10.1007/s10618-008-0097-y); least squares where no p fits exactly. The confusion is P(named | true)
    (S, G), rows sum to 1; S may be smaller than G ("other" is never true). The shares (S,) sum to 1.
    """
    solution_S, _ = nnls(confusion_SG.T, counted_G)
    total = solution_S.sum()
    return solution_S / total if total > 0 else np.full(len(solution_S), 1 / len(solution_S))


def conditional_confusion(counts_SG: np.ndarray) -> np.ndarray:
    """Return P(named | true) from counts (S, G); a class that was never seen is taken to be always right."""
    rows_S1 = counts_SG.sum(axis=1, keepdims=True)
    return np.where(rows_S1 > 0, np.nan_to_num(divide(counts_SG, rows_S1)), np.eye(*counts_SG.shape))
