from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.model.tied import Tied, tied_emissions
from slowpaths.labelling.rules.feature_values import FeatureValues
from tests.labelling import reference
from tests.labelling import simulate as simulation
from tests.labelling.simulate import World, simulate

UNIFORM = dict.fromkeys(STROKES, 1.0)
CLASS_CONDITIONAL = {"class_sd": 0.15, "coverage_sd": 0.15}


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize(("tied_rounds", "confusion_rounds"), [(0, 0), (3, 0), (3, 2)])
def test_it_is_what_the_equations_say(tied_rounds: int, confusion_rounds: int, moves: bool, weighed: bool) -> None:
    world = simulate(40, seed=11)
    votes = world.votes.with_rules(np.arange(33) % 3 == 0)
    blind = np.where(np.random.default_rng(0).random(votes.symbols_NR.shape) < 0.2, -2, votes.symbols_NR)
    votes = replace(votes, symbols_NR=blind.astype(np.int8), features=feature_values(world, seed=5) if moves else None)
    if weighed:
        votes = replace(votes, weights_NR=np.random.default_rng(1).random(blind.shape))
    if weighed and moves:
        weights_NF = np.random.default_rng(2).random((40, 6)).astype(np.float32)
        votes = replace(votes, features=replace(votes.features, weights_NF=weights_NF))
    gold = np.where(np.arange(40) < 5, world.truth, -1)
    expected, accuracy = reference.hierarchical(
        votes, tied_rounds=tied_rounds, confusion_rounds=confusion_rounds, gold=gold
    )
    model = HierarchicalPartial(tied_rounds=tied_rounds, confusion_rounds=confusion_rounds, class_prior=UNIFORM).fit(
        votes, gold=gold
    )
    tolerance = 1e-6 if moves else 1e-9  # features are held in float32
    np.testing.assert_allclose(model.predict_proba(votes)[5:], expected[5:], atol=tolerance)
    np.testing.assert_allclose(model.rule_accuracy_, accuracy, atol=tolerance)


def feature_values(world: World, *, seed: int, separation: float = 1.0) -> FeatureValues:
    """Return six numbers a delivery: half of them differ between strokes, a tenth of each is unmeasured."""
    rng = np.random.default_rng(seed)
    means_CF = rng.normal(0.0, separation, (14, 6)) * (np.arange(6) < 3)
    values_NF = means_CF[world.truth] + rng.standard_normal((len(world.truth), 6))
    values_NF[rng.random(values_NF.shape) < 0.1] = np.nan
    return FeatureValues(names=tuple("abcdef"), values_NF=values_NF.astype(np.float32))


def test_tied_rows_by_hand() -> None:
    """Three symbols, off / leg / straight, a = .8, c_in = .5, c_out = .3: the cover drive is in off only."""
    votes = simulate(10).votes.with_rules(np.arange(33) == 9)
    encoding = Encoding.of(votes)
    tied = Tied(accuracy_R=np.array([0.8]), coverage_R=np.array([0.5]), false_alarm_R=np.array([0.3]))
    rows = tied_emissions(encoding, tied, np.full(14, 1 / 14))
    assert rows.abstain_RC is not None
    np.testing.assert_allclose(
        rows.symbols_SC[:, 3], [0.4, 0.05, 0.05]
    )  # cover drive: right .8 * .5, wrong .2 * .5 / 2
    np.testing.assert_allclose(rows.symbols_SC[:, 0], [0.1, 0.1, 0.1])  # leave: nobody's set
    np.testing.assert_allclose(rows.abstain_RC[0, [0, 3]], [0.7, 0.5])


def test_fixed_naive_bayes_learns_nothing_but_how_often_rules_speak() -> None:
    votes = simulate(60, seed=3).votes
    unlearnt = HierarchicalPartial(tied_rounds=0, confusion_rounds=0, lean=0).fit(votes).predict_proba(votes)
    fixed = FixedNaiveBayes().fit(votes).predict_proba(votes)
    np.testing.assert_allclose(fixed, unlearnt, atol=1e-12)
    twice = votes.take(np.repeat(np.arange(60), 50))
    np.testing.assert_allclose(FixedNaiveBayes().fit(twice).predict_proba(votes), fixed, atol=0.05)


