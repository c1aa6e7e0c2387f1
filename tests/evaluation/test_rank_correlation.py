"""Rank correlation under weights, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from slowpaths.evaluation.rank_correlation import tau_ap, tau_b


def test_tau_b_is_that_of_scipy_ties_and_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.integers(6, size=15).astype(float), rng.integers(6, size=15).astype(float)
        assert tau_b(x, y, np.ones((1, 15)))[0] == pytest.approx(kendalltau(x, y).statistic)


def test_tau_b_of_a_draw_counts_pairs_of_different_items_only() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])
    drawn = tau_b(x, y, np.array([[2.0, 1.0, 0.0], [1.0, 1.0, 1.0], [3.0, 0.0, 0.0]]))
    assert drawn[0] == pytest.approx(1.0)  # two pairs of the first two items, both in order
    assert drawn[1] == pytest.approx(1 / 3)
    assert np.isnan(drawn[2])


def test_unknown_values_are_left_out() -> None:
    x, y = np.array([1.0, 2.0, np.nan, 3.0]), np.array([1.0, 2.0, 0.0, 3.0])
    assert tau_b(x, y, np.ones((1, 4)))[0] == 1.0
    assert tau_ap(x, y, np.ones((1, 4)))[0] == 1.0


def test_tau_ap_by_hand() -> None:
    """List a b c d, reference b a d c: rank 2 has 0 of 1 right above it, rank 3 (c) 2 of 2, rank 4 (d) 2 of 3."""
    listed, reference = np.array([4.0, 3, 2, 1]), np.array([3.0, 4, 1, 2])
    assert tau_ap(listed, reference, np.ones((1, 4)))[0] == pytest.approx(2 / 3 * (0 + 1 + 2 / 3) - 1)


def test_tau_ap_of_the_same_and_of_the_opposite_order() -> None:
    order = np.arange(8.0)
    assert tau_ap(order, order, np.ones((1, 8)))[0] == 1.0
    assert tau_ap(order, -order, np.ones((1, 8)))[0] == -1.0


def test_tau_ap_minds_the_top_where_tau_b_does_not() -> None:
    listed = np.arange(10.0)[::-1]
    top, bottom = listed.copy(), listed.copy()
    top[[0, 1]], bottom[[8, 9]] = top[[1, 0]], bottom[[9, 8]]
    ones = np.ones((1, 10))
    assert tau_b(listed, top, ones) == tau_b(listed, bottom, ones)
    assert tau_ap(listed, top, ones)[0] < tau_ap(listed, bottom, ones)[0]


def test_equal_items_of_the_list_do_not_stand_above_each_other() -> None:
    """Two first places: only the third item has anything above it, and both of these belong there."""
    assert tau_ap(np.array([2.0, 2.0, 1.0]), np.array([1.0, 2.0, 0.0]), np.ones((1, 3)))[0] == 1.0
