"""What each rule gets right against truth.

Rules vote for sets of strokes. A vote is right where its set holds every stroke the truth may mean, wrong where it
holds none of them, and undecided in between (a coarse truth cannot settle a fine vote).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from slowpaths.core.records import Vote
from slowpaths.evaluation.measure import NotMeasured, Reading, Table, measure, report_table
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.store.mined_folder import RuleDeclaration
from slowpaths.store.schema import VOTES

_Strokes = frozenset[str]


@dataclass(frozen=True, slots=True)
class RuleScore:
    """Hold what a rule (or a family of rules) got right."""

    name: str  # code of the rule, or name of the family
    family: str  # family
    fired: int  # votes on deliveries whose stroke is known
    right: int  # votes that hold the truth
    wrong: int  # votes that exclude it
    undecided: int  # votes that hold only some of the strokes the truth may mean
    accuracy: float | None  # right / (right + wrong); None where both are 0
    # how often the same votes would be right for a delivery drawn at random; None where accuracy is
    chance: float | None


def score_rules(
    votes: Iterable[Vote], rules: Mapping[str, RuleDeclaration], true_leaves: Mapping[str, _Strokes]
) -> tuple[list[RuleScore], list[RuleScore]]:
    """Return the scores by rule and by family, in order of name.

    `true_leaves` maps deliveries to the strokes the truth may mean (not empty); votes on others, and of undeclared
    rules, are left out.
    """
    by_rule: dict[str, list[tuple[_Strokes, _Strokes]]] = defaultdict(list)
    for vote in votes:
        declared = rules[vote.rule].votes.get(vote.symbol) if vote.rule in rules else None
        if declared is not None and vote.delivery_id in true_leaves:
            by_rule[vote.rule].append((declared, true_leaves[vote.delivery_id]))
    by_family: dict[str, list[tuple[_Strokes, _Strokes]]] = {rule.family: [] for rule in rules.values()}
    for rule, cast in by_rule.items():
        by_family[rules[rule].family] += cast
    population = list(true_leaves.values())
    rule_scores = [_score(rule, rules[rule].family, by_rule[rule], population) for rule in sorted(rules)]
    return rule_scores, [_score(family, family, by_family[family], population) for family in sorted(by_family)]


def _score(
    name: str, family: str, cast: Sequence[tuple[_Strokes, _Strokes]], population: Sequence[_Strokes]
) -> RuleScore:
    right, wrong = _verdicts(cast)
    chance_of: dict[_Strokes, list[float]] = {}
    for declared in {declared for declared, _ in cast}:
        ours, others = _verdicts([(declared, true) for true in population])
        chance_of[declared] = [ours / (ours + others)] if ours + others else []
    chances = [chance for declared, _ in cast for chance in chance_of[declared]]
    accuracy = right / (right + wrong) if right + wrong else None
    chance = sum(chances) / len(chances) if right + wrong and chances else None
    return RuleScore(name, family, len(cast), right, wrong, len(cast) - right - wrong, accuracy, chance)


def _verdicts(cast: Sequence[tuple[_Strokes, _Strokes]]) -> tuple[int, int]:
    """Return how many votes hold the whole truth, and how many hold nothing of it."""
    return sum(true <= declared for declared, true in cast), sum(not true & declared for declared, true in cast)


@measure(190, "mining", baseline="the same votes on a delivery drawn at random")
def _rule_votes(sample: MiningSample) -> Reading:
    """Share of the rules' votes whose strokes hold the true one."""
    _, families = _scores(sample)
    right, wrong = sum(item.right for item in families), sum(item.wrong for item in families)
    if not right + wrong:
        return Reading(reason="no rule voted on a delivery whose stroke truth settles")
    chances = [(item.chance, item.right + item.wrong) for item in families if item.chance is not None]
    chance = sum(value * weight for value, weight in chances) / sum(weight for _, weight in chances)
    return Reading(values_B=np.array([right / (right + wrong)]), num=right + wrong, chance=chance)


@report_table(190, title="What each rule gets right")
def _rules(sample: MiningSample) -> Table:
    return _rows(_scores(sample)[0])


@report_table(191, title="What each family of rules gets right")
def _rule_families(sample: MiningSample) -> Table:
    return _rows(_scores(sample)[1])


def _scores(sample: MiningSample) -> tuple[list[RuleScore], list[RuleScore]]:
    folder = sample.folder
    for file in (folder.file(VOTES), folder.rules_file):
        if not file.exists():
            raise NotMeasured(f"the mined folder has no {file.name}")
    true_leaves = {
        fate.found.delivery_id: leaves
        for fate in sample.check.fates
        if fate.found and (leaves := sample.space.true_leaves(fate.truth.label, handedness=fate.truth.handedness))
    }
    return score_rules(folder.votes(), folder.rules(), true_leaves)


def _rows(scores: Sequence[RuleScore]) -> Table:
    return [{key: float("nan") if value is None else value for key, value in asdict(score).items()} for score in scores]
