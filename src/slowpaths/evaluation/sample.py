"""Predictions and truth as the measures read them: what several of them need is computed once.

Legend: B replicates, of which the first is the sample itself, U rows of the pairing, N graded rows (a prediction and a
true class), G classes, Q queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from slowpaths.evaluation.intervals import divide, leave_out, unit_weights, weighted_mean
from slowpaths.evaluation.measure import NotMeasured, Reading
from slowpaths.evaluation.pairing import Pairing
from slowpaths.evaluation.ranking import Ranking, rank
from slowpaths.evaluation.stroke_profiles import StrokeProfiles, stroke_profiles

MIN_RELEVANT = 3  # a query with fewer right answers says little
NO_PAIR = "no prediction lies near a true delivery with a stroke of the taxonomy"


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Ask for one class, of one batter where batters are known: rows of the pairing, scores and what is wanted."""

    column: int
    rows: np.ndarray
    scores: np.ndarray
    is_wanted: np.ndarray

    @property
    def is_shown(self) -> np.ndarray:
        """Return which clips were found, and so can be shown."""
        return self.scores > -np.inf


@dataclass(frozen=True, eq=False)
class Sample:
    """Hold predictions and truth side by side."""

    pairing: Pairing  # predictions and truth side by side
    footage_s: float | None = None  # how long the judged videos are together, seconds; None where that is not known
    # share of each stroke that the probabilities take for given (14,); None where that is not known
    prior_C: np.ndarray | None = None
    has_intervals: bool = True  # whether matches are left out, one at a time, for intervals

    @cached_property
    def weights_BU(self) -> np.ndarray:
        """Return weights (B, U): ones, then each match left out."""
        match_U = self.pairing.match
        return leave_out(match_U) if self.has_intervals else unit_weights(len(match_U))

    @cached_property
    def rows(self) -> np.ndarray:
        """Return the graded rows of the pairing (N,)."""
        rows = np.flatnonzero(self.pairing.is_graded)
        if not len(rows):
            raise NotMeasured(NO_PAIR)
        return rows

    @cached_property
    def weights_BN(self) -> np.ndarray:
        """Return the weights of the graded rows (B, N)."""
        return self.weights_BU[:, self.rows]

    @cached_property
    def probs_NG(self) -> np.ndarray:
        """Return class probabilities (N, G)."""
        return self.pairing.probs_UG[self.rows]

    @cached_property
    def true_N(self) -> np.ndarray:
        """Return true classes (N,)."""
        return self.pairing.true_U[self.rows]

    @cached_property
    def called_N(self) -> np.ndarray:
        """Return the named classes (N,)."""
        return self.pairing.called_U[self.rows]

    @cached_property
    def confidence_N(self) -> np.ndarray:
        """Return the probability of the named class (N,)."""
        return np.take_along_axis(self.probs_NG, self.called_N[:, None], axis=1)[:, 0]

    @cached_property
    def correct_N(self) -> np.ndarray:
        """Return whether the named class is right, 0 or 1 (N,)."""
        return (self.called_N == self.true_N).astype(np.float64)

    @cached_property
    def is_ball_N(self) -> np.ndarray:
        """Return which rows count as balls (N,): replays do not."""
        return ~self.pairing.is_replay[self.rows]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the classes that truth can have; there may be one more column, "other"."""
        return self.pairing.space.names

    @cached_property
    def shares_G(self) -> np.ndarray:
        """Return the share of every true class among the graded rows (G,)."""
        return np.bincount(self.true_N, minlength=self.probs_NG.shape[1]) / len(self.rows)

    @cached_property
    def confusion_BGG(self) -> np.ndarray:
        """Return weighted confusion matrices (B, G, G), rows true, columns named."""
        return confusion(self.called_N, self.true_N, self.weights_BN, num_classes=self.probs_NG.shape[1])

    def reading(self, values_B: np.ndarray, **options: Any) -> Reading:
        """Return a reading of the graded rows."""
        return Reading(values_B=values_B, num=len(self.rows), **options)

    def mean(self, values_N: np.ndarray, own: np.ndarray | slice = slice(None), **options: Any) -> Reading:
        """Return the reading of a mean over the graded rows, or over some of them (a mask or indices)."""
        weights_BN = self.weights_BN[:, own]
        return Reading(values_B=weighted_mean(values_N[own], weights_BN), num=weights_BN.shape[1], **options)

    def mean_over(self, rankings: list[Ranking], score: Callable[[Ranking], np.ndarray], *, chance: float) -> Reading:
        """Return the reading of the mean score of rankings; a score is an array (B,)."""
        return Reading(values_B=mean_known([score(item) for item in rankings]), num=len(rankings), chance=chance)

    @cached_property
    def profiles(self) -> StrokeProfiles:
        """Return what is counted for every batter (or match)."""
        profiles = stroke_profiles(self.pairing, self.weights_BU)
        if not profiles.names:
            raise NotMeasured("no true delivery has a stroke of the taxonomy")
        return profiles

    @cached_property
    def queries(self) -> list[Query]:
        """Return a query for every class (of a batter, where truth names batters) with enough deliveries."""
        pairing = self.pairing
        groups = sorted({str(name) for name in pairing.group} - {""}) if pairing.has_batters else [None]
        queries = [query for group in groups for query in queries_of(pairing, group)]
        if not queries:
            raise NotMeasured(f"no stroke{self.of_batter} has {MIN_RELEVANT} deliveries")
        return queries

    @property
    def of_batter(self) -> str:
        """Return what a query is limited to, in words."""
        return " of this batter" if self.pairing.has_batters else ""

    @cached_property
    def rankings(self) -> list[Ranking]:
        """Return the ranked clips of every query."""
        return self._ranked(self.queries)

    @cached_property
    def searches(self) -> list[Query]:
        """Return a query over all clips for every class with enough balls; a replay is a clip to watch, not a find."""
        searches = queries_of(self.pairing, None, only_balls=True)
        if not searches:
            raise NotMeasured(f"no stroke has {MIN_RELEVANT} deliveries")
        return searches

    @cached_property
    def searched(self) -> list[Ranking]:
        """Return the ranked clips of every search."""
        return self._ranked(self.searches)

    def _ranked(self, queries: list[Query]) -> list[Ranking]:
        return [rank(query.scores, query.is_wanted, self.weights_BU[:, query.rows]) for query in queries]


def confusion(called_N: np.ndarray, true_N: np.ndarray, weights_BN: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Return weighted confusion matrices (B, G, G), rows true, columns named."""
    one_hot = np.eye(num_classes * num_classes)[true_N * num_classes + called_N]
    return (weights_BN @ one_hot).reshape(-1, num_classes, num_classes)


def queries_of(pairing: Pairing, group: str | None, *, only_balls: bool = False) -> list[Query]:
    """Return a query for every class with enough deliveries, within a group or (None) over everything."""
    rows = np.arange(len(pairing.true_U)) if group is None else np.flatnonzero(pairing.group == group)
    queries = []
    for column in range(len(pairing.space.names)):
        is_wanted = (pairing.true_U[rows] == column) & ~(pairing.is_replay[rows] & only_balls)
        if is_wanted.sum() >= MIN_RELEVANT:
            scores = np.where(pairing.is_found[rows], pairing.probs_UG[rows, column], -np.inf)
            queries.append(Query(column, rows, scores, is_wanted))
    return queries


def mean_known(values_QB: list[np.ndarray]) -> np.ndarray:
    """Return means over the queries (or classes) that a replicate can answer (B,)."""
    values = np.array(values_QB)
    known = np.isfinite(values)
    return divide(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0))
