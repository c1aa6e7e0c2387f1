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
from slowpaths.labelling.model.class_prior import EXPECTED, expected_shares
from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.rules.votes import RuleSpec, VoteMatrix
from tests.labelling.simulate import simulate

MODELS: list[LabelModel] = [
    MajorityVote(),
    FixedNaiveBayes(),
    DawidSkene(),
    DawidSkene(abstain="missing"),
    HierarchicalPartial(),
]
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
def test_no_votes_at_all_do_not_break_a_model(model: LabelModel) -> None:
    votes = simulate(20, seed=0).votes
    silent = replace(votes, symbols_NR=np.full_like(votes.symbols_NR, -1))
    fitted = clone(model).fit(silent)
    assert np.isfinite(fitted.predict_proba(silent)).all()
    assert np.isnan(fitted.rule_accuracy_).all()


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
