from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.measures import prevalence as quantify

TRAIN = np.array([0.5, 0.3, 0.2])
FIELD = np.array([0.15, 0.25, 0.6])


def _scores(true: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return exact posteriors under TRAIN of Gaussian classes at 0, 2 and 4."""
    x = rng.normal(true * 2.0, 1.0)
    likelihood = np.exp(-0.5 * (x[:, None] - 2.0 * np.arange(3)) ** 2) * TRAIN
    return likelihood / likelihood.sum(axis=1, keepdims=True)


def test_corrected_counts_survive_a_shift_that_fools_plain_ones() -> None:
    rng = np.random.default_rng(0)
    known = rng.choice(3, size=20_000, p=TRAIN)
    field = _scores(rng.choice(3, size=20_000, p=FIELD), rng)
    calibration = _scores(known, rng)
    plain = [quantify.classify_and_count(field), quantify.probabilistic_count(field)]
    better = [
        quantify.adjusted_count(field, calibration, known, num_true=3, is_soft=False),
        quantify.adjusted_count(field, calibration, known, num_true=3, is_soft=True),
        quantify.expectation_maximisation(field, TRAIN),
    ]
    assert min(quantify.absolute_error(FIELD, shares) for shares in plain) > 0.03
    assert max(quantify.absolute_error(FIELD, shares) for shares in better) < 0.015


def test_counts_by_hand() -> None:
    probs = np.array([[0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    np.testing.assert_allclose(quantify.classify_and_count(probs), [2 / 3, 1 / 3])
    np.testing.assert_allclose(quantify.probabilistic_count(probs), [0.5, 0.5])


def test_errors_by_hand() -> None:
    true, counted = np.array([0.5, 0.5]), np.array([0.75, 0.25])
    assert quantify.absolute_error(true, counted) == 0.25
    # smoothing with 1 / (2 * 5) = .1: (.5 + .1) / 1.2 = .5, (.75 + .1) / 1.2, (.25 + .1) / 1.2
    assert quantify.relative_absolute_error(true, counted, num=5) == pytest.approx(0.25 / 1.2 / 0.5)
    expected = 0.5 * np.log(0.5 / (0.85 / 1.2)) + 0.5 * np.log(0.5 / (0.35 / 1.2))
    assert quantify.divergence(true, counted, num=5) == pytest.approx(expected)


def test_expectation_maximisation_leaves_calibrated_shares_alone() -> None:
    rng = np.random.default_rng(1)
    probs = _scores(rng.choice(3, size=20_000, p=TRAIN), rng)
    np.testing.assert_allclose(quantify.expectation_maximisation(probs, TRAIN), TRAIN, atol=0.015)
