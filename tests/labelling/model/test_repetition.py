"""Rules that repeat each other count as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.labelling.model.encoding import Encoding
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.model.repetition import repetition_weights
from tests.labelling.simulate import World, simulate

TIMES = 20


def repeated(world: World, *, rule: int, changed: float = 0.0) -> World:
    """Return the votes with one rule standing there twenty times, a share of each copy's votes shuffled."""
    rng = np.random.default_rng(0)
    votes, copies = world.votes, []
    for _ in range(TIMES - 1):
        copy_N = votes.symbols_NR[:, rule].copy()
        is_changed = rng.random(len(copy_N)) < changed
        copy_N[is_changed] = rng.permutation(copy_N[is_changed])
        copies.append(copy_N)
    specs = tuple(replace(votes.specs[rule], code=f"copy.r{number}") for number in range(TIMES - 1))
    symbols_NR = np.concatenate([votes.symbols_NR, np.stack(copies, axis=1)], axis=1)
    return replace(world, votes=replace(votes, specs=votes.specs + specs, symbols_NR=symbols_NR))


def accuracy(model: LabelModel, world: World) -> float:
    return float((model.fit(world.votes).predict(world.votes) == world.truth).mean())


def test_copies_share_one_weight_and_others_keep_theirs() -> None:
    world = simulate(300, seed=0)
    alone = repetition_weights(Encoding.of(world.votes))
    among = repetition_weights(Encoding.of(repeated(world, rule=9).votes))
    assert among[9] == pytest.approx(alone[9] / (1 + (TIMES - 1) * alone[9]))
    np.testing.assert_allclose(among[33:], among[9])
    far = [rule for rule, spec in enumerate(world.votes.specs) if spec.family != world.votes.specs[9].family]
    np.testing.assert_allclose(among[far], alone[far])
    assert alone.min() > 0.5


def test_a_rule_that_never_votes_counts_for_nothing() -> None:
    votes = simulate(50, seed=0).votes
    symbols_NR = votes.symbols_NR.copy()
    symbols_NR[:, :5] = -1
    np.testing.assert_array_equal(
        repetition_weights(Encoding.of(replace(votes, symbols_NR=symbols_NR))) > 0, np.arange(33) >= 5
    )


@pytest.mark.parametrize("rule", [0, 7, 12, 17])
@pytest.mark.parametrize("changed", [0.0, 0.15])
def test_a_rule_that_stands_there_twenty_times_does_not_outvote_the_others(rule: int, changed: float) -> None:
    """Counted whole, the copies take a model from .73 to .19 to .41, mostly below majority vote."""
    worlds = [simulate(400, seed=seed) for seed in (0, 1)]
    copies = [repeated(world, rule=rule, changed=changed) for world in worlds]
    lost = 0.1 if changed else 0.05  # changed copies are more than one rule, and are weighed as more
    for model in (HierarchicalPartial(), FixedNaiveBayes()):
        before, after = (np.mean([accuracy(model, world) for world in some]) for some in (worlds, copies))
        assert after > before - lost
        assert after > np.mean([accuracy(MajorityVote(), world) for world in copies]) + 0.1
