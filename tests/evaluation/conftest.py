"""Pairings of known quality, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.tables import make_study, only

from slowpaths.evaluation.measure import Measure, Table
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.evaluation.pairing import Pairing, pair
from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.report import take_all
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import read_truth


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return truth.csv and predictions.parquet of six matches, four batters of ninety balls each."""
    return make_study(tmp_path_factory.mktemp("study"), num_matches=6, batters_per_match=2, balls=30)


@pytest.fixture(scope="session")
def pairing(study: tuple[Path, Path]) -> Pairing:
    """Return the study, paired."""
    truth, predictions = study
    return pair(read_predictions(predictions), read_truth(truth))


@pytest.fixture(scope="session")
def perfect(pairing: Pairing) -> Pairing:
    """Return the true deliveries of the study, all found and all named right."""
    kept = only(pairing, pairing.true_U >= 0)
    one_hot = np.eye(len(pairing.space.columns))[kept.true_U]
    found = np.ones(len(one_hot), dtype=bool)
    return replace(kept, probs_UG=one_hot, called_U=kept.true_U, event_p=1.0 * found, is_found=found, is_kept=found,
                   predicted_impact_s=kept.true_impact_s)  # fmt: skip


@pytest.fixture(scope="session")
def nothing(pairing: Pairing) -> Pairing:
    """Return the study with every prediction taken away."""
    kept = only(pairing, pairing.true_U >= 0)
    lost, none = np.full((len(kept.true_U), 14), np.nan), np.zeros(len(kept.true_U), dtype=bool)
    return replace(kept, probs_UG=lost, called_U=np.full(len(lost), -1), event_p=lost[:, 0], is_found=none,
                   is_kept=none, predicted_impact_s=lost[:, 0])  # fmt: skip


@pytest.fixture(scope="session")
def read() -> Callable[..., tuple[dict[str, Measure], dict[str, Table]]]:
    """Return a way to take every measure and table of a sample; checks that every interval holds its value."""

    def take(given: Pairing | Sample | MiningSample) -> tuple[dict[str, Measure], dict[str, Table]]:
        measures, tables = take_all(Sample(given) if isinstance(given, Pairing) else given)
        for item in measures:
            if item.value is not None and item.low is not None and item.high is not None:
                assert item.low <= item.value <= item.high, item.name
        return {item.name: item for item in measures}, tables

    return take
