"""How often each stroke is expected before any vote is seen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import LOFT, NUM_STROKES, STROKES

# Strokes in the air and the reverse sweep are rarer than any other in all but the shortest game: Test batters block or
# leave 55 % of all balls (espncricinfo.com, "Which current Test batsmen have the best defences?", 2020) and hit a six
# every 240 (jameswgraysoncricket.wordpress.com, distribution of runs off the bat). A third is a rough guess.
EXPECTED: dict[str, float] = {stroke: 0.33 if stroke in LOFT | {"reverse_sweep_ramp"} else 1.0 for stroke in STROKES}
"""Stroke -> how often it is played, relative to the others: the default of every label model that has a prior."""


def check_class_prior(weights: Mapping[str, float] | None) -> None:
    """Check how often strokes are said to be played.

    Raises:
        UsageError: If a stroke is unknown or a weight is no positive number.
    """
    for stroke, weight in (weights or {}).items():
        if stroke not in STROKES:
            near = difflib.get_close_matches(str(stroke), STROKES, n=3, cutoff=0.3) or STROKES
            raise UsageError(f"label_model.class_prior has no stroke '{stroke}'; the nearest are: {', '.join(near)}")
        if not 0 < weight < float("inf"):
            raise UsageError(f"label_model.class_prior.{stroke} is a positive number, not {weight!r}")


def expected_shares(weights: Mapping[str, float] | None, *, num_classes: int = NUM_STROKES) -> np.ndarray:
    """Return the shares of the classes to expect (C,), in the order of the taxonomy; other classes are all alike.

    A stroke without a weight is as in `EXPECTED`.

    Example:
        >>> shares = expected_shares({"leave": 3.0})
        >>> (shares[:2] / shares[1]).round(6).tolist()
        [3.0, 1.0]
    """
    if num_classes != NUM_STROKES:
        return np.full(num_classes, 1.0 / num_classes)
    known = EXPECTED | dict(weights or {})
    shares_C = np.array([float(known[stroke]) for stroke in STROKES])
    return shares_C / shares_C.sum()
