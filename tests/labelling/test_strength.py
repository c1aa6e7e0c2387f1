"""How far declared sets are trusted: chosen without labels, it is nearly the best choice there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.labelling.hierarchical import HierarchicalPartial
from slowpaths.labelling.strength import STRENGTHS, find_strength
from slowpaths.labelling.votes import VoteMatrix
from tests.labelling.simulate import World, simulate


def misread(world: World, *, seed: int = 0) -> World:
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


def accuracy(strength: float, world: World) -> float:
    return float((HierarchicalPartial(strength=strength).fit(world.votes).predict(world.votes) == world.truth).mean())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rules_that_err_at_random_are_taken_at_their_word(seed: int) -> None:
    assert find_strength(HierarchicalPartial(), simulate(300, seed=seed).votes) >= 30


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("is_misread", [False, True])
def test_what_is_found_without_labels_is_nearly_the_best_there_is(seed: int, is_misread: bool) -> None:
    world = simulate(300, seed=seed)
    world = misread(world, seed=seed) if is_misread else world
    found = find_strength(HierarchicalPartial(), world.votes)
    assert accuracy(found, world) >= max(accuracy(strength, world) for strength in STRENGTHS) - 0.05


def test_the_order_of_deliveries_does_not_matter() -> None:
    votes = simulate(80, seed=2).votes
    order = np.random.default_rng(0).permutation(80)
    assert find_strength(HierarchicalPartial(), votes) == find_strength(HierarchicalPartial(), votes.take(order))


def test_where_nothing_can_be_compared_the_models_own_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    votes: VoteMatrix = simulate(80, seed=2).votes
    own = HierarchicalPartial(strength=17.0)
    one_family = votes.with_rules(np.array([ballot.family == "foot" for ballot in votes.ballots]))
    assert find_strength(own, one_family) == 17.0
    assert find_strength(own, votes.take(np.zeros(0, dtype=int))) == 17.0
    monkeypatch.setattr("slowpaths.labelling.strength.ENOUGH", 79)
    assert find_strength(own, votes) == 17.0
