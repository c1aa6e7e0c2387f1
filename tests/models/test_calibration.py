from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from slowpaths.core.tempering import temper
from slowpaths.models.calibration import disagreement, fit_temperature


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
