"""Finding clips, as the report states it."""

from __future__ import annotations

import numpy as np

from slowpaths.evaluation.grades.queries import Query, mean_over_queries, queries_of
from slowpaths.evaluation.intervals import ClusterBootstrap
from slowpaths.evaluation.measure import Measure, measured, missing
from slowpaths.evaluation.pairing import Pairing
from slowpaths.evaluation.usefulness import retrieval
from slowpaths.evaluation.usefulness.ranking import rank


def grade_retrieval(pairing: Pairing, bootstrap: ClusterBootstrap) -> list[Measure]:
    """Measure how well clips of a class (of a batter, where truth names batters) are found by ranking them."""
    meanings = {
        "retrieval_ap": "average precision of 'show me this stroke{}'",
        "retrieval_p10": "share of hits among the first ten clips of 'show me this stroke{}'",
        "retrieval_ndcg20": "how near the first twenty clips are to the best order, 'show me this stroke{}'",
        "retrieval_saving": "watching saved until the third hit, against random order",
    }
    whose = " of this batter" if pairing.has_batters else ""
    meanings = {name: text.format(whose) for name, text in meanings.items()}
    groups = sorted({str(name) for name in pairing.group} - {""}) if pairing.has_batters else [None]
    queries = [query for group in groups for query in queries_of(pairing, group)]
    if not queries:
        reason = f"no stroke{whose} has {retrieval.MIN_RELEVANT} deliveries"
        return [missing(name, "usefulness", text, reason=reason) for name, text in meanings.items()]

    def statistic(weights_BU: np.ndarray) -> np.ndarray:
        values = []
        for query in queries:
            ranking = rank(query.scores, query.is_wanted, weights_BU[:, query.rows])
            values.append(
                [
                    retrieval.average_precision(ranking),
                    retrieval.precision_at(ranking),
                    retrieval.ndcg_at(ranking),
                    retrieval.saving_to_hit(ranking),
                ]
            )
        return mean_over_queries(np.array(values))

    chances = {
        "retrieval_ap": float(np.mean([_random_ap(query) for query in queries])),
        "retrieval_p10": float(np.mean([_random_p10(query) for query in queries])),
        "retrieval_ndcg20": float(np.mean([_random_ndcg(query) for query in queries])),
        "retrieval_saving": 0.0,
    }
    return [
        measured(
            name,
            "usefulness",
            text,
            estimate=estimate,
            chance=chances.get(name),
            num=len(queries),
            bounds=(-np.inf, 1.0) if name == "retrieval_saving" else (0.0, 1.0),
        )
        for (name, text), estimate in zip(meanings.items(), bootstrap.estimate(statistic), strict=True)
    ]


def _random_ap(query: Query) -> float:
    shown = query.scores > -np.inf
    found, total = int(query.is_wanted[shown].sum()), int(query.is_wanted.sum())
    return retrieval.random_average_precision(found, int(shown.sum())) * found / total if found else 0.0


def _random_p10(query: Query) -> float:
    shown = query.scores > -np.inf
    num = int(shown.sum())
    hit_rate = query.is_wanted[shown].mean() if num else 0.0
    return float(hit_rate * min(num, retrieval.PRECISION_AT) / retrieval.PRECISION_AT)


def _random_ndcg(query: Query) -> float:
    shown = query.scores > -np.inf
    alike = np.where(shown, 0.0, -np.inf)
    return float(retrieval.ndcg_at(rank(alike, query.is_wanted))[0])
