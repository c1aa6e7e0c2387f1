"""Find rules by code or family, and identify a set of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.labelling import calibration, gates
from slowpaths.labelling.rulebook import camera, energy, finish, foot, knee, leave, loft, plane, side, sound, strokes
from slowpaths.labelling.rules import Rule

_MODULES = (foot, plane, side, energy, finish, knee, strokes, loft, leave, sound, camera)


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of the rulebook, family by family, in the order of the files."""
    return tuple(value for module in _MODULES for value in vars(module).values() if isinstance(value, Rule))


def select_rules(include: Sequence[str] = (), exclude: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Return the rules named by code ("foot.stride") or family ("foot").

    Args:
        include: Codes and families to take; everything where it is empty.
        exclude: Codes and families to leave out.

    Raises:
        UsageError: If a name is unknown, or nothing is left.

    Example:
        >>> [rule.code for rule in select_rules(include=["sound"], exclude=["sound.silent"])]
        ['sound.loudness']
    """
    rules = all_rules()
    known = [name for rule in rules for name in (rule.code, rule.family)]
    for name in (*include, *exclude):
        if name not in known:
            near = list(dict.fromkeys(difflib.get_close_matches(name, known, n=3, cutoff=0.4)))
            nearest = ", ".join(near or sorted({rule.family for rule in rules}))
            raise UsageError(f"unknown rule '{name}'; the nearest names are: {nearest}")
    chosen = tuple(
        rule
        for rule in rules
        if (not include or {rule.code, rule.family} & set(include)) and not {rule.code, rule.family} & set(exclude)
    )
    if not chosen:
        raise UsageError("no rule is left: include fewer exclusions, or leave rules.include empty to take them all")
    return chosen


def rules_fingerprint(rules: Sequence[Rule]) -> str:
    """Return 12 hex digits that change with the votes, cuts, gates or code of any rule."""
    return fingerprint(
        {
            "rules": [rule.describe() for rule in rules],
            "quality": gates.QUALITY,
            "min_observability": gates.MIN_OBSERVABILITY,
            "ambiguous_handedness": gates.AMBIGUOUS_HANDEDNESS,
            "side_features": sorted(gates.SIDE_FEATURES),
            "calibration": [calibration.MIN_COUNT, calibration.DEAD_ZONE],
        }
    )
