from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from slowpaths.core.errors import UsageError
from slowpaths.labelling.dawid_skene import DawidSkene
from slowpaths.labelling.encoding import Encoding
from slowpaths.labelling.hierarchical import (
    PRIOR_STRENGTHS,
    STRENGTHS,
    FixedNaiveBayes,
    HierarchicalPartial,
    Tied,
    tied_rows,
)
from slowpaths.labelling.majority import MajorityVote
from tests.labelling import reference
from tests.labelling.simulate import World, simulate

CLASS_CONDITIONAL = {"class_sd": 0.15, "coverage_sd": 0.15}


@pytest.mark.parametrize(("tied_rounds", "confusion_rounds"), [(0, 0), (3, 0), (3, 2)])
def test_it_is_what_the_equations_say(tied_rounds: int, confusion_rounds: int) -> None:
    world = simulate(40, seed=11)
    votes = world.votes.with_rules(np.arange(33) % 3 == 0)
    blind = np.where(np.random.default_rng(0).random(votes.symbols_NR.shape) < 0.2, -2, votes.symbols_NR)
    blind[:, :3] = np.where(blind[:, :3] == -1, -2, blind[:, :3])  # rules whose rarer silence is the abstention
    blind[0, :3] = -1
    votes = replace(votes, symbols_NR=blind.astype(np.int8))
    gold = np.where(np.arange(40) < 5, world.truth, -1)
    expected, accuracy = reference.hierarchical(
        votes, tied_rounds=tied_rounds, confusion_rounds=confusion_rounds, gold=gold
    )
    model = HierarchicalPartial(
        tied_rounds=tied_rounds, confusion_rounds=confusion_rounds, strength=30.0, prior_strength=20.0
    ).fit(votes, gold=gold)
    np.testing.assert_allclose(model.predict_proba(votes)[5:], expected[5:], atol=1e-9)
    np.testing.assert_allclose(model.rule_accuracy_, accuracy, atol=1e-9)


def test_tied_rows_by_hand() -> None:
    """Three symbols, off / leg / straight, a = .8, c_in = .5, c_out = .3: the cover drive is in off only."""
    votes = simulate(10).votes.with_rules(np.arange(33) == 9)
    encoding = Encoding.of(votes)
    tied = Tied(accuracy_R=np.array([0.8]), coverage_R=np.array([0.5]), false_alarm_R=np.array([0.3]))
    rows = tied_rows(encoding, tied, np.full(14, 1 / 14))
    assert rows.abstain_RY is not None
    np.testing.assert_allclose(
        rows.symbols_SY[:, 3], [0.4, 0.05, 0.05]
    )  # cover drive: right .8 * .5, wrong .2 * .5 / 2
    np.testing.assert_allclose(rows.symbols_SY[:, 0], [0.1, 0.1, 0.1])  # leave: nobody's set
    np.testing.assert_allclose(rows.abstain_RY[0, [0, 3]], [0.7, 0.5])


def test_fixed_naive_bayes_learns_nothing() -> None:
    votes = simulate(60, seed=3).votes
    unlearnt = HierarchicalPartial(tied_rounds=0, confusion_rounds=0).fit(votes).predict_proba(votes)
    fixed = FixedNaiveBayes().fit(votes).predict_proba(votes)
    np.testing.assert_allclose(fixed, unlearnt, atol=1e-12)
    np.testing.assert_array_equal(FixedNaiveBayes().fit(votes.take(np.arange(5))).predict_proba(votes), fixed)


def test_an_expert_prior_moves_doubtful_deliveries() -> None:
    votes = simulate(200, seed=4).votes
    prior = np.full(14, 1.0)
    prior[0] = 30.0
    model = HierarchicalPartial(class_prior=prior.tolist(), prior_strength=400.0).fit(votes)
    assert model.class_prior_[0] > HierarchicalPartial().fit(votes).class_prior_[0]
    for wrong in ([1.0] * 13, [0.0] * 14):
        with pytest.raises(UsageError, match="class_prior needs 14 positive shares"):
            HierarchicalPartial(class_prior=wrong).fit(votes)


def test_accuracies_of_rules_are_found_without_labels() -> None:
    world = simulate(3000, seed=2)
    estimated = HierarchicalPartial(confusion_rounds=0).fit(world.votes).rule_accuracy_
    known = ~np.isnan(world.accuracy_R)
    assert np.corrcoef(estimated[known], world.accuracy_R[known])[0, 1] > 0.95
    assert np.abs(estimated[known] - world.accuracy_R[known]).mean() < 0.05


def accuracy(model: object, world: World) -> float:
    fitted = clone(model).fit(world.votes)
    return float((fitted.predict(world.votes) == world.truth).mean())


