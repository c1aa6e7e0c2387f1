from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from slowpaths.evaluation.intervals import wilson
from slowpaths.evaluation.measures import auto_accept, rejection_value, risk_coverage
from slowpaths.evaluation.measures.error_detection import error_detection

CORRECT = np.r_[np.ones(80), np.zeros(20)]  # error rate .2


def test_random_order_and_perfect_order() -> None:
    perfect = -np.arange(100, dtype=float)
    assert risk_coverage.augrc(np.full(100, 0.5), CORRECT)[0] == pytest.approx(0.1)
    assert risk_coverage.augrc(perfect, CORRECT)[0] == pytest.approx(0.02)
    assert risk_coverage.aurc(np.full(100, 0.5), CORRECT)[0] == pytest.approx(0.2)
    # mean of (k - 80) / k over the last twenty
    assert risk_coverage.aurc(perfect, CORRECT)[0] == pytest.approx(sum((k - 80) / k for k in range(81, 101)) / 100)


def test_a_curve_by_hand() -> None:
    coverage, errors = risk_coverage.risk_coverage(np.array([0.9, 0.7, 0.7]), np.array([1.0, 0.0, 1.0]))
    np.testing.assert_allclose(coverage[0], [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(errors[0], [0, 0, 1 / 6, 1 / 3])
    assert risk_coverage.accuracy_at_coverage(np.array([0.9, 0.7]), np.array([1.0, 0.0]), coverage=0.5) == [1.0]


def test_a_slow_sum_agrees() -> None:
    rng = np.random.default_rng(0)
    confidence, correct = rng.permutation(50) / 50.0, rng.integers(0, 2, 50).astype(float)
    order = np.argsort(-confidence)
    risks, wrong = [], 0.0
    for k, index in enumerate(order, start=1):
        wrong += 1 - correct[index]
        risks.append(wrong / k)
    assert risk_coverage.aurc(confidence, correct)[0] == pytest.approx(np.mean(risks))


def test_error_detection_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    confidence, correct = rng.integers(0, 9, 200) / 9, rng.integers(0, 2, 200).astype(float)
    assert error_detection(confidence, correct)[0] == pytest.approx(roc_auc_score(correct, confidence))
    assert np.isnan(error_detection(confidence, np.ones(200))[0])


@pytest.mark.parametrize("measure", [risk_coverage.aurc, risk_coverage.augrc, error_detection])
def test_weights_are_repeated_deliveries(measure) -> None:
    rng = np.random.default_rng(4)
    confidence, correct = rng.permutation(40) / 40.0, rng.integers(0, 2, 40).astype(float)
    weights = rng.integers(0, 3, 40)
    again = np.repeat(np.arange(40), weights)
    weighted = measure(confidence, correct, weights[None].astype(float))[0]
    # repeated rows tie with themselves and so enter one by one; the trapezoid and the pairs see no difference
    expected = measure(confidence[again], correct[again])[0]
    assert weighted == pytest.approx(expected, abs=0.02 if measure is risk_coverage.aurc else 1e-9)


@pytest.mark.parametrize(("cost", "threshold"), [(1, 0.5), (3, 0.75), (9, 0.9)])
def test_rejection_pays_below_the_threshold(cost: int, threshold: float) -> None:
    assert rejection_value.acceptance_threshold(cost) == pytest.approx(threshold)
    confidence = np.array([threshold - 0.01, threshold + 0.01])
    value = rejection_value.value_with_rejection(confidence, np.array([1.0, 1.0]), cost_of_error=cost)
    assert value[0] == 0.5  # the first is left to a person
    value = rejection_value.value_with_rejection(confidence, np.array([1.0, 0.0]), cost_of_error=cost)
    assert value[0] == -cost / 2


def test_the_auto_accept_rate_needs_proof_not_luck() -> None:
    confidence = -np.arange(200, dtype=float)
    lucky = np.r_[np.ones(50), np.zeros(150)]
    assert wilson(50, 50).low < 0.95
    assert auto_accept.auto_accept_rate(confidence, lucky) == (0.0, np.inf)
    rate, threshold = auto_accept.auto_accept_rate(confidence, np.r_[np.ones(100), np.zeros(100)])
    assert rate == 0.5 and threshold == -99
    assert wilson(100, 100).low >= 0.95 > wilson(100, 101).low
    tied, _ = auto_accept.auto_accept_rate(np.full(200, 0.9), np.r_[np.ones(100), np.zeros(100)])
    assert tied == 0.0  # the confidence cannot tell them apart
