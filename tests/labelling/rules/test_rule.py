from __future__ import annotations

import numpy as np
import pytest

from slowpaths.core.errors import UsageError
from slowpaths.core.strokes import BF, FF, STROKES
from slowpaths.labelling.rules.block import FeatureBlock
from slowpaths.labelling.rules.calibration import Calibration
from slowpaths.labelling.rules.catalogue import rules_fingerprint
from slowpaths.labelling.rules.rule import Rule, pick, rule
from slowpaths.labelling.rules.thresholds import above, below
from slowpaths.labelling.rules.votes import apply_rules
from tests.labelling.tables import deliveries_table

THRESHOLDS = {"front": above("stride_front", 0.5), "back": below("stride_front", -0.5)}
VOTES = {"front": FF, "back": BF}


def declare(**changes: object) -> Rule:
    settings = {
        "code": "foot.test",
        "family": "foot",
        "votes": VOTES,
        "thresholds": THRESHOLDS,
        "source": "a test",
    } | changes

    @rule(**settings)  # type: ignore[arg-type]
    def step(block: FeatureBlock) -> np.ndarray:
        """Step."""
        return pick(block.met("front"), block.met("back"))

    return step


def test_pick_abstains_where_conditions_contradict_each_other() -> None:
    first, second, third = np.eye(4, dtype=bool)[:3]
    assert pick(first, second, third | first).tolist() == [-1, 1, 2, -1]
    assert pick(first).dtype == np.int8


def test_a_rule_requires_the_features_of_its_cuts_unless_it_says_otherwise() -> None:
    assert declare().requires == ("stride_front",)
    assert declare(requires=("hand_sweep",)).requires == ("hand_sweep",)
    assert declare().reason == "Step."


def test_a_missing_required_feature_silences_the_rule() -> None:
    table = deliveries_table(2, {"stride_front": 1.0, "hand_sweep": np.array([0.0, np.nan])})
    votes = apply_rules(table, rules=[declare(requires=("hand_sweep",))], calibration=Calibration(antimodes={}))
    assert votes.symbols_NR.tolist() == [[0], [-2]]


@pytest.mark.parametrize(
    "changes",
    [
        {"votes": {"front": frozenset(STROKES), "back": BF}},  # says nothing
        {"votes": {"front": frozenset(), "back": BF}},
        {"source": ""},
        {"code": "stride"},
        {"requires": ("no_such_feature",)},
        {"needs": ("no_such_need",)},
        {"evidence": {"front": ("no_such_cut",)}},
        {"evidence": {"no_such_symbol": ("front",)}},
    ],
)
def test_a_wrong_declaration_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"unknown|source|says nothing"):
        declare(**changes)


def test_the_fingerprint_follows_votes_cuts_and_code() -> None:
    same = rules_fingerprint([declare()])
    assert rules_fingerprint([declare()]) == same

    def mirrored(block: FeatureBlock) -> np.ndarray:
        return pick(block.met("back"), block.met("front"))

    recoded = rule(code="foot.test", family="foot", votes=VOTES, thresholds=THRESHOLDS, source="a test")(mirrored)
    others = [
        declare(votes={"front": FF, "back": FF}),
        declare(thresholds={"front": above("stride_front", 0.6), "back": THRESHOLDS["back"]}),
        declare(thresholds={"front": above("stride_front", 0.5, rails=(0.4, 0.6)), "back": THRESHOLDS["back"]}),
        declare(needs=("live",)),
        declare(impact_within_s=0.2),
        recoded,
    ]
    assert len({same, *(rules_fingerprint([other]) for other in others)}) == 1 + len(others)


def test_the_fingerprint_sees_helpers_and_works_without_source() -> None:
    scope: dict[str, object] = {"pick": pick}
    exec("def helper(block):\n    return block.met('front')", scope)
    exec("def step(block):\n    return pick(helper(block))", scope)
    first = rule(code="foot.x", family="foot", votes={"front": FF}, thresholds=THRESHOLDS, source="a test")(
        scope["step"]
    )  # type: ignore[arg-type]
    before = rules_fingerprint([first])
    exec("def helper(block):\n    return block.met('back')", scope)
    assert rules_fingerprint([first]) != before
