"""Choosing a system with few labels, where the best one is known."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.gap.choosing import (
    STRATEGIES,
    Calls,
    accuracy_belief,
    best_probability,
    choosing_table,
    label_order,
    labels_needed,
    most_telling,
)
from slowpaths.evaluation.gap.words import choosing_advice

CLASSES = 4


def _calls(accuracies: list[float], num: int = 300, seed: int = 0) -> tuple[Calls, np.ndarray]:
    rng = np.random.default_rng(seed)
    true_N = rng.integers(CLASSES, size=num)
    wrong_KN = (true_N + rng.integers(1, CLASSES, size=(len(accuracies), num))) % CLASSES
    is_right = rng.random((len(accuracies), num)) < np.array(accuracies)[:, None]
    group_N = np.array([f"b{at % 5}" for at in range(num)])
    return Calls(np.where(is_right, true_N, wrong_KN), CLASSES, group_N), true_N


def test_the_best_probability_is_that_of_a_simulation() -> None:
    mean, variance = np.array([0.5, 0.55, 0.4]), np.array([0.01, 0.004, 0.02])
    drawn = np.random.default_rng(0).normal(mean, np.sqrt(variance), size=(200_000, 3)).argmax(axis=1)
    assert best_probability(mean, variance) == pytest.approx(np.bincount(drawn) / len(drawn), abs=0.01)


def test_belief_moves_to_the_truth_with_labels() -> None:
    calls, true_N = _calls([0.9, 0.6, 0.5])
    counts_KCC = calls.prior_KCC.copy()
    for row, true in enumerate(true_N):
        counts_KCC[:, true] += calls.one_hot_KNC[:, row]
    mean_K, variance_K = accuracy_belief(counts_KCC, calls.share_C)
    assert mean_K == pytest.approx((calls.called_KN == true_N).mean(axis=1), abs=0.05)
    before = accuracy_belief(calls.prior_KCC, calls.share_C)[1]
    assert (variance_K < before / 4).all()


def test_the_most_telling_clip_is_one_on_which_the_leaders_differ() -> None:
    """Clip 0: all agree; clip 1: the two best systems differ; clip 2: only the worst stands apart."""
    called_KN = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1]])
    others, true_N = _calls([0.85, 0.85, 0.3])
    calls = Calls(np.hstack([called_KN, others.called_KN]), CLASSES)
    counts_KCC = calls.prior_KCC.copy()
    for row, true in enumerate(true_N[:60]):
        counts_KCC[:, true] += np.eye(CLASSES)[others.called_KN[:, row]]
    assert most_telling(calls, counts_KCC, np.array([0, 1, 2]), calls.classes(counts_KCC)) == 1


def test_active_labels_are_never_wasted_where_all_agree() -> None:
    calls, true_N = _calls([0.8, 0.7, 0.6])
    order = label_order(calls, true_N, budget=30, is_active=True, rng=np.random.default_rng(0))
    assert len(set(order)) == 30
    assert (calls.called_KN[:, order] != calls.called_KN[0, order]).any(axis=0).all()


def test_chosen_clips_need_no_more_labels_than_random_ones() -> None:
    calls, true_N = _calls([0.75, 0.65, 0.62, 0.6, 0.55, 0.5], num=500)
    right_K = (calls.called_KN == true_N).mean(axis=1)
    table = choosing_table(calls, true_N, {"accuracy": right_K.max() - right_K}, budget=40, repeats=6)
    lost = {
        strategy: sum(
            float(r["accuracy"]) for r in table if r["strategy"] == strategy and r["chosen for"] == "accuracy"
        )
        for strategy in STRATEGIES
    }
    assert lost[STRATEGIES[2]] < lost[STRATEGIES[0]]
    assert {row["labels"] for row in table} == set(range(1, 41))


def test_systems_that_share_a_label_set_are_one_witness() -> None:
    """Twelve systems repeat the errors of one label set, four err each for itself and are better: the twelve agree.

    As sixteen witnesses they make the method take one of theirs, far worse than by the labels alone; as five it does
    not harm.
    """
    rng = np.random.default_rng(0)
    true_N = rng.integers(CLASSES, size=400)
    labels_N = np.where(rng.random(400) < 0.45, true_N, (true_N + 1) % CLASSES)
    copies = [np.where(rng.random(400) < 0.8, labels_N, rng.integers(CLASSES, size=400)) for _ in range(12)]
    others = [
        np.where(rng.random(400) < right, true_N, rng.integers(CLASSES, size=400)) for right in (0.4, 0.5, 0.5, 0.6)
    ]
    called_KN, group_N = np.array([*copies, *others]), np.array([f"b{at % 5}" for at in range(400)])
    right_K = (called_KN == true_N).mean(axis=1)
    family_K = np.array(["shared"] * 12 + ["a", "b", "c", "d"])
    assert Calls(called_KN, CLASSES, group_N, family_K).weight_K == pytest.approx([1 / 60] * 12 + [1 / 5] * 4)
    lost = {}
    for name, families in (("one", family_K), ("each", np.zeros(0, dtype=str))):
        calls = Calls(called_KN, CLASSES, group_N, families)
        table = choosing_table(calls, true_N, {"accuracy": right_K.max() - right_K}, budget=20, repeats=3)
        for strategy in STRATEGIES[:2]:
            rows = [row for row in table if row["strategy"] == strategy and row["chosen for"] == "accuracy"]
            lost[name, strategy] = float(np.mean([float(row["accuracy"]) for row in rows]))
    assert lost["each", STRATEGIES[1]] > lost["each", STRATEGIES[0]] + 0.1
    assert lost["one", STRATEGIES[1]] <= lost["one", STRATEGIES[0]]


def test_advice_is_what_was_found() -> None:
    def row(strategy: str, labels: int, cost: float) -> dict[str, float | int | str]:
        return {"strategy": strategy, "chosen for": "accuracy", "labels": labels, "accuracy": cost}

    costs = {STRATEGIES[0]: (0.05, 0.02), STRATEGIES[1]: (0.2, 0.02), STRATEGIES[2]: (0.05, 0.025)}
    table = [row(name, at + 1, cost) for name, both in costs.items() for at, cost in enumerate(both)]
    (advice,) = choosing_advice(table)
    assert advice.startswith("**random clips, all systems** costs more accuracy") and "1 of the 2" in advice
    same = [row(name, 1, 0.0) for name in STRATEGIES]
    assert choosing_advice(same) == ["Asking all systems too is nowhere more than a point worse than the labels alone."]


def test_labels_needed_is_where_the_regret_stays_low() -> None:
    assert labels_needed([0.0, 0.0], 0.05) == 1
    assert labels_needed([0.3, 0.2], 0.05) is None
