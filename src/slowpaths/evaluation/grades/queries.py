"""The questions people put to a set of clips: one class, of one batter where batters are known.

Legend: U rows of the pairing, Q queries, B replicates, S statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.pairing import Pairing
from slowpaths.evaluation.usefulness.retrieval import MIN_RELEVANT


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Ask for one class, of one batter where batters are known: rows of the pairing, scores and what is wanted."""

    column: int
    rows: np.ndarray
    scores: np.ndarray
    is_wanted: np.ndarray


def queries_of(pairing: Pairing, group: str | None) -> list[Query]:
    """Return a query for every class with enough deliveries, within a group or (None) over everything."""
    rows = np.arange(len(pairing.true_U)) if group is None else np.flatnonzero(pairing.group == group)
    queries = []
    for column in range(len(pairing.space.names)):
        is_wanted = pairing.true_U[rows] == column
        if is_wanted.sum() >= MIN_RELEVANT:
            scores = np.where(pairing.is_found[rows], pairing.probs_UG[rows, column], -np.inf)
            queries.append(Query(column, rows, scores, is_wanted))
    return queries


def mean_over_queries(values_QSB: np.ndarray) -> np.ndarray:
    """Return means (B, S) over the queries that a replicate can answer."""
    known = np.isfinite(values_QSB)
    return divide(np.where(known, values_QSB, 0.0).sum(axis=0), known.sum(axis=0)).T
