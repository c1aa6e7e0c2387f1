from __future__ import annotations

import pytest

from slowpaths.core.records import Vote
from slowpaths.evaluation.measures.rule_votes import score_rules
from slowpaths.store.mined_folder import RuleDeclaration

RULES = {
    "foot.a": RuleDeclaration(
        family="foot", votes={"FF": frozenset({"cover_drive", "sweep"}), "BF": frozenset({"cut", "bf_punch"})}
    ),
    "foot.b": RuleDeclaration(family="foot", votes={"FF": frozenset({"cover_drive"})}),
    "side.a": RuleDeclaration(family="side", votes={"OFF": frozenset({"cut"})}),
}
TRUE = {
    "d1": frozenset({"cover_drive", "bf_punch"}),
    "d2": frozenset({"sweep"}),
    "d3": frozenset({"cut"}),
    "d4": frozenset({"cut"}),
}


def _votes(*votes: tuple[str, str, str]) -> list[Vote]:
    return [Vote(delivery_id=d, rule=rule, symbol=symbol, evidence="") for d, rule, symbol in votes]


def test_votes_are_right_wrong_or_undecided() -> None:
    votes = _votes(
        ("d1", "foot.a", "FF"),  # holds only one of the two strokes that `cover` may mean
        ("d2", "foot.a", "FF"),
        ("d3", "foot.a", "FF"),
        ("d4", "foot.a", "BF"),
        ("d2", "foot.b", "FF"),
        ("d9", "foot.a", "FF"),  # no truth
        ("d2", "foot.gone", "FF"),  # not declared
    )
    rules, families = score_rules(votes, RULES, TRUE)
    by_name = {score.name: score for score in rules}
    first = by_name["foot.a"]
    assert (first.fired, first.right, first.wrong, first.undecided) == (4, 2, 1, 1)
    assert first.accuracy == pytest.approx(2 / 3)
    # FF is right for one and wrong for two of the deliveries it can be judged on, BF right for two and wrong for one
    assert first.chance == pytest.approx((3 * (1 / 3) + 2 / 3) / 4)
    assert by_name["side.a"].fired == 0 and by_name["side.a"].accuracy is None
    foot = next(score for score in families if score.name == "foot")
    assert (foot.fired, foot.right, foot.wrong) == (5, 2, 2)
