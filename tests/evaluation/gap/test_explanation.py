"""What explains usefulness, in populations made by a formula."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.gap.explanation import explained, interaction, kinds

ONES = np.ones((1, 60))


def _both(values: np.ndarray) -> dict[str, np.ndarray]:
    return {"A": values, "B": values}


def test_a_linear_law_is_explained_wholly_and_noise_not_at_all() -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, 3))
    law = features @ np.array([1.0, -2.0, 0.5]) + 3
    assert explained(_both(features), _both(law), ONES)[0] == pytest.approx(1.0)
    assert explained(_both(features), _both(rng.standard_normal(60)), ONES)[0] < 0.05
    assert 0.3 < explained(_both(features[:, 1:]), _both(law), ONES)[0] < 0.95


def test_few_configurations_are_not_explained() -> None:
    assert np.isnan(explained(_both(np.ones((8, 1))), _both(np.arange(8.0)), np.ones((1, 8)))[0])


def test_interaction_recovers_shift_and_slope() -> None:
    rng = np.random.default_rng(0)
    accuracy = rng.uniform(0.4, 0.8, size=60)
    is_kind = np.arange(60) % 4 < 2
    centred = (accuracy - accuracy.mean()) / 0.1
    useful = 0.2 * centred - 0.5 * is_kind - 0.1 * centred * is_kind
    found = interaction(_both(accuracy), _both(useful), is_kind, ONES)
    assert found["shift"][0] * useful.std() == pytest.approx(-0.5)
    assert found["slope"][0] * useful.std() == pytest.approx(-0.1)


def test_kinds_are_compared_with_the_supervised_ones() -> None:
    names = ["supervised"] * 4 + ["pseudo"] * 5 + ["rare"] * 3 + [""]
    assert kinds(names) == ("supervised", ["pseudo"])
    assert kinds(["pseudo"] * 13) == ("", [])


@pytest.mark.parametrize("rounding", [0.0, 4e-16])
def test_what_does_not_vary_is_neither_explained_nor_compared(rounding: float) -> None:
    """All systems of a sweep may cut the same clips: what is left then is rounding."""
    rng = np.random.default_rng(0)
    useful = -2.87237611 + rounding * rng.integers(-1, 2, size=60)
    features = rng.standard_normal((60, 2))
    assert np.isnan(explained(_both(features), _both(useful), ONES)).all()
    found = interaction(_both(features[:, 0]), _both(useful), np.arange(60) % 2 == 0, ONES)
    assert np.isnan([found["shift"], found["slope"]]).all()
