from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.models.training import classifier

from slowpaths.evaluation.measures.class_means import balanced_accuracy, macro_f1
from slowpaths.models.balanced_accuracy import BalancedAccuracy

LABELS, NAMED = [0, 0, 1, 1, 0, 1], [0, 0, 1, 1, 5, 6]  # nobody plays 5 and 6


def test_a_stroke_that_nobody_plays_has_no_recall() -> None:
    metric = BalancedAccuracy(14)
    for half in (slice(0, 3), slice(3, 6)):
        metric.update(torch.tensor(NAMED[half]), torch.tensor(LABELS[half]))
    assert metric.compute().item() == pytest.approx(2 / 3)


def test_means_over_strokes_of_validation_are_those_of_evaluation() -> None:
    metrics = classifier().val_metrics
    metrics.update(torch.eye(14)[NAMED], torch.tensor(LABELS))
    found = metrics.compute()
    confusion = np.zeros((1, 14, 14))
    np.add.at(confusion[0], (LABELS, NAMED), 1.0)
    assert found["val/balanced_accuracy"].item() == pytest.approx(balanced_accuracy(confusion)[0])
    assert found["val/macro_f1"].item() == pytest.approx(macro_f1(confusion)[0])
