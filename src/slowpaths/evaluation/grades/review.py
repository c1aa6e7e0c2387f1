"""Review effort, as the report states it."""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.grades.queries import Query, mean_over_queries, queries_of
from slowpaths.evaluation.intervals import ClusterBootstrap, divide
from slowpaths.evaluation.measure import Measure, Table, measured, missing
from slowpaths.evaluation.pairing import NO_STROKE, Pairing
from slowpaths.evaluation.usefulness import review
from slowpaths.evaluation.usefulness.ranking import rank
from slowpaths.evaluation.usefulness.retrieval import MIN_RELEVANT


def grade_review(pairing: Pairing, bootstrap: ClusterBootstrap) -> tuple[list[Measure], dict[str, Table]]:
    """Measure how much watching it takes to find 95 % of all deliveries of a class."""
    meanings = {
        "wss95": "screening saved while still finding 95 % of a stroke, mean over strokes",
        "review_minutes": "minutes of clips to find 95 % of a stroke (beside: watching everything)",
        "review_area": "area under recall against share of clips watched",
    }
    queries = queries_of(pairing, None)
    if not queries:
        reason = f"no stroke has {MIN_RELEVANT} deliveries"
        return [missing(name, "usefulness", text, reason=reason) for name, text in meanings.items()], {}

    def statistic(weights_BU: np.ndarray) -> np.ndarray:
        values = []
        for query in queries:
            ranking = rank(query.scores, query.is_wanted, weights_BU[:, query.rows])
            screened_B, clips_B = review.clips_to_recall(ranking), ranking.num_clips_B
            saved_B = divide(clips_B - screened_B, clips_B) - (1 - review.RECALL)
            values.append([saved_B, review.review_minutes(screened_B), review.effort_area(ranking)])
        return mean_over_queries(np.array(values))

    num_true = int((pairing.true_U != NO_STROKE).sum())
    beside = {"wss95": 0.0, "review_minutes": float(review.linear_minutes(num_true)), "review_area": 0.5}
    measures = [
        measured(
            name,
            "usefulness",
            text,
            estimate=estimate,
            chance=beside[name],
            num=len(queries),
            bounds=(0.0, np.inf) if name == "review_minutes" else (-1.0, 1.0),
            unit="min" if name == "review_minutes" else "",
        )
        for (name, text), estimate in zip(meanings.items(), bootstrap.estimate(statistic), strict=True)
    ]
    return measures, {"review": [_review_row(pairing, query) for query in queries], "effort": _effort(pairing, queries)}


def _review_row(pairing: Pairing, query: Query) -> dict[str, float | int | str]:
    ranking = rank(query.scores, query.is_wanted)
    clips = float(ranking.num_clips_B[0])
    screened = float(review.clips_to_recall(ranking)[0])
    num_true = int((pairing.true_U != NO_STROKE).sum())
    return {
        "class": pairing.space.names[query.column],
        "deliveries": int(query.is_wanted.sum()),
        "reachable_recall": float(ranking.hits_BH.sum() / query.is_wanted.sum()),
        "clips_to_95_recall": screened,
        "clips": clips,
        "wss95": float(review.work_saved(screened, clips)) if clips else float("nan"),
        "minutes": float(review.review_minutes(screened)),
        "linear_minutes": float(review.linear_minutes(num_true)),
    }


def _effort(pairing: Pairing, queries: list[Query]) -> Table:
    table: Table = []
    for query in queries:
        share, recall = review.effort_curve(rank(query.scores, query.is_wanted))
        minutes = review.review_minutes(share * float((query.scores > -np.inf).sum()))
        table += [
            {
                "class": pairing.space.names[query.column],
                "minutes": float(x),
                "recall": float(y),
            }
            for x, y in zip(minutes, recall, strict=True)
        ]
    return table
