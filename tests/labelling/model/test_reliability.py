"""A rule that the others do not bear out counts for less; no label is needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.reliability import reliability, with_reliability
from tests.labelling.simulate import World, simulate


def with_noise(world: World, rules: list[int], *, seed: int = 0) -> World:
    """Return a world in which some rules say of each delivery what they say of another."""
    symbols_NR = world.votes.symbols_NR.copy()
    order = np.random.default_rng(seed).permutation(len(world.truth))
    symbols_NR[:, rules] = symbols_NR[np.ix_(order, rules)]
    return replace(world, votes=replace(world.votes, symbols_NR=symbols_NR))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rules_that_speak_by_lot_are_told_from_sound_ones(seed: int) -> None:
    foot_and_single = [0, 1, 2, 3, 4, 26]
    world = with_noise(simulate(1500, seed=seed, num_broken=0, correlation=0.3), foot_and_single)
    weight_R = reliability(world.votes)
    sound = np.setdiff1d(np.arange(22), foot_and_single)
    assert weight_R[foot_and_single[:5]].mean() < 0.3 < 0.9 < weight_R[sound].mean()
    assert (weight_R >= 0).all() and (weight_R <= 1).all()


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_labels_are_better_for_it(seed: int) -> None:
    spoilt = with_noise(simulate(400, seed=seed, num_broken=0), [*range(9)])  # the families of foot and plane
    weighed = with_reliability(spoilt.votes, np.zeros(400))
    for model, gain in ((MajorityVote(), 0.005), (HierarchicalPartial(), 0.04)):
        before, after = (
            float((model.fit(votes).predict(votes) == spoilt.truth).mean()) for votes in (spoilt.votes, weighed)
        )
        assert after > before + gain


def test_each_side_of_the_pitch_is_judged_by_itself() -> None:
    world = simulate(3000, seed=1, num_broken=0, correlation=0.3)
    side_N = np.where(np.arange(3000) % 2 == 0, "E", "S")
    noise = with_noise(world, [0, 1, 2, 3, 4]).votes.symbols_NR
    votes = replace(world.votes, symbols_NR=np.where((side_N == "E")[:, None], noise, world.votes.symbols_NR))
    weights_NR = with_reliability(votes, side_N).weights[:, :5]
    assert weights_NR[side_N == "E"].mean() < 0.3 < 0.8 < weights_NR[side_N == "S"].mean()


def test_where_nothing_can_be_known_every_rule_counts_whole() -> None:
    world = simulate(200, seed=0)
    silent = replace(world.votes, symbols_NR=np.full_like(world.votes.symbols_NR, -1))
    alone = world.votes.with_rules(np.arange(33) < 5)  # one family
    for votes in (silent, alone, world.votes.take(np.zeros(200, dtype=bool))):
        np.testing.assert_array_equal(reliability(votes), 1.0)
    few = world.votes.take(np.arange(3))
    assert reliability(few).mean() > 0.7
    weighed = with_reliability(replace(world.votes, weights_NR=np.full((200, 33), 0.3)), np.zeros(200))
    assert weighed.weights.max() <= 0.3
