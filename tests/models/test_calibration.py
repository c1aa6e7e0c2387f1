from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from slowpaths.core.tempering import temper
from slowpaths.models.calibration import disagreement, fit_temperature, refinement_loss


def test_the_temperature_is_the_one_that_spoilt_the_logits() -> None:
    rng = np.random.default_rng(0)
    logits_NC = rng.normal(size=(4000, 14)) * 2
    labels_N = [int(rng.choice(14, p=probs_C)) for probs_C in softmax(logits_NC, axis=1)]
    too_sure = softmax(2.5 * logits_NC, axis=1)[:, None]  # one view
    assert fit_temperature(too_sure, labels_N) == pytest.approx(2.5, rel=0.08)


def test_views_are_tempered_before_they_are_averaged() -> None:
    views = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.6, 0.4]], [[0.3, 0.7], [0.6, 0.4]]])
    labels = [0, 0, 1]
    found = fit_temperature(views, labels)

    def loss(value: float) -> float:
        means = [temper(view, value).mean(axis=0) for view in views]
        return -sum(np.log(mean[label]) for mean, label in zip(means, labels, strict=True))

    assert loss(found) < min(loss(found * 1.02), loss(found / 1.02))
    assert temper(views[0], 1.0) == pytest.approx(views[0])


def test_disagreement_is_the_jensen_shannon_divergence_in_bits() -> None:
    same = np.array([[0.5, 0.3, 0.2]] * 3)
    assert disagreement(same) == pytest.approx(0, abs=1e-12)
    assert disagreement(np.eye(3)) == pytest.approx(np.log2(3))
    # mean (.75, .25): .8113 bits; the views have 0 and 1 bits
    assert disagreement(np.array([[1.0, 0.0], [0.5, 0.5]])) == pytest.approx(0.8113 - 0.5, abs=1e-4)


def test_the_loss_that_a_temperature_leaves_does_not_ask_how_sure_a_network_is() -> None:
    """Cross-entropy prefers a network that has learnt nothing to one that is right in half the cases and too sure."""
    rng = np.random.default_rng(0)
    labels_N = rng.integers(0, 4, 400)
    targets_NC, weights_N = np.eye(4)[labels_N], rng.uniform(0.5, 1.0, 400)
    named_N = np.where(rng.random(400) < 0.5, labels_N, rng.integers(0, 4, 400))
    sure_NC, nothing_NC = 12.0 * np.eye(4)[named_N], np.zeros((400, 4))

    def cross_entropy(logits_NC: np.ndarray) -> float:
        return float(-np.average(np.log((targets_NC * softmax(logits_NC, axis=1)).sum(axis=1)), weights=weights_N))

    assert cross_entropy(sure_NC) > cross_entropy(nothing_NC)
    sure, nothing = (refinement_loss(logits, targets_NC, weights_N) for logits in (sure_NC, nothing_NC))
    assert nothing == pytest.approx(np.log(4))
    assert sure < nothing - 0.2
    assert refinement_loss(0.01 * sure_NC, targets_NC, weights_N) == pytest.approx(sure, abs=1e-6)
    assert refinement_loss(-sure_NC, targets_NC, weights_N) == pytest.approx(
        nothing, abs=1e-3
    )  # always wrong: unsure at best


def test_what_a_clip_counts_is_kept() -> None:
    logits_NC, targets_NC = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    assert refinement_loss(logits_NC, targets_NC, np.array([1.0, 0.0])) < 1e-6
    assert refinement_loss(logits_NC, targets_NC, np.array([0.0, 1.0])) == pytest.approx(np.log(2), abs=1e-3)
