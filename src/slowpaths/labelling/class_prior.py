"""How often each stroke is expected before any vote is seen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import LOFT, STROKES

# Strokes in the air and the reverse sweep are rarer than any other in all but the shortest game: Test batters block or
# leave 55 % of all balls (espncricinfo.com, "Which current Test batsmen have the best defences?", 2020) and hit a six
# every 240 (jameswgraysoncricket.wordpress.com, distribution of runs off the bat). A third is a rough guess.
RARE = LOFT | {"reverse_sweep_ramp"}
EXPECTED: dict[str, float] = {stroke: 0.33 for stroke in STROKES if stroke in RARE}


def class_prior(weights: Mapping[str, float]) -> list[float]:
    """Return the expected shares of all strokes, in the order of the taxonomy.

    Args:
        weights: Stroke -> how often it is played, relative to the others; strokes that are not named weigh 1.

    Raises:
        UsageError: If a stroke is unknown or a weight is no positive number.

    Example:
        >>> shares = class_prior({"leave": 3.0})
        >>> round(shares[0] / shares[1], 6), round(sum(shares), 6)
        (3.0, 1.0)
    """
    for stroke, weight in weights.items():
        if stroke not in STROKES:
            near = difflib.get_close_matches(str(stroke), STROKES, n=3, cutoff=0.3) or STROKES
            raise UsageError(f"label_model.class_prior has no stroke '{stroke}'; the nearest are: {', '.join(near)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight > 0:
            raise UsageError(f"label_model.class_prior.{stroke} is a positive number, not {weight!r}")
    shares = [float(weights.get(stroke, 1.0)) for stroke in STROKES]
    return [share / sum(shares) for share in shares]
