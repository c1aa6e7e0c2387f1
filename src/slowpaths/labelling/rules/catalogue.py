"""Find rules by code or family, and identify a set of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from slowpaths.core.errors import UsageError
from slowpaths.core.ids import fingerprint
from slowpaths.labelling.rules import antimode, block, calibration, quality
from slowpaths.labelling.rules.files import load_rules, refuse_duplicates
from slowpaths.labelling.rules.rule import Rule
from slowpaths.labelling.rules.rulebook import (
    camera,
    energy,
    finish,
    foot,
    knee,
    leave,
    loft,
    plane,
    side,
    sound,
    strokes,
)

_MODULES = (foot, plane, side, energy, finish, knee, strokes, loft, leave, sound, camera)


def all_rules() -> tuple[Rule, ...]:
    """Return every rule of the rulebook, family by family, in the order of the files."""
    return tuple(value for module in _MODULES for value in vars(module).values() if isinstance(value, Rule))


def select_rules(
    include: Sequence[str] = (), exclude: Sequence[str] = (), paths: Sequence[str] | str = ()
) -> tuple[Rule, ...]:
    """Return the rules named by code ("foot.stride") or family ("foot"): all or the included, but for the excluded.

    `paths` are files with more rules, see `labelling.rules.files`.

    Raises:
        UsageError: If a name is unknown, a file is wrong, two rules have one code, or nothing is left.

    Example:
        >>> [rule.code for rule in select_rules(include=["sound"], exclude=["sound.silent"])]
        ['sound.loudness']
    """
    files = [paths] if isinstance(paths, str) else paths
    rules = (*all_rules(), *(item for path in files for item in load_rules(Path(path))))
    refuse_duplicates(rules)
    known = [name for rule in rules for name in (rule.code, rule.family)]
    for name in (*include, *exclude):
        if name not in known:
            near = list(dict.fromkeys(difflib.get_close_matches(name, known, n=3, cutoff=0.4)))
            nearest = ", ".join(near or sorted({rule.family for rule in rules}))
            raise UsageError(f"unknown rule '{name}'; the nearest names are: {nearest}")
    wanted, unwanted = set(include or known), set(exclude)
    chosen = tuple(r for r in rules if {r.code, r.family} & wanted and not {r.code, r.family} & unwanted)
    if not chosen:
        raise UsageError("no rule is left: include fewer exclusions, or leave rules.include empty to take them all")
    return chosen


def rules_fingerprint(rules: Sequence[Rule]) -> str:
    """Return 12 hex digits that change with the votes, thresholds, needs or code of any rule."""
    return fingerprint(
        {
            "rules": [rule.describe() for rule in rules],
            "quality": [quality.FULL, quality.USABLE, quality.REACH],
            "min_observability": quality.MIN_OBSERVABILITY,
            "side_features": sorted(quality.SIDE_FEATURES),
            "sound": [block.AUDIBLE_Z, block.MIN_HITS],
            "calibration": [antimode.MIN_COUNT, calibration.DEAD_ZONE],
        }
    )
