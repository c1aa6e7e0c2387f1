"""Robustness: what is left where it is worst, among grounds, camera views and the two hands.

The lowest decision utility of a group over that of all deliveries: 1 where none is worse, below 0 where a group is
better served by an answer that ignores the picture.

Edge cases: a group with fewer than thirty deliveries is left out; two groups are needed; where utility is not above 0
there is nothing that could be left.

The table takes the deliveries that truth says are of one view, hand or ground as if there were no others: profiles of
batters from these balls alone, the search for strokes among these clips alone, decisions on them. False deliveries
have no view, and belong to none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from slowpaths.evaluation.intervals import divide
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.measures.decision_utility import best_actions, class_costs, normalised_utility
from slowpaths.evaluation.measures.profile_fidelity import fidelity
from slowpaths.evaluation.measures.review import clips_to_recall, work_saved
from slowpaths.evaluation.sample import Sample, mean_known

MIN_DELIVERIES = 30
KEYS = ("venue", "view", "handedness")


def left_at_worst(utility_B: np.ndarray, groups_AB: np.ndarray) -> np.ndarray:
    """Return the lowest utility of a group over that of all (B,), NaN where all have none.

    Example:
        >>> left_at_worst(np.array([0.5]), np.array([[0.5], [0.25]])).tolist()
        [0.5]
    """
    return np.where(utility_B > 0, divide(groups_AB.min(axis=0), utility_B), np.nan)


def _read(sample: Sample, key: str) -> Reading:
    truths = [sample.pairing.truths[row] for row in sample.rows]
    name_N = np.array([str(getattr(item, key)) if item else "" for item in truths])
    names, sizes = np.unique(name_N[name_N != ""], return_counts=True)
    if (sizes >= MIN_DELIVERIES).sum() < 2:
        raise NotMeasured(f"it needs two values of {key} with {MIN_DELIVERIES} deliveries each")
    costs_GG = class_costs(sample.pairing.space)
    actions_N = best_actions(sample.probs_NG, costs_GG)

    def utility(own: Any) -> np.ndarray:
        return normalised_utility(actions_N[own], sample.true_N[own], costs_GG, sample.weights_BN[:, own])

    large = names[sizes >= MIN_DELIVERIES]
    groups_AB = np.array([utility(name_N == name) for name in large])
    return Reading(values_B=left_at_worst(utility(slice(None)), groups_AB), num=len(large))


MEASURES = tuple(
    measure(place, "usefulness", name=f"robustness_{key}", bounds=(-np.inf, 1.0), meaning=meaning)(
        lambda sample, key=key: _read(sample, key)
    )
    for place, key, meaning in zip(
        (71, 72, 73),
        KEYS,
        (
            "what is left of decision utility at the worst ground",
            "what is left of decision utility in the worst camera view",
            "what is left of decision utility for the worse hand",
        ),
        strict=True,
    )
)


def strata(sample: Sample) -> list[tuple[str, str, np.ndarray]]:
    """Return key, value and rows of the pairing of each stratum that is large enough."""
    truths, found = sample.pairing.truths, []
    for key in KEYS:
        value_U = np.array([str(getattr(item, key)) if item else "" for item in truths])
        names, sizes = np.unique(value_U[(value_U != "") & sample.pairing.is_graded], return_counts=True)
        found += [(key, str(name), value_U == name) for name in names[sizes >= MIN_DELIVERIES]]
    return found


@report_table(41, name="strata", title="Usefulness by view, hand and ground")
def _strata(sample: Sample) -> Table:
    table: Table = []
    for key, value, own_U in strata(sample):
        part = replace(sample, pairing=sample.pairing.take(own_U), has_intervals=False)
        row: dict[str, float | int | str] = {"field": key, "value": value, "deliveries": int(own_U.sum())}
        for name, score in _SCORES.items():
            try:
                row[name] = float(score(part)[0])
            except NotMeasured:
                row[name] = float("nan")
        table.append(row)
    return table


def _fidelity(part: Sample) -> np.ndarray:
    return fidelity(part.profiles, part.profiles.hard_NG)


def _wss95(part: Sample) -> np.ndarray:
    return mean_known([work_saved(clips_to_recall(ranking), ranking.num_clips_B) for ranking in part.searched])


def _utility(part: Sample) -> np.ndarray:
    costs_GG = class_costs(part.pairing.space)
    return normalised_utility(best_actions(part.probs_NG, costs_GG), part.true_N, costs_GG)


_SCORES: dict[str, Callable[[Sample], np.ndarray]] = {
    "profile_fidelity": _fidelity,
    "wss95": _wss95,
    "decision_utility": _utility,
}