def test_what_is_expected_of_a_rule_gives_how_often_it_speaks() -> None:
    """A rule that names 4 of 14 strokes and speaks on 10 of 198: c_in / c_out is .65 / .25, together 11 / 200."""
    votes = simulate(198).votes.with_rules(np.arange(33) == 9)
    said = np.where(np.arange(198)[:, None] < 10, 0, -1).astype(np.int8)
    encoding = Encoding.of(replace(votes, symbols_NR=said))
    expected_C = np.full(14, 1 / 14)
    prior = Tied.prior(encoding, expected_C)
    share_in = encoding.sets_SC.any(axis=0).mean()
    spoken = prior.coverage_R[0] * share_in + prior.false_alarm_R[0] * (1 - share_in)
    assert spoken == pytest.approx(11 / 200)
    assert prior.coverage_R[0] / prior.false_alarm_R[0] == pytest.approx(0.65 / 0.25)
    always = Tied.prior(Encoding.of(replace(votes, symbols_NR=np.zeros_like(said))), expected_C)
    assert 0.9 < always.false_alarm_R[0] <= always.coverage_R[0] == 0.95


def test_an_expert_prior_moves_doubtful_deliveries() -> None:
    votes = simulate(200, seed=4).votes
    model = HierarchicalPartial(class_prior={"leave": 30.0}, prior_strength=2.0, prior_limit=400).fit(votes)
    assert model.class_prior_[0] > HierarchicalPartial().fit(votes).class_prior_[0]


def test_more_deliveries_never_hide_that_few_strokes_are_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four strokes make nearly all of the deliveries: .83, .80 and .71 with pseudo-counts that grow with them."""
    monkeypatch.setattr(simulation, "SHARES", np.array([0, 30, 0, 40, 0, 0, 0, 10, 0, 0, 0, 20, 0, 0]) + 0.2)
    mean = [
        np.mean([accuracy(HierarchicalPartial(), simulate(num, seed=seed)) for seed in (0, 1)])
        for num in (100, 1000, 5000)
    ]
    assert mean[0] > 0.8
    assert mean[1] > mean[0] - 0.02 and mean[2] > mean[1] - 0.02
    assert mean[2] > 0.86


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
    is_blind = np.array([spec.family in ("side", "plane", "strokes", "height") for spec in world.votes.specs])
    closed = is_side[:, None] & is_blind
    as_missing, as_abstention = (
        replace(world, votes=replace(world.votes, symbols_NR=np.where(closed, code, world.votes.symbols_NR)))
        for code in (-2, -1)
    )
    for model in (HierarchicalPartial(), DawidSkene()):
        assert accuracy(model, as_missing) > accuracy(model, as_abstention) + 0.1


def test_features_name_what_rules_leave_open() -> None:
    """Numbers that differ between strokes help; numbers that do not, and numbers nobody looks at, change little."""
    for seed in (0, 1, 2):
        world = simulate(300, seed=seed)
        telling, idle = (
            replace(world, votes=replace(world.votes, features=feature_values(world, seed=seed, separation=separation)))
            for separation in (2.0, 0.0)
        )
        plain = accuracy(HierarchicalPartial(), world)
        assert accuracy(HierarchicalPartial(), telling) > plain + 0.05
        assert accuracy(HierarchicalPartial(), idle) > plain - 0.03
        assert accuracy(HierarchicalPartial(features=False), telling) == plain


def test_new_deliveries_are_labelled_by_what_was_learnt_of_features() -> None:
    world = simulate(400, seed=6)
    votes = replace(world.votes, features=feature_values(world, seed=6, separation=1.5))
    model = HierarchicalPartial().fit(votes.take(np.arange(300)))
    unseen = votes.take(np.arange(300, 400))
    right = model.predict(unseen) == world.truth[300:]
    blind = model.predict(replace(unseen, features=None)) == world.truth[300:]
    assert right.mean() > blind.mean()


@pytest.mark.parametrize(
    "given", [{"strength": 0.0}, {"prior_strength": -1.0}, {"strength": float("inf")}, {"prior_limit": float("nan")}]
)
def test_pseudo_counts_are_positive_numbers(given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="is a positive number, not"):
        HierarchicalPartial(**given).fit(simulate(20).votes)
