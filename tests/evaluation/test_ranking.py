from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slowpaths.evaluation.ranking import random_rank, rank


def test_a_list_by_hand() -> None:
    ranking = rank(np.array([0.1, 0.9, 0.5, 0.5, -np.inf]), np.array([True, False, True, False, True]))
    assert ranking.size_BU.tolist() == [[1, 2, 1]]
    assert ranking.places_H.tolist() == [1, 2]
    assert ranking.hits_BH.tolist() == [[1, 1]]
    assert ranking.seen_BH.tolist() == [[3, 4]]
    assert ranking.total_B.tolist() == [3]
    assert ranking.rank_of(np.array([1.0])).tolist() == [2.5]  # second or third, alike
    assert ranking.rank_of(np.array([2.0])).tolist() == [4]
    assert ranking.rank_of(np.array([3.0])).tolist() == [np.inf]  # it was never found


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=6), st.integers(1, 3))
def test_expected_rank_is_the_mean_over_all_orders_of_ties(items: list[tuple[int, bool]], hit: int) -> None:
    scores, relevant = np.array([s for s, _ in items], dtype=float), np.array([r for _, r in items])
    ours = rank(scores, relevant).rank_of(np.array([float(hit)]))[0]
    ranks = []
    for order in itertools.permutations(range(len(items))):
        in_order = sorted(order, key=lambda i: -scores[i])
        places = [place for place, i in enumerate(in_order, start=1) if relevant[i]]
        ranks.append(places[hit - 1] if len(places) >= hit else np.inf)
    assert ours == pytest.approx(np.mean(ranks))


def test_random_order() -> None:
    assert random_rank(10, num_relevant=50, num_clips=1000) == pytest.approx(196.27, abs=0.005)
    alike = rank(np.zeros(1000), np.arange(1000) < 50)
    assert alike.rank_of(np.array([10.0]))[0] == pytest.approx(196.27, abs=0.005)


def test_nothing_to_show() -> None:
    ranking = rank(np.array([-np.inf]), np.array([True]))
    assert ranking.rank_of(np.array([1.0])).tolist() == [np.inf]
