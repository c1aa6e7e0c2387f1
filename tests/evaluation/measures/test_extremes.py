"""The four usefulness grades share their extremes: a perfect answer, and none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.measures.profile_fidelity import jensen_shannon


def test_profiles_by_hand(pairing, read) -> None:
    found, tables = read(pairing)
    batters = sorted(set(pairing.group) - {""})
    seen = []
    for batter in batters:
        own = pairing.group == batter
        true = np.bincount(pairing.true_U[own & (pairing.true_U >= 0)], minlength=14)
        called = np.bincount(pairing.probs_UG[own & pairing.is_found].argmax(axis=1), minlength=14)
        seen.append(jensen_shannon(true / true.sum(), called / called.sum()))
    plain = 1 - np.mean(seen)
    assert plain < found["profile_fidelity"].value < plain + 0.08  # thirty balls a batter exaggerate the divergence
    assert found["profile_fidelity"].num == len(batters) == 12
    assert found["profile_fidelity"].value > found["profile_fidelity"].chance > found["profile_fidelity"].constant
    assert -1 <= found["ranking_agreement"].value <= 1
    assert len(tables["profiles"]) == 12 * 14


def test_groups_too_small_for_a_profile_are_taken_together(perfect, read) -> None:
    single = replace(perfect, group=np.arange(len(perfect.group)).astype(str).astype(object), has_batters=False)
    found, tables = read(single)
    assert (found["profile_fidelity"].value, found["profile_fidelity"].num) == (pytest.approx(1), 1)
    assert "two groups" in found["profile_fidelity_adjusted"].reason
    assert {row["group"] for row in tables["profiles"]} == {"all footage"}
    uneven = np.array(["few"] * 9 + ["many"] * (len(perfect.group) - 9), dtype=object)
    _, tables = read(replace(perfect, group=uneven))
    assert {row["group"] for row in tables["profiles"]} == {"many"}


def test_a_perfect_answer(perfect, read) -> None:
    found, tables = read(perfect)
    assert found["profile_fidelity"].value == pytest.approx(1)
    assert found["profile_fidelity_adjusted"].value == pytest.approx(1)
    assert (found["profile_error"].value, found["rare_stroke_bias"].value) == pytest.approx((0, 0))
    assert found["ranking_agreement"].value == pytest.approx(1)
    assert found["retrieval_ap"].value == found["retrieval_ndcg20"].value == 1
    assert found["retrieval_ap"].chance < 0.5
    sizes = np.bincount(perfect.true_U, minlength=14)
    sizes = sizes[sizes >= 3]
    screened = [
        np.ceil(0.95 * n - 1e-9) * (n + 1) / (n + 1) for n in sizes
    ]  # all hits stand in front, in any order: the k-th is the k-th clip
    assert found["wss95"].value == pytest.approx(np.mean([0.95 - n / len(perfect.true_U) for n in screened]))
    assert {row["reachable_recall"] for row in tables["review"]} == {1.0}
    assert (found["aurc"].value, found["augrc"].value) == (0, 0)
    assert found["auto_accept"].value == found["decision_utility"].value == found["value_cost9"].value == 1
    assert found["prevalence_error"].value == 0


def test_no_answer_is_said_not_to_be_measured_or_to_be_worthless(nothing, read) -> None:
    found, _ = read(nothing)
    assert found["profile_fidelity"].value == 0.0  # nothing was found of any batter
    assert found["retrieval_ap"].value == found["retrieval_p10"].value == 0.0
    assert all(found[name].reason for name in ("aurc", "value_cost1", "decision_utility", "auto_accept"))
    assert found["prevalence_error"].reason


def test_confidence_that_knows_its_errors_helps(pairing, read) -> None:
    found, tables = read(pairing)
    assert found["augrc"].value < found["augrc"].chance
    assert found["decision_utility"].value >= found["decision_utility_top1"].value - 0.02
    assert found["label_worth"].value > 1
    assert tables["risk_coverage"][-1]["coverage"] == pytest.approx(1)
    assert tables["auto_accept"][0]["class"] == "all"
