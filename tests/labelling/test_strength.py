"""How far declared sets are trusted: far where rules err at random, little where they misread strokes every time."""

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


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rules_that_err_at_random_are_taken_at_their_word(seed: int) -> None:
    assert find_strength(HierarchicalPartial(), simulate(300, seed=seed).votes) >= 30


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rules_that_misread_strokes_every_time_are_not(seed: int) -> None:
    """What is found foretells votes best; that it also names more strokes right is not promised."""
    world = misread(simulate(300, seed=seed), seed=seed)
    assert find_strength(HierarchicalPartial(), world.votes) == min(STRENGTHS)


def test_the_order_of_deliveries_does_not_matter() -> None:
    votes = simulate(80, seed=2).votes
    order = np.random.default_rng(0).permutation(80)
    assert find_strength(HierarchicalPartial(), votes) == find_strength(HierarchicalPartial(), votes.take(order))


@pytest.mark.parametrize("rows", [np.arange(7), np.zeros(0, dtype=int)])
def test_a_handful_of_deliveries_keeps_the_models_own(rows: np.ndarray) -> None:
    votes: VoteMatrix = simulate(80, seed=2).votes.take(rows)
    assert find_strength(HierarchicalPartial(strength=17.0), votes) == 17.0
