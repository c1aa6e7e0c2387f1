"""The dip against its definition, and how often it takes one hump for two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import linprog

from slowpaths.labelling.rules.antimode import find_antimode
from slowpaths.labelling.rules.dip import dip

Draw = Callable[[np.random.Generator, int], np.ndarray]
ONE_HUMP: dict[str, Draw] = {
    "uniform": lambda rng, num: rng.uniform(size=num),
    "normal": lambda rng, num: rng.normal(size=num),
    "lognormal": lambda rng, num: rng.lognormal(size=num),
    "exponential": lambda rng, num: rng.exponential(size=num),
    "beta": lambda rng, num: rng.beta(0.9, 1.2, size=num),
    "heavy tails": lambda rng, num: rng.standard_t(3, size=num),
    "size of a normal": lambda rng, num: np.abs(rng.normal(size=num)),
    "rounded": lambda rng, num: rng.normal(size=num).round(1),
}


def slow_dip(x_N: np.ndarray) -> float:
    """Return the smallest distance to a distribution function with one hump: a linear program for every mode."""
    num, best = len(x_N), 1.0
    for mode in range(num):  # it may jump at the mode: its value before is variable `mode`, after it `num`
        rows: list[np.ndarray] = []
        limits: list[float] = []

        def bound(weights: dict[int, float], limit: float, rows: list = rows, limits: list = limits) -> None:
            rows.append(np.array([weights.get(column, 0.0) for column in range(num + 2)]))
            limits.append(limit)

        for index in range(num):
            for column, true in ((index, index / num), (num if index == mode else index, (index + 1) / num)):
                bound({column: 1, num + 1: -1}, true)
                bound({column: -1, num + 1: -1}, -true)
        left, right = [*range(mode + 1)], [num, *range(mode + 1, num)]
        place = np.append(x_N, x_N[mode])
        for chain, sign in ((left, 1.0), (right, -1.0)):
            for a, b, c in zip(chain, chain[1:], chain[2:], strict=False):
                before, after = sign / (place[b] - place[a]), sign / (place[c] - place[b])
                bound({a: -before, b: before + after, c: -after}, 0.0)
        for a, b in zip(left + right, (left + right)[1:], strict=False):
            bound({a: 1, b: -1}, 0.0)
        found = linprog(np.eye(num + 2)[-1], A_ub=np.array(rows), b_ub=limits, bounds=[(0, 1)] * (num + 2))
        best = min(best, float(found.fun)) if found.success else best
    return best


def test_the_dip_is_the_distance_to_the_nearest_distribution_with_one_hump() -> None:
    rng = np.random.default_rng(0)
    for number in range(12):
        num = int(rng.integers(4, 11))
        x_N = np.sort(rng.normal(size=num) + 3 * (number % 3) * (rng.random(num) < 0.5))
        assert dip(x_N) == pytest.approx(slow_dip(x_N), abs=1e-7)


def test_equal_values_are_one_hump_and_scale_changes_nothing() -> None:
    assert dip(np.ones(40)) == pytest.approx(1 / 80)
    values = np.random.default_rng(0).normal(size=50)
    assert dip(3.0 * values - 7.0) == pytest.approx(dip(values)) == pytest.approx(dip(-values))


@pytest.mark.parametrize("shape", ONE_HUMP)
@pytest.mark.parametrize("num", [30, 60, 100, 400])
def test_one_hump_is_rarely_taken_for_two(shape: str, num: int) -> None:
    """Without the test it was 29 % of uniform samples of 100 values, 36 % of lognormal ones of 60."""
    rng = np.random.default_rng(num)
    fired = sum(find_antimode(ONE_HUMP[shape](rng, num)).status == "antimode" for _ in range(100))
    assert fired <= 5


@pytest.mark.parametrize(("num", "apart", "share", "least"), [
    (60, 6.0, 0.5, 0.9), (100, 5.0, 0.5, 0.95), (400, 4.0, 0.5, 0.95), (400, 6.0, 0.25, 0.95), (3000, 5.0, 0.25, 0.95),
])  # fmt: skip
def test_two_humps_are_still_found(num: int, apart: float, share: float, least: float) -> None:
    rng = np.random.default_rng(num)
    samples = [rng.normal(apart * (rng.random(num) < share)) for _ in range(40)]
    found = [find_antimode(values) for values in samples]
    assert np.mean([antimode.status == "antimode" for antimode in found]) >= least
    assert np.nanmedian([antimode.value for antimode in found]) == pytest.approx(apart / 2, abs=0.2 * apart)
