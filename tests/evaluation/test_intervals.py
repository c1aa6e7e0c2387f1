from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from slowpaths.evaluation.intervals import Interval, Resampling, centred_percentiles, weighted_mean, wilson


def mean(values: np.ndarray, clusters: np.ndarray, **options: int) -> tuple[float, Interval | None]:
    resampling = Resampling(**options)
    values_B = weighted_mean(values, resampling.weights(clusters))
    return float(values_B[0]), resampling.interval(values_B)


@pytest.mark.parametrize(("hits", "num"), [(0, 5), (5, 5), (3, 10), (95, 100)])
def test_wilson_agrees_with_scipy(hits: int, num: int) -> None:
    theirs = binomtest(hits, num).proportion_ci(method="wilson")
    ours = wilson(hits, num)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_value_is_the_statistic_under_weights_of_one() -> None:
    values, clusters = np.array([1.0, 0.0, 1.0, 1.0]), np.array(list("aabb"), dtype=object)
    value, interval = mean(values, clusters, num_replicates=100)
    assert value == 0.75
    assert interval is not None and interval.low < 0.75 < interval.high


def test_a_replicate_draws_matches_then_as_many_deliveries_as_they_have() -> None:
    clusters = np.array(["a"] * 2 + ["b"] * 5, dtype=object)
    weights = Resampling(num_replicates=400, seed=1).weights(clusters)
    assert (weights[0] == 1).all()
    weights = weights[1:]
    per_match = np.stack([weights[:, :2].sum(axis=1) / 2, weights[:, 2:].sum(axis=1) / 5], axis=1)
    assert set(map(tuple, per_match.tolist())) == {(2, 0), (1, 1), (0, 2)}
    assert np.mean(per_match[:, 0] == 1) == pytest.approx(0.5, abs=0.08)


def test_a_biased_statistic_keeps_its_value_inside() -> None:
    found = centred_percentiles(np.linspace(0.3, 0.4, 101), value=0.2)
    assert (found.low, found.high) == pytest.approx((0.1525, 0.2475))
