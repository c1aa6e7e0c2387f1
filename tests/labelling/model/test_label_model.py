"""What holds for every label model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import INDEX, STROKES, membership
from slowpaths.labelling.model.build import MODELS as BUILT_IN
from slowpaths.labelling.model.build import build_model
from slowpaths.labelling.model.class_prior import EXPECTED, expected_shares
from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.rules.feature_values import FeatureValues
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix
from tests.labelling.simulate import simulate


class FirstStroke(LabelModel):
    """A label model of somebody's own."""

    name = "first_stroke"

    def __init__(self, *, certainty: float = 0.5) -> None:
        self.certainty = certainty

    def _learn(self, encoding: Encoding, gold: np.ndarray | None) -> None:
        pass

    def _posterior(self, encoding: Encoding, gold: np.ndarray | None) -> np.ndarray:
        probs_C = np.full(14, (1 - self.certainty) / 13)
        probs_C[0] = self.certainty
        return np.tile(probs_C, (encoding.num_deliveries, 1))


MODELS: list[LabelModel] = [
    MajorityVote(),
    FixedNaiveBayes(),
    DawidSkene(),
    DawidSkene(abstain="missing"),
    HierarchicalPartial(),
]
MODEL_NAMES = list(BUILT_IN)
every_model = pytest.mark.parametrize(
    "model", MODELS, ids=lambda model: f"{model.name}-{getattr(model, 'abstain', '')}"
)


@every_model
def test_probabilities_are_probabilities_and_repeat_exactly(model: LabelModel) -> None:
    votes = simulate(150, seed=1).votes
    first = clone(model).fit(votes).predict_proba(votes)
    assert first.shape == (150, 14) and first.dtype == np.float64
    np.testing.assert_allclose(first.sum(axis=1), 1.0, atol=1e-12)
    assert (first >= 0).all()
    np.testing.assert_array_equal(clone(model).fit(votes).predict_proba(votes), first)


@every_model
def test_the_order_of_deliveries_does_not_matter(model: LabelModel) -> None:
    votes = simulate(120, seed=2).votes
    order = np.random.default_rng(0).permutation(120)
    straight = clone(model).fit(votes).predict_proba(votes)
    shuffled = clone(model).fit(votes.take(order)).predict_proba(votes.take(order))
    np.testing.assert_allclose(shuffled, straight[order], atol=1e-8)


@every_model
def test_blocks_of_deliveries_give_what_one_block_gives(model: LabelModel, monkeypatch: pytest.MonkeyPatch) -> None:
    votes = simulate(150, seed=3).votes
    whole = clone(model).fit(votes).predict_proba(votes)
    monkeypatch.setattr("slowpaths.labelling.model.encoding._BLOCK", 32)
    np.testing.assert_allclose(clone(model).fit(votes).predict_proba(votes), whole, atol=1e-8)


@every_model
def test_a_delivery_nobody_could_look_at_gets_the_class_prior(model: LabelModel) -> None:
    votes = simulate(200, seed=4).votes
    blind = replace(votes, symbols_NR=np.full_like(votes.symbols_NR, -2))
    fitted = clone(model).fit(votes)
    probs = fitted.predict_proba(blind)
    np.testing.assert_allclose(probs, np.broadcast_to(probs[0], probs.shape))
    if isinstance(model, DawidSkene):
        np.testing.assert_allclose(probs[0], fitted.class_prior_, atol=1e-3)
    if isinstance(model, MajorityVote):
        np.testing.assert_allclose(probs[0], 1 / 14)
    if isinstance(model, FixedNaiveBayes):
        np.testing.assert_allclose(probs[0], expected_shares(EXPECTED))


@every_model
def test_what_counts_for_nothing_is_as_if_it_had_not_been_said(model: LabelModel) -> None:
    """Weights 1 change nothing, weights 0 are the same as not asked, and less weight leaves labels less sure."""
    votes = simulate(200, seed=4).votes
    rng = np.random.default_rng(0)
    is_lost = rng.random(votes.symbols_NR.shape) < 0.4
    plain = clone(model).fit(votes)
    whole, lost, faint = (
        replace(votes, weights_NR=weights_NR)
        for weights_NR in (np.ones(is_lost.shape), np.where(is_lost, 0.0, 1.0), np.full(is_lost.shape, 0.2))
    )
    np.testing.assert_array_equal(clone(model).fit(whole).predict_proba(whole), plain.predict_proba(votes))
    unasked = replace(votes, symbols_NR=np.where(is_lost, -2, votes.symbols_NR).astype(np.int8))
    expected = clone(model).fit(unasked).predict_proba(unasked)
    np.testing.assert_allclose(clone(model).fit(lost).predict_proba(lost), expected, atol=1e-9)
    if not isinstance(model, MajorityVote):  # shares of votes stay what they are
        assert plain.predict_proba(faint).max(axis=1).mean() < plain.predict_proba(votes).max(axis=1).mean() - 0.05


