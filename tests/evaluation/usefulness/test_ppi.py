from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.usefulness.ppi import effective_sample_gain, prediction_powered_mean


def test_the_gain_of_the_formula() -> None:
    assert effective_sample_gain(0.8, num_labelled=100, num_unlabelled=5000) == pytest.approx(2.684, abs=5e-4)
    assert effective_sample_gain(0.0, num_labelled=10, num_unlabelled=10) == 1.0
    assert effective_sample_gain(1.0, num_labelled=0, num_unlabelled=1) == np.inf


def test_the_estimator_reaches_the_gain_of_the_formula() -> None:
    rng = np.random.default_rng(0)
    plain, powered, errors = [], [], []
    for _ in range(1500):
        truth = rng.normal(size=1100)
        predicted = 0.8 * truth + 0.6 * rng.normal(size=1100)  # correlation .8
        estimate, error = prediction_powered_mean(truth[:100], predicted[:100], predicted[100:])
        plain.append(truth[:100].mean())
        powered.append(estimate)
        errors.append(error)
    gain = effective_sample_gain(0.8, num_labelled=100, num_unlabelled=1000)
    assert np.var(plain) / np.var(powered) == pytest.approx(gain, rel=0.15)
    assert np.mean(errors) == pytest.approx(np.std(powered), rel=0.08)
    assert np.mean(powered) == pytest.approx(0, abs=0.01)
