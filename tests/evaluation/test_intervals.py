from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from slowpaths.evaluation.intervals import ClusterBootstrap, centred_percentiles, weighted_mean, wilson


def _mean(values: np.ndarray):
    return lambda weights: weighted_mean(values, weights)[:, None]


@pytest.mark.parametrize(("hits", "num"), [(0, 5), (5, 5), (3, 10), (95, 100)])
def test_wilson_agrees_with_scipy(hits: int, num: int) -> None:
    theirs = binomtest(hits, num).proportion_ci(method="wilson")
    ours = wilson(hits, num)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_value_is_the_statistic_under_weights_of_one() -> None:
    values = np.array([1.0, 0.0, 1.0, 1.0])
    (found,) = ClusterBootstrap(np.array(list("aabb"), dtype=object), num_replicates=100).estimate(_mean(values))
    assert found.value == 0.75
    assert found.interval is not None and found.interval.low < 0.75 < found.interval.high


def test_a_replicate_draws_matches_then_as_many_deliveries_as_they_have() -> None:
    clusters = np.array(["a"] * 2 + ["b"] * 5, dtype=object)
    drawn: list[np.ndarray] = []

    def keep(weights: np.ndarray) -> np.ndarray:
        drawn.append(weights)
        return weights.sum(axis=1, keepdims=True)

    ClusterBootstrap(clusters, num_replicates=400, seed=1).estimate(keep)
    weights = drawn[-1]
    per_match = np.stack([weights[:, :2].sum(axis=1) / 2, weights[:, 2:].sum(axis=1) / 5], axis=1)
    assert set(map(tuple, per_match.tolist())) == {(2, 0), (1, 1), (0, 2)}
    assert np.mean(per_match[:, 0] == 1) == pytest.approx(0.5, abs=0.08)


def test_whole_matches_vary_more_than_single_deliveries() -> None:
    values = np.repeat([0.0, 1.0, 0.0, 1.0, 1.0, 0.0], 50)
    matches = np.repeat(list("abcdef"), 50).astype(object)
    each = np.arange(300).astype(str).astype(object)
    widths = []
    for clusters in (matches, each):
        (found,) = ClusterBootstrap(clusters, num_replicates=500).estimate(_mean(values))
        assert found.interval is not None
        widths.append(found.interval.high - found.interval.low)
    assert widths[0] > 4 * widths[1]


def test_the_interval_covers_as_often_as_it_says() -> None:
    # 80 studies of 30 matches whose accuracy varies; .95 less three binomial standard errors of .024
    rng = np.random.default_rng(3)
    covered = 0
    for study in range(80):
        rates = rng.beta(7, 3, size=30)
        values = (rng.random((30, 20)) < rates[:, None]).astype(np.float64).ravel()
        clusters = np.repeat(np.arange(30), 20).astype(str).astype(object)
        (found,) = ClusterBootstrap(clusters, num_replicates=200, seed=study).estimate(_mean(values))
        assert found.interval is not None
        covered += found.interval.low <= 0.7 <= found.interval.high
    assert 0.88 <= covered / 80 <= 1.0


def test_the_same_seed_draws_the_same() -> None:
    clusters, values = np.array(list("abcdefgh"), dtype=object), np.arange(8.0)
    runs = [ClusterBootstrap(clusters, num_replicates=50, seed=s).estimate(_mean(values)) for s in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_no_interval_where_it_cannot_be_known() -> None:
    empty = ClusterBootstrap(np.array([], dtype=object)).estimate(_mean(np.array([])))
    assert np.isnan(empty[0].value) and empty[0].interval is None
    off = ClusterBootstrap(np.array(["a"], dtype=object), num_replicates=0).estimate(_mean(np.array([2.0])))
    assert off[0].value == 2.0 and off[0].interval is None


def test_a_biased_statistic_keeps_its_value_inside() -> None:
    found = centred_percentiles(np.linspace(0.3, 0.4, 101), value=0.2)
    assert (found.low, found.high) == pytest.approx((0.1525, 0.2475))
