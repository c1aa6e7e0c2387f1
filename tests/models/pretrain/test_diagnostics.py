from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from slowpaths.models.pretrain.diagnostics import effective_rank, neighbour_share, spread, uniformity


def test_an_embedding_on_a_line_has_rank_one_and_one_point_none() -> None:
    line = torch.arange(10.0)[:, None] * torch.tensor([[1.0, 2.0, -3.0]])
    assert effective_rank(line) == pytest.approx(1.0, abs=1e-4)
    assert effective_rank(torch.ones(5, 3)) == 0.0
    assert spread(torch.ones(5, 3)) == pytest.approx(0.0, abs=1e-6)
    assert uniformity(torch.ones(5, 3)) == pytest.approx(0.0, abs=1e-6)


def test_unlike_directions_count_by_their_entropy() -> None:
    points = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])  # singular values 3 and 1
    assert effective_rank(points) == pytest.approx(math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)))


def test_the_share_of_neighbours_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 5)).astype(np.float32)
    label, match = rng.integers(3, size=40), rng.integers(4, size=40)
    labels, matches = torch.from_numpy(label), torch.from_numpy(match)
    like, may = labels[:, None] == labels, matches[:, None] != matches
    expected, chance = [], []
    for row in range(40):
        others = match != match[row]
        known = KNeighborsClassifier(7, metric="cosine").fit(points[others], label[others])
        near = known.kneighbors(points[row : row + 1], return_distance=False)[0]
        expected.append(np.mean(label[others][near] == label[row]))
        chance.append(np.mean(label[others] == label[row]))
    found = neighbour_share(torch.from_numpy(points), like, may, k=7)
    assert found == pytest.approx((np.mean(expected), np.mean(chance)), abs=1e-6)


def test_clips_that_may_ask_nobody_are_left_out_and_fewer_neighbours_are_taken() -> None:
    points = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    like = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    may = torch.tensor([[False, True, True], [True, False, False], [False, False, False]])
    # The first asks two, of whom one is alike; the second asks the first; the third nobody.
    assert neighbour_share(points, like, may, k=20) == pytest.approx((0.75, 0.75))
    assert neighbour_share(points, like, may, k=1) == pytest.approx((1.0, 0.75))
