from __future__ import annotations

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.labelling.rules.catalogue import all_rules, select_rules


def codes(**names: list[str]) -> list[str]:
    return [rule.code for rule in select_rules(**names)]


def test_everything_is_the_default() -> None:
    assert select_rules() == all_rules()


def test_codes_and_families_can_be_mixed() -> None:
    assert codes(include=["knee.down", "leave"]) == ["knee.down", "leave.no_downswing", "leave.withdraw"]
    assert codes(include=["leave"], exclude=["leave.withdraw"]) == ["leave.no_downswing"]
    assert not {
        code for code in codes(exclude=["foot", "camera.pan"]) if code.startswith("foot") or code == "camera.pan"
    }


def test_an_unknown_rule_names_its_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown rule 'foot.strid'.*foot\.stride"):
        select_rules(include=["foot.strid"])
    with pytest.raises(UsageError, match=r"unknown rule 'zzzzzz'.*camera, energy"):
        select_rules(exclude=["zzzzzz"])


def test_leaving_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no rule is left"):
        select_rules(include=["foot"], exclude=["foot"])
