"""What each rule gets right against truth.

Rules vote for sets of strokes. A vote is right where its set holds every stroke the truth may mean, wrong where it
holds none of them, and undecided in between (a coarse truth cannot settle a fine vote).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slowpaths.core.errors import TableError
from slowpaths.core.records import Vote
from slowpaths.core.strokes import STROKES

RULES_NAME = "rules.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore:
    """Hold what a rule (or a family of rules) got right.

    Args:
        name: Code of the rule, or name of the family.
        family: Family.
        fired: Votes on deliveries whose stroke is known.
        right: Votes that hold the truth.
        wrong: Votes that exclude it.
        undecided: Votes that hold only some of the strokes the truth may mean.
        accuracy: right / (right + wrong); None where both are 0.
        chance: How often the same votes would be right for a delivery drawn at random; None where accuracy is.
    """

    name: str
    family: str
    fired: int
    right: int
    wrong: int
    undecided: int
    accuracy: float | None
    chance: float | None


def read_rules(path: Path) -> dict[str, tuple[str, dict[str, frozenset[str]]]]:
    """Read the declarations of rules: rule -> (family, symbol -> strokes).

    Args:
        path: JSON `{rule: {"family": name, "votes": {symbol: [strokes]}}}`.

    Raises:
        TableError: If the file is something else or names an unknown stroke.
    """
    try:
        content = json.loads(path.read_text())
        rules = {
            rule: (str(item["family"]), {symbol: frozenset(names) for symbol, names in item["votes"].items()})
            for rule, item in content.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TableError(f"{path} does not declare rules: run `slowpaths label` on the folder again") from error
    for rule, (_, votes) in rules.items():
        for symbol, names in votes.items():
            if unknown := names - set(STROKES):
                raise TableError(f"{path}: rule {rule}, symbol {symbol} names the unknown stroke '{min(unknown)}'")
    return rules


def score_rules(
    votes: Iterable[Vote],
    rules: Mapping[str, tuple[str, Mapping[str, frozenset[str]]]],
    true_leaves: Mapping[str, frozenset[str]],
) -> tuple[list[RuleScore], list[RuleScore]]:
    """Score rules and families.

    Args:
        votes: Votes; those on other deliveries or of undeclared rules are left out.
        rules: Declarations from `read_rules`.
        true_leaves: Delivery -> strokes the truth may mean, not empty.

    Returns:
        Scores by rule and by family, in order of name.
    """
    by_rule: dict[str, list[tuple[frozenset[str], frozenset[str]]]] = defaultdict(list)
    for vote in votes:
        declared = rules.get(vote.rule, ("", {}))[1].get(vote.symbol)
        if declared is not None and vote.delivery_id in true_leaves:
            by_rule[vote.rule].append((declared, true_leaves[vote.delivery_id]))
    population = list(true_leaves.values())
    by_family: dict[str, list[tuple[frozenset[str], frozenset[str]]]] = defaultdict(list)
    for rule, cast in by_rule.items():
        by_family[rules[rule][0]] += cast
    rule_scores = [_score(rule, rules[rule][0], by_rule.get(rule, []), population) for rule in sorted(rules)]
    families = sorted({family for family, _ in rules.values()})
    return rule_scores, [_score(family, family, by_family.get(family, []), population) for family in families]


def _score(
    name: str,
    family: str,
    cast: Sequence[tuple[frozenset[str], frozenset[str]]],
    population: Sequence[frozenset[str]],
) -> RuleScore:
    verdicts = [_verdict(declared, true) for declared, true in cast]
    right, wrong = verdicts.count(True), verdicts.count(False)
    chance_of = {declared: _chance(declared, population) for declared in {declared for declared, _ in cast}}
    known = [value for declared, _ in cast if (value := chance_of[declared]) is not None]
    decided = right + wrong
    return RuleScore(
        name=name,
        family=family,
        fired=len(cast),
        right=right,
        wrong=wrong,
        undecided=len(cast) - decided,
        accuracy=right / decided if decided else None,
        chance=sum(known) / len(known) if decided and known else None,
    )


def _verdict(declared: frozenset[str], true: frozenset[str]) -> bool | None:
    if true <= declared:
        return True
    return None if true & declared else False


def _chance(declared: frozenset[str], population: Sequence[frozenset[str]]) -> float | None:
    verdicts = [_verdict(declared, true) for true in population]
    right, wrong = verdicts.count(True), verdicts.count(False)
    return right / (right + wrong) if right + wrong else None
