from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from slowpaths.core.tempering import temper
from slowpaths.labelling.model.agreement import HeldOut, hold_out_families
from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.temperature import agreed_sureness, find_temperature
from tests.labelling.simulate import World, simulate


def scores(probs_NC: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return negative log-likelihood and expected calibration error (15 bins) against the truth."""
    confidence, right = probs_NC.max(axis=1), probs_NC.argmax(axis=1) == truth
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [abs(confidence[bins == index].sum() - right[bins == index].sum()) for index in range(15)]
    return float(-np.log(probs_NC[np.arange(len(truth)), truth] + 1e-300).mean()), float(sum(gaps) / len(truth))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("model", [HierarchicalPartial(), DawidSkene(num_rounds=30)], ids=lambda model: model.name)
def test_posteriors_become_more_honest_without_a_label(model: LabelModel, seed: int) -> None:
    world = spoilt(simulate(400, seed=seed), share=0.6)
    fitted = clone(model).fit(world.votes)
    sharp = fitted.predict_proba(world.votes)
    held_out = hold_out_families(model, world.votes)
    found = find_temperature(fitted, held_out, agreed_sureness(fitted, held_out))
    before, after = (np.array(scores(probs_NC, world.truth)) for probs_NC in (sharp, temper(sharp, found)))
    assert found > 1
    assert (after < before).all()


def spoilt(world: World, *, share: float) -> World:
    """Return a world in which a share of the votes, drawn by lot, are those of other deliveries."""
    rng, symbols_NR = np.random.default_rng(0), world.votes.symbols_NR
    is_lost = rng.random(symbols_NR.shape) < share
    noisy = np.where(is_lost, rng.permutation(symbols_NR), symbols_NR)
    return replace(world, votes=replace(world.votes, symbols_NR=noisy))


def test_posteriors_are_as_sure_as_agreement_with_unseen_families_says() -> None:
    votes = spoilt(simulate(400, seed=1), share=0.15).votes
    fitted, held_out = HierarchicalPartial().fit(votes), hold_out_families(HierarchicalPartial(), votes)
    expected = agreed_sureness(fitted, held_out)
    temperature = find_temperature(fitted, held_out, expected)
    claimed = temper(fitted.predict_proba(votes), temperature).max(axis=1).mean()
    assert claimed == pytest.approx(expected, abs=0.03)
    sound = simulate(400, seed=1).votes
    better = agreed_sureness(HierarchicalPartial().fit(sound), hold_out_families(HierarchicalPartial(), sound))
    assert 0 < expected + 0.1 < better < 1


def test_without_beliefs_or_families_there_is_nothing_to_find() -> None:
    votes = simulate(50, seed=0).votes
    assert agreed_sureness(MajorityVote().fit(votes), hold_out_families(MajorityVote(), votes)) is None
    silent = replace(votes, symbols_NR=np.full_like(votes.symbols_NR, -1))
    empty = hold_out_families(HierarchicalPartial(), silent)
    assert empty.posterior_by_family == {}
    fitted = HierarchicalPartial().fit(votes)
    assert agreed_sureness(fitted, HeldOut(votes=votes, posterior_by_family={})) is None
    assert find_temperature(fitted, empty, None) == 1.0
