"""Ceiling, bands and regret in populations of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.gap.association import (
    Estimate,
    band_spread,
    estimate,
    noise_ceiling,
    regret,
    top_quartile,
)


def _halves(true_K: np.ndarray, noise: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {half: true_K + noise * rng.standard_normal(len(true_K)) for half in "AB"}


@pytest.mark.parametrize("noise", [0.2, 0.6])
def test_noise_alone_makes_no_gap(noise: float) -> None:
    """Usefulness is accuracy itself, each half measured with its own noise: tau across falls, the gap stays at 0."""
    rng, gaps, taus = np.random.default_rng(0), [], []
    for _ in range(20):
        skill = rng.standard_normal(60)
        found = noise_ceiling(_halves(skill, noise, rng), _halves(skill, noise, rng), np.ones((1, 60)))
        gaps.append(found["gap"][0])
        taus.append(found["tau_across"][0])
    assert np.mean(taus) < 0.9
    assert np.mean(gaps) == pytest.approx(0.0, abs=0.04)


def test_a_planted_gap_is_found_below_the_noise() -> None:
    """The ratio of taus finds it but makes it too small; without noise tau would be .5."""
    rng, found = np.random.default_rng(1), []
    for _ in range(20):
        skill, other = rng.standard_normal((2, 60))
        useful = (skill + other) / np.sqrt(2)  # correlation .71: tau .5 without noise
        found.append(noise_ceiling(_halves(skill, 0.3, rng), _halves(useful, 0.3, rng), np.ones((1, 60))))
    assert np.mean([item["tau_noiseless"][0] for item in found]) == pytest.approx(0.5, abs=0.04)
    assert 0.3 < np.mean([item["gap"][0] for item in found]) < 0.5


def test_halves_that_contradict_each_other_allow_no_ceiling() -> None:
    up, down = np.arange(5.0), np.arange(5.0)[::-1]
    found = noise_ceiling({"A": up, "B": up}, {"A": up, "B": down}, np.ones((1, 5)))
    assert np.isnan(found["gap"][0])
    assert found["reliability"][0] == -1.0


def test_regret_by_hand() -> None:
    """Accuracy takes the first system, of usefulness 2; the best has 5, the middle 3: (5 - 2) / (5 - 3)."""
    accuracy, useful = np.array([9.0, 8.0, 7.0]), np.array([2.0, 5.0, 3.0])
    halves = [{"A": values, "B": values} for values in (accuracy, useful)]
    assert regret(*halves, np.ones((1, 3))).tolist() == [1.5]
    assert regret(halves[1], halves[1], np.ones((1, 3))).tolist() == [0.0]


def test_a_draw_without_the_best_system_has_its_own_best() -> None:
    accuracy, useful = np.array([9.0, 8.0, 7.0]), np.array([2.0, 5.0, 3.0])
    halves = [{"A": values, "B": values} for values in (accuracy, useful)]
    assert regret(*halves, np.array([[2.0, 0.0, 1.0]])).tolist() == [1.0]  # best 3, chosen 2, middle 2


def test_bands_tell_what_accuracy_leaves_open() -> None:
    rng = np.random.default_rng(0)
    accuracy = np.repeat(np.linspace(0.4, 0.8, 10), 12)
    ones = np.ones((1, len(accuracy)))
    assert band_spread(accuracy, accuracy, ones)[0] == pytest.approx(0.0, abs=1e-6)
    assert band_spread(accuracy, rng.standard_normal(120), ones)[0] == pytest.approx(1.0, abs=0.05)
    assert np.isnan(band_spread(np.linspace(0, 1, 10), np.arange(10.0), np.ones((1, 10)))[0])


def test_the_top_needs_enough_runs() -> None:
    accuracy = np.arange(30.0)
    tau, tau_ap = top_quartile(accuracy, -accuracy, np.ones((1, 30)))
    assert (tau[0], tau_ap[0]) == (-1.0, -1.0)
    assert np.isnan(top_quartile(np.arange(8.0), np.arange(8.0), np.ones((1, 8)))[0][0])


def test_few_configurations_have_a_value_without_interval() -> None:
    values = np.linspace(0, 1, 101)
    assert estimate(values, 3, "").low is None
    found = estimate(values, 20, "")
    assert found.low is not None and found.high is not None and found.low < found.high
    assert estimate(np.full(5, np.nan), 20, "no order") == Estimate(reason="no order")
