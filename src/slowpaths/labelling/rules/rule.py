"""`@rule`: a small named heuristic over features that votes for a set of strokes, or abstains.

A rule is a pure function of a `FeatureBlock` (N deliveries as columns) that returns one symbol a delivery. Each symbol
is declared to mean a set of strokes. Numbers are declared as thresholds, so that they can follow the footage; the
common reasons to doubt (view, quality, handedness) are applied around the function and never inside it.
"""

from __future__ import annotations

import difflib
import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import ABSTAIN, STROKES
from slowpaths.core.views import ASPECT, VIEWS
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.quality import INSTANT_S, MOVEMENT, NEEDS
from slowpaths.labelling.rules.thresholds import Threshold, feature_of

END_ON: frozenset[str] = frozenset({"pitch_endon", "nets_endon"})
SIDE_ON: frozenset[str] = frozenset(view for view, aspect in ASPECT.items() if aspect == "S")
CLOSE: frozenset[str] = frozenset({"closeup"})
BOTH: frozenset[str] = END_ON | SIDE_ON

RuleFunction = Callable[[FeatureBlock], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """Hold a rule: the function and everything declared about it."""

    code: str  # name, "family.what"
    family: str  # rules of one family look at the same cue and fail together
    votes: Mapping[str, frozenset[str]]  # symbol -> strokes it may mean, in the order of the symbols' numbers
    thresholds: Mapping[str, Threshold]  # name -> comparison; a threshold named like a symbol is that symbol's evidence
    requires: tuple[str, ...]  # features without which the rule abstains
    views: frozenset[str]  # views it reads
    needs: tuple[str, ...]  # what has to be well seen for it: names in `labelling.rules.quality`
    impact_within_s: float  # largest error of the impact that it bears, seconds
    source: str  # where the rule or its numbers come from
    evidence: Mapping[str, tuple[str, ...]]  # symbol -> names of the thresholds that speak for it
    function: RuleFunction = field(repr=False)  # maps a block to symbols (N,), int8, -1 to abstain
    digest: str = ""  # sha256 of the file it was read from; "" for a rule of the rulebook

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the names of the symbols, in order."""
        return tuple(self.votes)

    @property
    def reads(self) -> frozenset[str]:
        """Return the names of all features it reads."""
        return frozenset(self.requires) | {threshold.feature for threshold in self.thresholds.values()}

    @property
    def reason(self) -> str:
        """Return why the rule should hold: the docstring of its function."""
        return inspect.getdoc(self.function) or ""

    @property
    def place(self) -> str:
        """Return the file and line of its function."""
        return f"{self.function.__code__.co_filename} line {self.function.__code__.co_firstlineno}"

    def __call__(self, block: FeatureBlock) -> np.ndarray:
        """Return the symbols (N,), int8, whatever the quality.

        Raises:
            UsageError: If the function fails, or returns something else; it names the file and line.
        """
        try:
            said = np.asarray(self.function(block))
        except (Exception, SystemExit) as error:
            if type(error) is not SystemExit and not isinstance(error, Exception):
                raise  # somebody stops slowpaths itself
            path = self.function.__code__.co_filename
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
            why = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
            raise UsageError(f"{path} line {lines[-1] if lines else '?'}: rule {self.code} fails: {why}") from error
        symbols = range(ABSTAIN, len(self.votes))
        if said.shape != (len(block),) or said.dtype.kind != "i" or not np.isin(said, symbols).all():
            raise UsageError(
                f"{self.place}: rule {self.code} must return one symbol number from {ABSTAIN} to {len(self.votes) - 1} "
                f"for each of the {len(block)} deliveries: end it with `return pick(...)`"
            )
        return said

    def describe(self) -> dict[str, Any]:
        """Return everything that decides what the rule votes, as plain values."""
        return {
            "code": self.code,
            "family": self.family,
            "votes": {symbol: sorted(strokes) for symbol, strokes in self.votes.items()},
            "symbols": list(self.symbols),
            "thresholds": {name: asdict(threshold) for name, threshold in self.thresholds.items()},
            "requires": list(self.requires),
            "views": sorted(self.views),
            "needs": list(self.needs),
            "impact_within_s": self.impact_within_s,
            "source": self.source,
            "evidence": {symbol: list(names) for symbol, names in self.evidence.items()},
            "code_text": _code_text(self.function),
            "file_digest": self.digest,
        }


def rule(
    *,
    code: str,
    votes: Mapping[str, Iterable[str]],
    thresholds: Mapping[str, Threshold],
    source: str,
    family: str | None = None,
    views: Iterable[str] = BOTH,
    requires: Iterable[str] | None = None,
    needs: Iterable[str] = MOVEMENT,
    impact_within_s: float = INSTANT_S,
    evidence: Mapping[str, tuple[str, ...]] | None = None,
) -> Callable[[RuleFunction], Rule]:
    """Turn a function of a `FeatureBlock` into a `Rule`, with arguments as there.

    A family that is not given is what stands before the dot of the code; `requires`, the features of all thresholds;
    the evidence of a symbol, the threshold of the same name, or else all of them.

    Raises:
        UsageError: If the declaration names something unknown or says nothing.
    """
    if requires is None:
        requires = dict.fromkeys(threshold.feature for threshold in thresholds.values())
    sets = {symbol: frozenset([names] if isinstance(names, str) else names) for symbol, names in votes.items()}
    named = dict(evidence or {})
    declared = {
        "code": code,
        "family": family or code.split(".")[0],
        "votes": sets,
        "thresholds": dict(thresholds),
        "requires": tuple(requires),
        "views": frozenset(views),
        "needs": tuple(needs),
        "impact_within_s": impact_within_s,
        "source": source,
        "evidence": {name: named.get(name, (name,) if name in thresholds else tuple(thresholds)) for name in sets},
    }
    _check(code, declared, named)
    return lambda function: Rule(**declared, function=function)


def plain_rule(code: str, reason: str, **declaration: Any) -> Rule:
    """Return a rule of thresholds alone: a symbol holds where all thresholds that are its evidence are met."""

    def all_met(block: FeatureBlock) -> np.ndarray:
        return pick(*(np.logical_and.reduce([block.met(name) for name in names]) for names in evidence.values()))

    all_met.__doc__ = reason
    declared = rule(code=code, **declaration)(all_met)
    evidence = declared.evidence
    return declared


def _check(code: str, declared: Mapping[str, Any], evidence: Mapping[str, tuple[str, ...]]) -> None:
    if not declared["source"] or code.count(".") != 1:
        raise UsageError(f"rule {code}: a rule needs a source, and a code such as family.what")
    if not declared["votes"]:
        raise UsageError(f"rule {code}: votes= names no symbol")
    for symbol, strokes in declared["votes"].items():
        _known(code, "stroke", strokes, STROKES)
        if not 0 < len(strokes) < len(STROKES):
            raise UsageError(f"rule {code}: the symbol '{symbol}' means no stroke or every stroke, so it says nothing")
    for name in declared["requires"]:
        feature_of(name)
    _known(code, "need", declared["needs"], NEEDS)
    _known(code, "view", declared["views"], VIEWS)
    _known(code, "symbol in evidence=", evidence, tuple(declared["votes"]))
    for names in declared["evidence"].values():
        _known(code, "threshold in evidence=", names, tuple(declared["thresholds"]))


def _known(code: str, what: str, names: Iterable[str], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.4) or known
            raise UsageError(f"rule {code}: unknown {what} '{name}'; the nearest names are: {', '.join(near)}")


def pick(*fires: np.ndarray) -> np.ndarray:
    """Return the number of the only condition that holds (N,), int8; abstain where none or more than one does.

    The conditions come in the order of the rule's votes.

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
