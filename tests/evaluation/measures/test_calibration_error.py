from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from slowpaths.evaluation.intervals import unit_weights
from slowpaths.evaluation.measures import calibration_error as calibration
from slowpaths.evaluation.measures.proper_scores import brier, negative_log_likelihood


def test_a_hand_worked_table() -> None:
    # bins (.4, .6] and (.8, 1]: |.5 - .55| * 2/5 + |2/3 - .9| * 3/5
    confidence, correct = np.array([0.5, 0.6, 0.85, 0.9, 0.95]), np.array([1.0, 0, 1, 1, 0])
    bins = calibration.equal_width_bins(confidence, num_bins=5)
    assert bins.tolist() == [2, 2, 4, 4, 4]
    found = calibration.calibration_error(confidence, correct, bins, unit_weights(5))[0]
    assert found == pytest.approx(0.05 * 0.4 + (0.9 - 2 / 3) * 0.6)


def test_equal_mass_bins_hold_equally_many_and_keep_ties_together() -> None:
    assert np.bincount(calibration.equal_mass_bins(np.linspace(0.01, 1, 60), num_bins=6)).tolist() == [10] * 6
    tied = calibration.equal_mass_bins(np.full(20, 0.7))
    assert len(set(tied.tolist())) == 1
    right = np.r_[np.ones(14), np.zeros(6)]
    assert calibration.calibration_error(np.full(20, 0.7), right, tied, unit_weights(20))[0] == pytest.approx(0)


def test_likelihood_and_brier_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probs, true = rng.dirichlet(np.ones(4), size=200), rng.integers(0, 4, size=200)
    assert negative_log_likelihood(probs, true, unit_weights(200))[0] == pytest.approx(log_loss(true, probs))
    theirs = sum(brier_score_loss(true == column, probs[:, column]) for column in range(4))
    assert brier(probs, true, unit_weights(200))[0] == pytest.approx(theirs)


def test_what_was_ruled_out_and_happened_stays_finite() -> None:
    assert np.isfinite(negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1]), unit_weights(1))[0])


def test_weights_are_repeated_deliveries() -> None:
    rng = np.random.default_rng(0)
    confidence, correct = rng.random(80), rng.integers(0, 2, 80).astype(float)
    weights = rng.integers(0, 3, 80)
    again = np.repeat(np.arange(80), weights)
    ours = calibration.calibration_error(
        confidence, correct, calibration.equal_width_bins(confidence), weights[None].astype(float)
    )
    bins = calibration.equal_width_bins(confidence[again])
    theirs = calibration.calibration_error(confidence[again], correct[again], bins, unit_weights(len(again)))
    assert ours[0] == pytest.approx(theirs[0])


@pytest.mark.slow
def test_calibration_error_agrees_with_torchmetrics() -> None:
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    rng = np.random.default_rng(0)
    probs, true = rng.dirichlet(np.full(5, 0.4), size=400), rng.integers(0, 5, size=400)
    confidence, correct = probs.max(axis=1), (probs.argmax(axis=1) == true).astype(float)
    theirs = multiclass_calibration_error(torch.from_numpy(probs), torch.from_numpy(true), num_classes=5, n_bins=15)
    bins = calibration.equal_width_bins(confidence)
    ours = calibration.calibration_error(confidence, correct, bins, unit_weights(400))[0]
    assert ours == pytest.approx(float(theirs), abs=1e-6)
