from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from slowpaths.labelling.model.agreement import HeldOut, hold_out_families
from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel, temper
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.temperature import TEMPERATURES, find_temperature
from tests.labelling.simulate import World, simulate


def scores(probs_NC: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return negative log-likelihood and expected calibration error (15 bins) against the truth."""
    confidence, right = probs_NC.max(axis=1), probs_NC.argmax(axis=1) == truth
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [abs(confidence[bins == index].sum() - right[bins == index].sum()) for index in range(15)]
    return float(-np.log(probs_NC[np.arange(len(truth)), truth] + 1e-300).mean()), float(sum(gaps) / len(truth))


def before_and_after(model: LabelModel, world: World) -> tuple[float, np.ndarray, np.ndarray]:
    fitted = clone(model).fit(world.votes)
    found = find_temperature(fitted, hold_out_families(model, world.votes))
    sharp = fitted.predict_proba(world.votes)
    return found, np.array(scores(sharp, world.truth)), np.array(scores(temper(sharp, found), world.truth))


@pytest.mark.parametrize("model", [HierarchicalPartial(), DawidSkene(num_rounds=30)], ids=lambda model: model.name)
def test_posteriors_become_honest_without_a_label(model: LabelModel) -> None:
    found, before, after = before_and_after(model, simulate(400, seed=0))
    assert found > 1
    assert (after < before).all()


def test_posteriors_that_are_honest_stay_as_they_are() -> None:
    """Independent rules, each vote explained by its row: nothing to flatten once the accuracies are known."""
    world = simulate(1000, seed=0, correlation=0.0, coverage_sd=0.0, num_broken=0)
    model = HierarchicalPartial(confusion_rounds=0)
    fitted = clone(model).fit(world.votes, gold=world.truth)
    held_out = hold_out_families(model, world.votes)
    assert 0.8 <= find_temperature(fitted, held_out) <= 1.3


def test_the_temperature_maximises_the_probability_of_unseen_votes() -> None:
    world = simulate(50, seed=3)
    votes = world.votes.with_rules(np.arange(33) % 4 == 0)
    fitted = HierarchicalPartial().fit(Encoding.of(votes))
    held_out = hold_out_families(HierarchicalPartial(), votes)
    rows = fitted.emissions_
    assert rows is not None and rows.abstain_RC is not None
    starts = np.cumsum([0, *(len(spec.symbols) for spec in votes.specs)])
    total = np.zeros(len(TEMPERATURES))
    for family, posterior in held_out.posterior_by_family.items():
        for row in range(len(held_out.votes)):
            likelihood = np.ones(14)
            for rule, spec in enumerate(votes.specs):
                if spec.family == family:
                    symbol = held_out.votes.symbols_NR[row, rule]
                    likelihood *= rows.symbols_SC[starts[rule] + symbol] if symbol >= 0 else rows.abstain_RC[rule]
            for number, temperature in enumerate(TEMPERATURES):
                total[number] += np.log(temper(posterior[[row]], temperature)[0] @ likelihood)
    assert find_temperature(fitted, held_out) == TEMPERATURES[total.argmax()]


def test_without_beliefs_or_families_there_is_nothing_to_find() -> None:
    votes = simulate(50, seed=0).votes
    assert find_temperature(MajorityVote().fit(votes), hold_out_families(MajorityVote(), votes)) == 1.0
    silent = replace(votes, symbols_NR=np.full_like(votes.symbols_NR, -1))
    empty = hold_out_families(HierarchicalPartial(), silent)
    assert empty.posterior_by_family == {}
    assert find_temperature(HierarchicalPartial().fit(votes), HeldOut(votes=votes, posterior_by_family={})) == 1.0