@pytest.mark.parametrize("errors", [{}, CLASS_CONDITIONAL], ids=["symmetric", "class-conditional"])
@pytest.mark.parametrize("num", [500, 3000])
def test_orderings_on_simulated_votes(num: int, errors: dict[str, float]) -> None:
    """Majority far below Dawid-Skene, which the hierarchical model matches or beats; dropping abstains ruins it.

    Over 8 seeds Dawid-Skene and the hierarchical model end within .005 of each other where errors are
    class-conditional and deliveries many, so two points are allowed between them for the noise of 3 seeds.
    """
    models = {
        "majority": MajorityVote(),
        "fixed": FixedNaiveBayes(),
        "dropped": DawidSkene(abstain="missing"),
        "dawid_skene": DawidSkene(),
        "tied": HierarchicalPartial(confusion_rounds=0),
        "hierarchical": HierarchicalPartial(),
    }
    worlds = [simulate(num, seed=seed, **errors) for seed in (0, 1, 2)]
    mean = {name: float(np.mean([accuracy(model, world) for world in worlds])) for name, model in models.items()}
    assert mean["majority"] + 0.1 < mean["dawid_skene"]
    assert mean["majority"] + 0.1 < mean["fixed"] < mean["hierarchical"]
    assert mean["dawid_skene"] <= mean["hierarchical"] + 0.02
    assert mean["hierarchical"] >= mean["tied"] - 0.01
    assert mean["dropped"] < mean["dawid_skene"] - 0.1


def test_a_rule_that_could_not_look_is_no_evidence() -> None:
    """Half of the deliveries are seen from the side, where four families cannot look: silence is not abstention."""
    world = simulate(2000, seed=0)
    is_side = np.random.default_rng(0).random(2000) < 0.5
    is_blind = np.array([ballot.family in ("side", "plane", "strokes", "height") for ballot in world.votes.ballots])
    closed = is_side[:, None] & is_blind
    as_missing, as_abstention = (
        replace(world, votes=replace(world.votes, symbols_NR=np.where(closed, code, world.votes.symbols_NR)))
        for code in (-2, -1)
    )
    for model in (HierarchicalPartial(), DawidSkene()):
        assert accuracy(model, as_missing) > accuracy(model, as_abstention) + 0.1


def misread(world: World, *, seed: int) -> World:
    """Return a world in which the stroke settles what a rule says, on two strokes in five against its declaration."""
    random = np.random.default_rng(seed)
    said_RY = random.integers(0, 100, (len(world.votes.ballots), world.votes.num_classes))
    columns = []
    for rule, ballot in enumerate(world.votes.ballots):
        of_class_Y = np.where(
            random.random(world.votes.num_classes) < 0.4,
            said_RY[rule] % len(ballot.symbols),
            np.where(ballot.sets_SY.any(axis=0), ballot.sets_SY.argmax(axis=0), -1),
        )
        slips = random.random(len(world.truth)) < 0.3
        columns.append(np.where(slips, -1, of_class_Y[world.truth]))
    return replace(world, votes=replace(world.votes, symbols_NR=np.stack(columns, axis=1).astype(np.int8)))


@pytest.mark.parametrize("is_misread", [False, True])
def test_a_mean_over_pseudo_counts_is_as_good_as_they_are(is_misread: bool) -> None:
    worlds = [simulate(300, seed=seed) for seed in (1, 2, 3)]
    worlds = [misread(world, seed=seed) for seed, world in enumerate(worlds)] if is_misread else worlds

    def mean(**of: float) -> float:
        return float(np.mean([accuracy(HierarchicalPartial(**of), world) for world in worlds]))

    alone = [mean(strength=strength, prior_strength=prior) for strength in STRENGTHS for prior in PRIOR_STRENGTHS]
    assert mean() >= float(np.mean(alone)) - 0.02


def test_the_posterior_is_the_mean_of_those_of_the_pseudo_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = simulate(80, seed=2).votes
    alone = [
        HierarchicalPartial(strength=strength, prior_strength=prior).fit(votes).predict_proba(votes)
        for strength, prior in [(3.0, 50.0), (9.0, 50.0)]
    ]
    both = HierarchicalPartial(strength=[3.0, 9.0], prior_strength=50.0).fit(votes)
    np.testing.assert_allclose(both.predict_proba(votes), np.mean(alone, axis=0), atol=1e-12)
    monkeypatch.setattr("slowpaths.labelling.hierarchical.MANY", 80)
    np.testing.assert_array_equal(both.fit(votes).predict_proba(votes), alone[1])  # the middle one of many deliveries


@pytest.mark.parametrize("given", [{"strength": 0.0}, {"prior_strength": []}, {"strength": "much"}])
def test_pseudo_counts_are_positive_numbers(given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="is a positive number or a list of some"):
        HierarchicalPartial(**given).fit(simulate(20).votes)


@pytest.mark.parametrize("align", [-0.1, 2, float("nan"), "much"])
def test_alignment_is_a_share(align: object) -> None:
    with pytest.raises(UsageError, match=r"align is a number from 0"):
        HierarchicalPartial(align=align)