@every_model
def test_a_vote_of_weight_w_teaches_as_w_of_a_vote(model: LabelModel) -> None:
    """All labels known: what the model believes of a rule is then a weighted share."""
    world = simulate(300, seed=5)
    weights_NR = np.random.default_rng(0).random(world.votes.symbols_NR.shape)
    fitted = clone(model).fit(replace(world.votes, weights_NR=weights_NR), gold=world.truth)
    for rule, spec in enumerate(world.votes.specs):
        rows = np.flatnonzero(world.votes.symbols_NR[:, rule] >= 0)
        right = spec.sets_SC[world.votes.symbols_NR[rows, rule], world.truth[rows]]
        assert fitted.rule_precision_[rule] == pytest.approx(np.average(right, weights=weights_NR[rows, rule]))


@every_model
def test_gold_rows_teach(model: LabelModel) -> None:
    """All labels known: what the model believes of the rules is then simply counted."""
    world = simulate(400, seed=5)
    fitted = clone(model).fit(world.votes, gold=world.truth)
    np.testing.assert_allclose(fitted.class_prior_, np.bincount(world.truth, minlength=14) / 400)
    known = ~np.isnan(world.accuracy_R)
    np.testing.assert_allclose(fitted.rule_accuracy_[known], world.accuracy_R[known], atol=1e-12)
    assert np.isnan(fitted.rule_accuracy_[~known]).all()  # rules with a single symbol
    for rule, spec in enumerate(world.votes.specs):
        said = world.votes.symbols_NR[:, rule]
        right = spec.sets_SC[said, world.truth][said >= 0].mean()
        assert fitted.rule_precision_[rule] == pytest.approx(right)


@every_model
def test_temperature_flattens_without_moving_the_label(model: LabelModel) -> None:
    votes = simulate(100, seed=6).votes
    sharp = clone(model).fit(votes).predict_proba(votes)
    flat = clone(model).set_params(temperature=3.0).fit(votes).predict_proba(votes)
    np.testing.assert_array_equal(flat.argmax(axis=1), sharp.argmax(axis=1))
    assert flat.max(axis=1).mean() < sharp.max(axis=1).mean()


@every_model
def test_bad_input_is_named(model: LabelModel) -> None:
    votes = simulate(20, seed=0).votes
    with pytest.raises(UsageError, match="at least one delivery"):
        clone(model).fit(votes.take(np.zeros(20, dtype=bool)))
    for gold in (np.zeros(19, dtype=int), np.full(20, 14), np.full(20, -2)):
        with pytest.raises(UsageError, match="gold needs one class number"):
            clone(model).fit(votes, gold=gold)
    with pytest.raises(UsageError, match="other rules"):
        clone(model).fit(votes).predict_proba(votes.with_rules(np.arange(33) < 30))


@every_model
@pytest.mark.parametrize("num", [1, 2, 20, 500])
@pytest.mark.parametrize("code", [-1, -2])
def test_where_every_rule_abstains_the_prior_is_all_there_is(model: LabelModel, num: int, code: int) -> None:
    votes = simulate(num, seed=0).votes
    values = FeatureValues(
        names=("a", "b"), values_NF=np.random.default_rng(0).normal(size=(num, 2)).astype(np.float32)
    )
    silent = replace(votes, symbols_NR=np.full_like(votes.symbols_NR, code), features=values)
    fitted = clone(model).fit(silent)
    prior = expected_shares(None) if hasattr(model, "class_prior") else np.full(14, 1 / 14)
    np.testing.assert_allclose(fitted.predict_proba(silent), np.broadcast_to(prior, (num, 14)), atol=1e-9)
    np.testing.assert_allclose(fitted.class_prior_, prior, atol=1e-9)
    assert np.isnan(fitted.rule_accuracy_).all()


@every_model
def test_one_delivery_is_judged_by_the_votes_it_has(model: LabelModel) -> None:
    """Of rules that never vote, silence says nothing: one vote on one delivery leaves its strokes, not "leave"."""
    votes = simulate(1, seed=0).votes
    said = np.full_like(votes.symbols_NR, -1)
    said[0, 0] = 0
    probs = clone(model).fit(votes_of := replace(votes, symbols_NR=said)).predict_proba(votes_of)[0]
    means = votes.specs[0].sets_SC[0]
    assert probs[means].min() >= probs[~means].max()


