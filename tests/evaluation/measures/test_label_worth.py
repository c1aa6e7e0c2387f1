from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.measures.label_worth import effective_sample_gain, squared_correlation


def test_the_gain_of_the_formula() -> None:
    gain = effective_sample_gain(np.array([0.64]), labelled_share=100 / 5000)
    assert gain[0] == pytest.approx(2.684, abs=5e-4)
    assert effective_sample_gain(np.array([0.0]), labelled_share=1.0)[0] == 1.0


def test_the_correlation_agrees_with_numpy() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 2, 50).astype(float), rng.random(50)
    weights = rng.integers(0, 3, 50)
    again = np.repeat(np.arange(50), weights)
    found = squared_correlation(truth, predicted, weights[None].astype(float))[0]
    assert found == pytest.approx(np.corrcoef(truth[again], predicted[again])[0, 1] ** 2)
    assert np.isnan(squared_correlation(truth, np.full(50, 0.3), np.ones((1, 50)))[0])


def test_what_predictions_settle_wholly_has_no_number() -> None:
    truth, weights = np.array([0.0, 1.0, 1.0, 0.0]), np.array([[1.0, 1, 1, 1], [1, 1, 0, 0]])
    rho2 = squared_correlation(truth, np.array([0.2, 0.2000001, 0.3, 0.1]), weights)
    assert rho2[1] == pytest.approx(1)  # of two deliveries, whatever they are
    gain = effective_sample_gain(rho2)
    assert np.isfinite(gain[0]) and np.isnan(gain[1])


def test_power_tuned_estimates_reach_the_gain_of_the_formula() -> None:
    rng = np.random.default_rng(0)
    plain, powered = [], []
    for _ in range(1500):
        truth = rng.normal(size=1100)
        predicted = 0.8 * truth + 0.6 * rng.normal(size=1100)  # correlation .8, both spread 1
        known = slice(0, 100)
        power = 0.8 / (1 + 100 / 1000)
        plain.append(truth[known].mean())
        powered.append(truth[known].mean() + power * (predicted[100:].mean() - predicted[known].mean()))
    gain = effective_sample_gain(np.array([0.64]), labelled_share=100 / 1000)[0]
    assert np.var(plain) / np.var(powered) == pytest.approx(gain, rel=0.15)
