from __future__ import annotations

import pytest
import torch

from slowpaths.models.callbacks.withheld import agreement
from slowpaths.models.training_set import Votes

SETS = torch.tensor([[0.0, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0]])


def slowly(named: list[int], votes: Votes) -> float:
    """Say the same, one vote after the other and one shuffle after the other."""
    observed = chance = total = 0.0
    for rule in range(votes.set_NR.shape[1]):
        cast = [(clip, float(votes.weight_NR[clip, rule])) for clip in range(len(named)) if votes.weight_NR[clip, rule]]
        total += sum(weight for _, weight in cast)
        for clip, weight in cast:
            allowed = votes.sets_SC[votes.set_NR[clip, rule]]
            observed += weight * float(allowed[named[clip]])
            shuffled = [other * float(allowed[named[place]]) for place, other in cast]
            chance += weight * sum(shuffled) / sum(other for _, other in cast)
    return (observed - chance) / (total - chance)


def test_the_agreement_is_that_of_a_slow_count() -> None:
    draw = torch.Generator().manual_seed(0)
    set_NR = torch.randint(0, 4, (40, 3), generator=draw)
    votes = Votes(sets_SC=SETS, set_NR=set_NR, weight_NR=torch.rand(40, 3, generator=draw) * (set_NR > 0))
    named = torch.randint(0, 3, (40,), generator=draw)
    assert agreement(named, votes).item() == pytest.approx(slowly(named.tolist(), votes), abs=1e-5)


def test_always_the_same_stroke_earns_nothing_and_votes_for_anything_tell_nothing() -> None:
    votes = Votes(sets_SC=SETS, set_NR=torch.tensor([[1], [1], [1], [2]]), weight_NR=torch.ones(4, 1))
    assert agreement(torch.tensor([0, 0, 0, 0]), votes).item() == 0
    assert agreement(torch.tensor([0, 1, 0, 2]), votes).item() == 1
    everything = Votes(sets_SC=torch.ones(2, 3), set_NR=torch.ones(4, 1, dtype=torch.int64), weight_NR=torch.ones(4, 1))
    assert agreement(torch.tensor([0, 1, 2, 0]), everything).item() == 0
