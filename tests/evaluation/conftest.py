"""Pairings of known quality, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.tables import make_study

from slowpaths.evaluation.classes import class_space
from slowpaths.evaluation.intervals import ClusterBootstrap
from slowpaths.evaluation.measure import Measure
from slowpaths.evaluation.pairing import Pairing, pair
from slowpaths.evaluation.predictions import read_predictions
from slowpaths.evaluation.truth import read_truth

_KEPT = ("true_U", "is_kept", "video", "match", "group", "true_impact_s", "rows_P")


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return truth.csv and predictions.parquet of six matches, four batters of ninety balls each."""
    return make_study(tmp_path_factory.mktemp("study"), num_matches=6, batters_per_match=2, balls=30)


@pytest.fixture(scope="session")
def pairing(study: tuple[Path, Path]) -> Pairing:
    """Return the study, paired."""
    truth, predictions = study
    return pair(read_predictions(predictions), read_truth(truth), class_space("slowpaths"))


@pytest.fixture(scope="session")
def perfect(pairing: Pairing) -> Pairing:
    """Return the true deliveries of the study, all found and all named right."""
    rows = pairing.true_U >= 0
    one_hot = np.eye(len(pairing.space.columns))[pairing.true_U[rows]]
    arrays = {
        name: getattr(pairing, name)[rows] for name in ("true_U", "video", "match", "group", "true_impact_s", "rows_P")
    }
    return replace(
        pairing,
        **arrays,
        probs_UG=one_hot,
        probs_UK=one_hot,
        event_p=np.ones(rows.sum()),
        is_found=np.ones(rows.sum(), dtype=bool),
        predicted_impact_s=pairing.true_impact_s[rows],
        truths=[truth for truth, kept in zip(pairing.truths, rows, strict=True) if kept],
    )


@pytest.fixture(scope="session")
def nothing(pairing: Pairing) -> Pairing:
    """Return the study with every prediction taken away."""
    rows = pairing.true_U >= 0
    arrays = {
        name: getattr(pairing, name)[rows] for name in ("true_U", "video", "match", "group", "true_impact_s", "rows_P")
    }
    return replace(
        pairing,
        **arrays,
        probs_UG=np.full((rows.sum(), 14), np.nan),
        probs_UK=np.full((rows.sum(), 14), np.nan),
        event_p=np.full(rows.sum(), np.nan),
        is_found=np.zeros(rows.sum(), dtype=bool),
        predicted_impact_s=np.full(rows.sum(), np.nan),
        truths=[truth for truth, kept in zip(pairing.truths, rows, strict=True) if kept],
    )


@pytest.fixture(scope="session")
def draw() -> Callable[[Pairing], ClusterBootstrap]:
    """Return a small bootstrap for a pairing."""
    return lambda pairing: ClusterBootstrap(pairing.match, num_replicates=60)


@pytest.fixture(scope="session")
def by_name() -> Callable[[list[Measure]], dict[str, Measure]]:
    """Return a way to find measures by name; checks that every interval holds its value."""

    def index(measures: list[Measure]) -> dict[str, Measure]:
        for item in measures:
            if item.value is not None and item.low is not None and item.high is not None:
                assert item.low <= item.value <= item.high, item.name
        return {item.name: item for item in measures}

    return index
