"""How often each stroke is expected before any vote is seen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import LOFT, STROKES

# Strokes in the air and the reverse sweep are rarer than any other in all but the shortest game: Test batters block or
# leave 55 % of all balls (espncricinfo.com, "Which current Test batsmen have the best defences?", 2020) and hit a six
# every 240 (jameswgraysoncricket.wordpress.com, distribution of runs off the bat). A third is a rough guess.
EXPECTED: dict[str, float] = dict.fromkeys(sorted(LOFT | {"reverse_sweep_ramp"}), 0.33)


def class_prior(weights: Mapping[str, float] | Sequence[float] | None) -> list[float] | None:
    """Return the expected shares of all strokes, in the order of the taxonomy; None where nothing is expected.

    Args:
        weights: Stroke -> how often it is played, relative to the others; strokes that are not named weigh 1. Or one
            weight a stroke.

    Raises:
        UsageError: If a stroke is unknown, a weight is no positive number or one is missing.

    Example:
        >>> shares = class_prior({"leave": 3.0}) or []
        >>> round(shares[0] / shares[1], 6), round(sum(shares), 6)
        (3.0, 1.0)
    """
    if weights is None:
        return None
    if isinstance(weights, Sequence) and not isinstance(weights, str) and len(weights) == len(STROKES):
        weights = dict(zip(STROKES, weights, strict=True))
    if not isinstance(weights, Mapping):
        raise UsageError(
            "label_model.class_prior says how often each stroke is played, for example {leave: 0.5}, or one number for "
            f"each of the {len(STROKES)} strokes; not {weights!r}"
        )
    for stroke, weight in weights.items():
        if stroke not in STROKES:
            near = difflib.get_close_matches(str(stroke), STROKES, n=3, cutoff=0.3) or STROKES
            raise UsageError(f"label_model.class_prior has no stroke '{stroke}'; the nearest are: {', '.join(near)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight > 0:
            raise UsageError(f"label_model.class_prior.{stroke} is a positive number, not {weight!r}")
    shares = [float(weights.get(stroke, 1.0)) for stroke in STROKES]
    return [share / sum(shares) for share in shares]