@every_model
def test_rules_and_features_are_told_by_name(model: LabelModel) -> None:
    world = simulate(120, seed=7)
    rng = np.random.default_rng(0)
    values_NF = (world.truth[:, None] % [2, 3, 5] + rng.normal(size=(120, 3))).astype(np.float32)
    votes = replace(world.votes, features=FeatureValues(names=("a", "b", "c"), values_NF=values_NF))
    fitted = clone(model).fit(votes)
    straight = fitted.predict_proba(votes)
    order = rng.permutation(33)
    others = FeatureValues(names=("c", "new", "a", "b"), values_NF=values_NF[:, [2, 0, 0, 1]])
    specs = tuple(votes.specs[rule] for rule in order)
    shuffled = replace(votes, specs=specs, symbols_NR=votes.symbols_NR[:, order], features=others)
    np.testing.assert_array_equal(fitted.predict_proba(shuffled), straight)
    blind = replace(votes, features=FeatureValues(names=("b",), values_NF=values_NF[:, 1:2]))
    unmeasured = replace(
        votes, features=FeatureValues(names=("a", "b", "c"), values_NF=values_NF * [np.nan, 1, np.nan])
    )
    np.testing.assert_array_equal(fitted.predict_proba(blind), fitted.predict_proba(unmeasured))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0}, "label_model.temperature is auto or a positive number, not 0"),
        ({"temperature": -1.0}, "label_model.temperature is auto or a positive number"),
        ({"temperature": float("nan")}, "label_model.temperature is auto or a positive number"),
        ({"temperature": "abc"}, "label_model.temperature is auto or a positive number, not 'abc'"),
        ({"temperature": True}, "label_model.temperature is auto or a positive number"),
        ({"temperature": None}, "label_model.temperature is auto or a positive number"),
    ],
)
@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_setting_that_cannot_be_is_named(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_model({"name": name} | settings)
    model = build_model(name).set_params(**settings)
    with pytest.raises(UsageError, match=message):
        model.fit(simulate(5).votes)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("hierarchical", {"confusion_rounds": -1}, "label_model.confusion_rounds is a whole number of at least 0"),
        ("dawid_skene", {"num_rounds": -2}, "label_model.num_rounds is a whole number of at least 0, not -2"),
        ("dawid_skene", {"abstain": "maybe"}, "label_model.abstain is symbol or missing, not 'maybe'"),
        ("dawid_skene", {"smoothing": -1.0}, "label_model.smoothing is a number of at least 0, not -1.0"),
        ("dawid_skene", {"tolerance": float("nan")}, "label_model.tolerance is a number"),
    ],
)
def test_a_setting_of_one_model_is_checked_too(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_model({"name": name} | settings)


def test_a_model_of_your_own_is_named_by_its_path() -> None:
    path = f"{FirstStroke.__module__}.FirstStroke"
    model = build_model({"_target_": path, "certainty": 0.9})
    assert isinstance(model, FirstStroke) and model.get_params() == {"certainty": 0.9}
    votes = simulate(20).votes
    assert (model.fit(votes).predict(votes) == 0).all()
    with pytest.raises(UsageError, match=r"label_model first_stroke has no setting 'strength'; the nearest: certainty"):
        build_model({"_target_": path, "strength": 1})
    for wrong in ("nowhere.Model", f"{FirstStroke.__module__}.Nothing", "Model", "slowpaths.core.errors.UsageError"):
        with pytest.raises(UsageError, match=f"label_model._target_={wrong} "):
            build_model({"_target_": wrong})


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_votes_give_probabilities_whatever_the_order_of_the_rules(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 4)))
    sets = data.draw(st.lists(st.sets(st.sampled_from(STROKES), min_size=1, max_size=13), min_size=2, max_size=2))
    symbols_NR = np.array(
        data.draw(
            st.lists(
                st.lists(st.integers(-2, 1), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
            )
        ),
        dtype=np.int8,
    )
    specs = tuple(
        RuleSpec(code=f"t.r{rule}", family="t", symbols=("a", "b"), sets_SC=membership(sets))
        for rule in range(shape[1])
    )
    ids = pa.array([str(row) for row in range(shape[0])])
    votes = VoteMatrix(delivery_ids=ids, specs=specs, symbols_NR=symbols_NR)
    back = VoteMatrix(delivery_ids=ids, specs=specs[::-1], symbols_NR=symbols_NR[:, ::-1])
    for model in MODELS:
        probs = clone(model).fit(votes).predict_proba(votes)
        assert np.isfinite(probs).all() and (probs >= 0).all()
        np.testing.assert_allclose(probs.sum(axis=1), 1.0)
        np.testing.assert_allclose(clone(model).fit(back).predict_proba(back), probs, atol=1e-6)


def test_majority_spreads_a_vote_over_its_strokes() -> None:
    sets_SC = np.zeros((2, 14), dtype=bool)
    sets_SC[0, [INDEX["cut"], INDEX["pull_hook"]]] = True
    sets_SC[1, INDEX["cut"]] = True
    specs = tuple(RuleSpec(code=f"t.{name}", family="t", symbols=("two", "one"), sets_SC=sets_SC) for name in "ab")
    votes = VoteMatrix(
        delivery_ids=pa.array(["x", "y", "z"]),
        specs=specs,
        symbols_NR=np.array([[0, 1], [0, -1], [-1, -1]], dtype=np.int8),
    )
    probs = MajorityVote().fit(votes).predict_proba(votes)
    assert probs[0, INDEX["cut"]] == 0.75 and probs[0, INDEX["pull_hook"]] == 0.25
    assert probs[1, INDEX["cut"]] == probs[1, INDEX["pull_hook"]] == 0.5
    np.testing.assert_allclose(probs[2], 1 / 14)
