from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, top_k_accuracy_score

from slowpaths.core.strokes import INDEX, NUM_STROKES
from slowpaths.evaluation.classes import class_space
from slowpaths.evaluation.intervals import unit_weights, weighted_mean
from slowpaths.evaluation.measures.class_means import balanced_accuracy, guessing_macro_f1, macro_f1
from slowpaths.evaluation.measures.factors import factor_hits
from slowpaths.evaluation.measures.top_k import top_k_hits
from slowpaths.evaluation.sample import confusion


@pytest.fixture
def sample() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.full(6, 0.7), size=300), rng.choice(6, size=300, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01])


def _confusion(probs: np.ndarray, true: np.ndarray) -> np.ndarray:
    return confusion(probs.argmax(axis=1), true, unit_weights(len(true)), num_classes=probs.shape[1])


def test_scores_agree_with_scikit_learn(sample: tuple[np.ndarray, np.ndarray]) -> None:
    probs, true = sample
    called = probs.argmax(axis=1)
    assert balanced_accuracy(_confusion(probs, true))[0] == pytest.approx(balanced_accuracy_score(true, called))
    assert macro_f1(_confusion(probs, true))[0] == pytest.approx(f1_score(true, called, average="macro"))
    for k in (1, 2, 5):
        ours = weighted_mean(top_k_hits(probs, true, k=k), unit_weights(len(true)))[0]
        assert ours == pytest.approx(top_k_accuracy_score(true, probs, k=k, labels=range(6)))


def test_weights_are_repeated_deliveries(sample: tuple[np.ndarray, np.ndarray]) -> None:
    probs, true = sample
    weights = np.random.default_rng(1).integers(0, 4, size=len(true))
    again = np.repeat(np.arange(len(true)), weights)
    weighted = confusion(probs.argmax(axis=1), true, weights[None].astype(float), num_classes=6)
    for measure in (balanced_accuracy, macro_f1):
        assert measure(weighted)[0] == pytest.approx(measure(_confusion(probs[again], true[again]))[0])


def test_a_hand_worked_table() -> None:
    # true a a a b b c, called a a b b c c
    counts = confusion(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2]), unit_weights(6), num_classes=4)
    assert counts[0].tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert balanced_accuracy(counts)[0] == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)  # class d never occurs
    assert macro_f1(counts)[0] == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)


def test_ties_are_broken_by_chance_not_by_order() -> None:
    hits = top_k_hits(np.array([[0.25, 0.25, 0.25, 0.25], [0.4, 0.4, 0.2, 0.0]]), np.array([3, 2]), k=1)
    np.testing.assert_allclose(hits, [0.25, 0.0])
    hits = top_k_hits(np.array([[0.25, 0.25, 0.25, 0.25]]), np.array([3]), k=2)
    np.testing.assert_allclose(hits, [0.5])


def test_factors_are_judged_by_their_summed_probability() -> None:
    probs = np.zeros((2, NUM_STROKES))
    # a cut is the best single guess, yet the front foot is more probable
    probs[0, [INDEX["cut"], INDEX["cover_drive"], INDEX["straight_drive"]]] = [0.4, 0.3, 0.3]
    probs[1, INDEX["cover_drive"]] = 1
    true = np.array([INDEX["on_drive"], INDEX["flick_glance"]])
    hits = {name: factor_hits(probs, true, class_space("slowpaths"), name) for name in ("foot", "plane", "side")}
    np.testing.assert_array_equal(hits["foot"][0], [1.0, np.nan])  # a flick may come off either foot
    np.testing.assert_array_equal(hits["side"][0], [0.0, 0.0])
    assert (hits["plane"][1], hits["side"][1]) == (2, 3)


@pytest.mark.parametrize("factor", ["foot", "plane", "side"])
def test_a_leave_names_no_factor_of_any_stroke(factor: str) -> None:
    space, true = class_space("slowpaths"), np.array([i for name, i in INDEX.items() if name != "leave"])
    called = np.tile(np.eye(NUM_STROKES)[INDEX["leave"]], (len(true), 1))
    hits, *_ = factor_hits(called, true, space, factor)
    assert np.nansum(hits) == 0
    coarse = class_space("cricshot10")
    true = np.arange(len(coarse.names))
    other = np.tile(np.eye(len(coarse.columns))[-1], (len(true), 1))
    assert np.nansum(factor_hits(other, true, coarse, factor)[0]) == 0


def test_values_of_a_factor_that_tie_share_the_hit() -> None:
    probs = np.eye(NUM_STROKES)[[INDEX["cut"]]] / 2 + np.eye(NUM_STROKES)[[INDEX["cover_drive"]]] / 2
    space = class_space("slowpaths")
    for name in ("pull_hook", "on_drive"):
        assert factor_hits(probs, np.array([INDEX[name]]), space, "foot")[0].tolist() == [0.5]


def test_guessing_agrees_with_a_simulation() -> None:
    rng = np.random.default_rng(0)
    true = rng.choice(3, size=60_000, p=[0.6, 0.3, 0.1])
    simulated = f1_score(true, rng.integers(0, 3, size=len(true)), average="macro")
    assert guessing_macro_f1(true, num_true=3) == pytest.approx(simulated, abs=0.01)


@pytest.mark.slow
def test_scores_agree_with_torchmetrics(sample: tuple[np.ndarray, np.ndarray]) -> None:
    import torch
    from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

    probs, true = (torch.from_numpy(array) for array in sample)
    counts = _confusion(*sample)
    balanced = multiclass_accuracy(probs, true, num_classes=6, average="macro")
    assert balanced_accuracy(counts)[0] == pytest.approx(float(balanced), abs=1e-6)
    f1 = multiclass_f1_score(probs, true, num_classes=6, average="macro")
    assert macro_f1(counts)[0] == pytest.approx(float(f1), abs=1e-6)
