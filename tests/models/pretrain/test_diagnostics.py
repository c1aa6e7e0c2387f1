from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slowpaths.models.pretrain.diagnostics import effective_rank, linear_probe, neighbour_share, spread, uniformity


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


def matches(num_balls: int = 15) -> tuple[torch.Tensor, torch.Tensor]:
    """Return match and ball of clips of four matches, each ball shown twice."""
    match_N = torch.arange(4).repeat_interleave(2 * num_balls)
    return match_N, torch.arange(4 * num_balls).repeat_interleave(2)


def test_a_linear_probe_tells_features_that_carry_the_match_from_those_that_do_not() -> None:
    match_N, ball_N = matches()
    noise_ND = torch.randn(len(match_N), 40, generator=torch.Generator().manual_seed(0))
    where_MD = torch.randn(4, 40, generator=torch.Generator().manual_seed(1))
    leak, chance = linear_probe(noise_ND + where_MD[match_N], match_N, ball_N)
    assert leak > 0.9 and chance == 0.25
    clean, _ = linear_probe(noise_ND, match_N, ball_N)
    assert clean == pytest.approx(0.25, abs=0.12)


def test_recordings_of_a_ball_are_held_out_together() -> None:
    match_N, ball_N = matches()
    told_by_ball_ND = torch.randn(len(ball_N), 200, generator=torch.Generator().manual_seed(0))[ball_N]
    leak, _ = linear_probe(told_by_ball_ND, match_N, ball_N)
    assert leak == pytest.approx(0.25, abs=0.12)
    each_alone, _ = linear_probe(told_by_ball_ND, match_N, torch.arange(len(ball_N)))
    assert each_alone > 0.75


def test_the_linear_probe_is_that_of_scikit_learn() -> None:
    match_N, ball_N = matches(num_balls=10)
    seen_ND = torch.randn(len(match_N), 30, generator=torch.Generator().manual_seed(2))
    seen_ND[:, 0] += 0.7 * match_N
    seen_ND[:, 1] = 3.0  # the same everywhere
    fold_N, named = (ball_N % 10 % 5).numpy(), np.zeros(len(match_N))
    for fold in range(5):
        known = make_pipeline(StandardScaler(), RidgeClassifier(alpha=1.0)).fit(
            seen_ND[fold_N != fold], match_N[fold_N != fold]
        )
        named[fold_N == fold] = known.predict(seen_ND[fold_N == fold])
    expected = np.mean(named == match_N.numpy())
    assert 0.25 < expected < 1
    assert linear_probe(seen_ND, match_N, ball_N) == pytest.approx((expected, 0.25))


def test_matches_of_one_ball_are_left_out_of_the_linear_probe() -> None:
    seen_ND = torch.tensor([[1.0, 0.0], [1.1, 0.1], [-1.0, 0.0], [-1.2, 0.1], [5.0, 5.0]])
    assert linear_probe(seen_ND, torch.tensor([0, 0, 1, 1, 2]), torch.arange(5, dtype=torch.int32)) == (1.0, 0.5)
    assert linear_probe(seen_ND, torch.tensor([0, 0, 1, 2, 3]), torch.arange(5)) is None
