"""Studies with a known truth: how often does an interval hold it?

Legend: A groups, G classes, M matches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tests.evaluation.tables import SHARES

from slowpaths.evaluation.intervals import jackknife, leave_out
from slowpaths.evaluation.stroke_profiles import StrokeProfiles

BALLS = (12, 25)  # of a match that were found and named by a person: about 18
WHOLE_MATCH = (200, 281)  # balls of a match of twenty overs a side
ACCURACY = 0.7


def matches(
    rng: np.random.Generator, num_matches: int, *, balls: tuple[int, int] = BALLS
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each ball is named right, matches being easy or hard (mean .7), and its match."""
    sizes, rates = rng.integers(*balls, num_matches), rng.beta(7, 3, num_matches)
    values = (rng.random(sizes.sum()) < np.repeat(rates, sizes)).astype(float)
    return values, np.repeat(np.arange(num_matches), sizes)


def confusion() -> np.ndarray:
    """Return P(named | true): three in ten are named wrong, always as a neighbour or as a leave (14, 14)."""
    wrong = np.zeros((14, 14))
    for stroke in range(14):
        wrong[stroke, stroke + 1 if stroke % 2 == 0 else 0] = 1
    return ACCURACY * np.eye(14) + (1 - ACCURACY) * wrong


def players(*, num_groups: int) -> tuple[Callable[..., StrokeProfiles], np.ndarray, np.ndarray]:
    """Return a maker of studies in which each match has a batter of its own, and many true and counted profiles."""
    true_AG = np.random.default_rng(99).dirichlet(SHARES * 25, num_groups)

    def make(rng: np.random.Generator, num_matches: int) -> StrokeProfiles:
        sizes, shares = rng.integers(*BALLS, num_matches), rng.dirichlet(SHARES * 25, num_matches)
        group_N = np.repeat(np.arange(num_matches), sizes)
        true_N = np.concatenate([rng.choice(14, size, p=p) for size, p in zip(sizes, shares, strict=True)])
        named_N = np.array([rng.choice(14, p=confusion()[stroke]) for stroke in true_N])
        hard_NG = np.eye(14)[named_N]
        return StrokeProfiles(
            whose="each match's",
            names=tuple(f"m{index}" for index in range(num_matches)),
            sizes=tuple(sizes.tolist()),
            group_N=group_N,
            true_NG=np.eye(14)[true_N],
            hard_NG=hard_NG,
            soft_NG=hard_NG,
            is_graded=np.ones(len(true_N), dtype=bool),
            weights_BN=leave_out(group_N),
            num_true=14,
        )

    return make, true_AG, true_AG @ confusion()


def covers(
    measure: Callable[[Any], np.ndarray], truth: float, *, num_matches: int, studies: int, make: Callable = matches
) -> float:
    """Return in what share of studies the interval holds the truth."""
    rng, held = np.random.default_rng(num_matches), 0
    for _ in range(studies):
        interval = jackknife(measure(make(rng, num_matches)))
        assert interval is not None
        held += interval.low <= truth <= interval.high
    return held / studies
