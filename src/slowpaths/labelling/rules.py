"""`@rule`: a small named heuristic over features that votes for a set of strokes, or abstains.

A rule is a pure function of a `FeatureBlock` (N deliveries as columns) that returns one symbol a delivery. Each symbol
is declared to mean a set of strokes. Thresholds are declared as cuts, so that they can follow the footage; the common
reasons to abstain (view, quality, handedness) are applied around the function and never inside it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from slowpaths.core.features import BY_NAME
from slowpaths.core.strokes import ABSTAIN, STROKES, membership
from slowpaths.core.views import ASPECT, VIEWS
from slowpaths.labelling.block import FeatureBlock
from slowpaths.labelling.cuts import DERIVED, Cut
from slowpaths.labelling.gates import GATES, INSTANT_S, MOVEMENT_GATES

END_ON: frozenset[str] = frozenset({"pitch_endon", "nets_endon"})
SIDE_ON: frozenset[str] = frozenset(view for view, aspect in ASPECT.items() if aspect == "S")
CLOSE: frozenset[str] = frozenset({"closeup"})
BOTH: frozenset[str] = END_ON | SIDE_ON
ANY_VIEW: frozenset[str] = frozenset(VIEWS)

RuleFunction = Callable[[FeatureBlock], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """Hold a rule: the function and everything declared about it.

    Args:
        code: Name, "family.what".
        family: Rules of one family look at the same cue and fail together.
        votes: Symbol -> strokes it may mean, in the order of the symbols' numbers.
        cuts: Name -> comparison; a cut named like a symbol is that symbol's evidence.
        requires: Features without which the rule abstains.
        views: Views it reads.
        gates: Quality gates it needs.
        impact_within_s: Largest uncertainty of the impact it bears, seconds.
        source: Where the rule or its numbers come from.
        evidence: Symbol -> names of the cuts that speak for it.
        function: Maps a block to symbols (N,), int8, -1 to abstain.
    """

    code: str
    family: str
    votes: Mapping[str, frozenset[str]]
    cuts: Mapping[str, Cut]
    requires: tuple[str, ...]
    views: frozenset[str]
    gates: tuple[str, ...]
    impact_within_s: float
    source: str
    evidence: Mapping[str, tuple[str, ...]]
    function: RuleFunction = field(repr=False)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the names of the symbols, in order."""
        return tuple(self.votes)

    @property
    def reads(self) -> frozenset[str]:
        """Return the names of all features it reads."""
        return frozenset(self.requires) | {cut.feature for cut in self.cuts.values()}

    @property
    def reason(self) -> str:
        """Return why the rule should hold: the docstring of its function."""
        return inspect.getdoc(self.function) or ""

    def __call__(self, block: FeatureBlock) -> np.ndarray:
        """Return the symbols (N,), int8, without the common gates."""
        return self.function(block)

    def describe(self) -> dict[str, Any]:
        """Return everything that decides what the rule votes, as plain values."""
        return {
            "code": self.code,
            "family": self.family,
            "votes": {symbol: sorted(strokes) for symbol, strokes in self.votes.items()},
            "symbols": list(self.symbols),
            "cuts": {name: asdict(cut) for name, cut in self.cuts.items()},
            "requires": list(self.requires),
            "views": sorted(self.views),
            "gates": list(self.gates),
            "impact_within_s": self.impact_within_s,
            "source": self.source,
            "code_text": _code_text(self.function),
        }


def rule(
    *,
    code: str,
    family: str,
    votes: Mapping[str, frozenset[str]],
    cuts: Mapping[str, Cut],
    source: str,
    views: frozenset[str] = BOTH,
    requires: tuple[str, ...] | None = None,
    gates: tuple[str, ...] = MOVEMENT_GATES,
    impact_within_s: float = INSTANT_S,
    evidence: Mapping[str, tuple[str, ...]] | None = None,
) -> Callable[[RuleFunction], Rule]:
    """Turn a function of a `FeatureBlock` into a `Rule` (arguments as there).

    Args:
        code: As in `Rule`.
        family: As in `Rule`.
        votes: As in `Rule`.
        cuts: As in `Rule`.
        source: As in `Rule`.
        views: As in `Rule`.
        requires: As in `Rule`; the features of all cuts where it is not given.
        gates: As in `Rule`.
        impact_within_s: As in `Rule`.
        evidence: As in `Rule`; for a symbol that is not named, the cut of the same name, or else every cut.
    """
    if requires is None:
        requires = tuple(dict.fromkeys(cut.feature for cut in cuts.values()))
    named = dict(evidence or {})
    shown = {symbol: named.get(symbol, (symbol,) if symbol in cuts else tuple(cuts)) for symbol in votes}
    membership(votes.values())
    assert source and code.count(".") == 1, f"{code}: a rule needs a source and a code such as family.what"
    assert all(set(votes[symbol]) < set(STROKES) and votes[symbol] for symbol in votes), f"{code}: an idle symbol"
    assert all(name in BY_NAME or name in DERIVED for name in requires), f"{code}: unknown feature"
    assert set(gates) <= set(GATES), f"{code}: unknown gate"
    assert set(named) <= set(votes) and all(set(names) <= set(cuts) for names in shown.values()), f"{code}: evidence"

    def wrap(function: RuleFunction) -> Rule:
        return Rule(
            code=code,
            family=family,
            votes=dict(votes),
            cuts=dict(cuts),
            requires=requires,
            views=views,
            gates=gates,
            impact_within_s=impact_within_s,
            source=source,
            evidence=shown,
            function=function,
        )

    return wrap


def pick(*fires: np.ndarray) -> np.ndarray:
    """Return the number of the only condition that holds; abstain where none or more than one does.

    Args:
        fires: One condition a symbol, in the order of the rule's votes (N,), bool.

    Returns:
        Symbols (N,), int8.

    Example:
        >>> pick(np.array([True, False, True]), np.array([False, True, True])).tolist()
        [0, 1, -1]
    """
    stacked = np.stack(fires)
    return np.where(stacked.sum(axis=0) == 1, stacked.argmax(axis=0), ABSTAIN).astype(np.int8)


def _code_text(function: RuleFunction) -> str:
    """Return the source of a function and of the functions it names, so that changed code changes the fingerprint."""
    scope = function.__globals__
    named = [scope[name] for name in function.__code__.co_names if isinstance(scope.get(name), FunctionType)]
    return "\n".join(_source(item) for item in (function, *named))


@cache
def _source(function: Callable[..., Any]) -> str:
    """Return the source of one function, or its byte code where no source is at hand (a frozen application)."""
    try:
        return inspect.getsource(function)
    except OSError:
        return f"{function.__code__.co_code.hex()} {function.__code__.co_consts!r}"
