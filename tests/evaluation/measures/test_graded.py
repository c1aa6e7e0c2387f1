from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from tests.evaluation.tables import only


def test_numbers_agree_with_scikit_learn(pairing, read) -> None:
    found, tables = read(pairing)
    true, called = pairing.true_U[pairing.is_graded], pairing.probs_UG[pairing.is_graded].argmax(axis=1)
    assert found["top1"].value == pytest.approx(accuracy_score(true, called))
    assert found["macro_f1"].value == pytest.approx(f1_score(true, called, average="macro"))
    assert found["top1"].chance == pytest.approx(1 / 14)
    assert found["top1"].constant == pytest.approx(np.bincount(true).max() / len(true))
    assert sum(row["support"] for row in tables["per_class"]) == len(true) == found["top1"].num
    for name, score in (("recall", recall_score), ("precision", precision_score)):
        np.testing.assert_allclose([row[name] for row in tables["per_class"]], score(true, called, average=None))
    assert sum(sum(v for k, v in row.items() if k != "true") for row in tables["confusion"]) == len(true)
    assert sum(row["deliveries"] for row in tables["reliability"]) == len(true)


def test_a_perfect_answer_has_perfect_scores_and_an_honest_interval(perfect, read) -> None:
    found, _ = read(perfect)
    for name in ("top1", "top5", "balanced_accuracy", "macro_f1", "foot", "plane", "side"):
        assert found[name].value == 1.0
    for name in ("nll", "brier", "ece", "ece_adaptive"):
        assert found[name].value == 0.0
    assert found["top1"].low < 1.0  # a hundred right answers do not prove that the next is right
    assert "no delivery" in found["error_detection"].reason  # there is no error to detect


def test_what_selection_keeps_is_graded_apart(pairing, read) -> None:
    assert "top1_kept" not in read(pairing)[0]
    right = pairing.probs_UG.argmax(axis=1) == pairing.true_U
    kept = replace(pairing, is_kept=right)
    item = read(kept)[0]["top1_kept"]
    assert (item.value, item.num) == (1.0, int((right & pairing.is_graded).sum()))
    none = replace(pairing, is_kept=np.zeros(len(right), dtype=bool))
    assert read(none)[0]["top1_kept"].reason


def test_accuracy_is_broken_down_by_what_truth_knows(pairing, read) -> None:
    _, tables = read(pairing)
    rows = {(row["field"], row["value"]): row for row in tables["breakdown"]}
    assert set(rows) == {("view", "pitch_endon"), ("handedness", "L"), ("handedness", "R")}
    graded = pairing.is_graded
    left = np.array([bool(t and t.handedness == "L") for t in pairing.truths]) & graded
    expected = np.mean(pairing.probs_UG[left].argmax(axis=1) == pairing.true_U[left])
    assert rows["handedness", "L"]["top1"] == pytest.approx(expected)
    assert rows["handedness", "L"]["deliveries"] + rows["handedness", "R"]["deliveries"] == graded.sum()


def test_nothing_to_grade_is_not_zero(nothing, read) -> None:
    accuracy = [item for item in read(nothing)[0].values() if item.side in ("accuracy", "calibration")]
    assert len(accuracy) == 14 and all(item.value is None and item.reason for item in accuracy)


def test_baselines_by_hand(pairing, read) -> None:
    found, _ = read(pairing)
    shares = np.bincount(pairing.true_U[pairing.is_graded], minlength=14) / pairing.is_graded.sum()
    most, seen = shares.max(), shares[shares > 0]
    assert found["top5"].constant == pytest.approx(np.sort(shares)[-5:].sum())
    assert found["nll"].constant == pytest.approx(-(seen * np.log(seen)).sum())
    assert found["brier"].constant == pytest.approx(1 - (shares**2).sum())
    assert found["value_cost1"].constant == pytest.approx(max(0.0, 2 * most - 1))
    assert found["prevalence_error"].constant == pytest.approx((1 - most) * 2 / 14)
    assert found["review_area"].chance == pytest.approx(0.475, abs=0.02)  # one in twenty is never found
    assert found["rare_stroke_bias"].constant == -1.0
    one = only(pairing, pairing.is_graded & (pairing.true_U == pairing.true_U[pairing.is_graded][0]))
    assert read(one)[0]["auto_accept"].constant == (1.0 if len(one.true_U) >= 73 else 0.0)
