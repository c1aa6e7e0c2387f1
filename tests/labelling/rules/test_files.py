"""Rules from files: what a file may say, and how a mistake in it is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from slowpaths.core.errors import UsageError
from slowpaths.labelling.pipeline import label
from slowpaths.labelling.rules.catalogue import all_rules, rules_fingerprint, select_rules
from slowpaths.labelling.rules.files import load_rules
from tests.labelling.tables import footage_table, random_deliveries

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "my_rule.py"
HEAD = """import numpy as np
from slowpaths.labelling.rules.rule import pick, rule
from slowpaths.labelling.rules.rulebook.foot import stride
from slowpaths.labelling.rules.thresholds import above

"""
RULE = """@rule(code="mine.one", votes={"a": {"cut"}}, thresholds={"a": above("hand_height", 0.5)}, source="me")
def one(block):
    return pick(block.met("a"))
"""
FOOTAGE = footage_table({"v": "m1", "w": "m1", "x": "m2", "y": "m2"})


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(HEAD + text)
    return path


def test_the_example_votes_beside_the_rulebook() -> None:
    rules = select_rules(paths=[str(EXAMPLE)])
    assert [rule.code for rule in rules] == [*(rule.code for rule in all_rules()), "mine.driven"]
    assert select_rules(include=["mine"], paths=str(EXAMPLE))[0].family == "mine"
    found = label(random_deliveries(200), FOOTAGE, rules={"paths": [str(EXAMPLE)]})
    symbols = [row["symbol"] for row in found.votes.to_pylist() if row["rule"] == "mine.driven"]
    assert {"driven", "blocked"} == set(symbols)
    assert found.rules["mine.driven"]["votes"]["blocked"] == ["bf_defence", "ff_defence"]


def test_the_fingerprint_follows_the_whole_file(tmp_path: Path) -> None:
    path = write(tmp_path, RULE)
    before = rules_fingerprint(load_rules(path))
    shutil.copy(path, tmp_path / "copy.py")
    assert rules_fingerprint(load_rules(tmp_path / "copy.py")) == before
    path.write_text(path.read_text() + "\nLIMIT = 3\n")
    assert rules_fingerprint(load_rules(path)) != before


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("def broken(:\n", 6, "invalid syntax"),
        ("import no_such_module\n", 6, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("value = {}['x']\n", 6, "KeyError: 'x'"),
        (RULE.replace("cut", "cutt"), 6, "unknown stroke 'cutt'; the nearest names are: cut"),
        (RULE.replace("hand_height", "hand_hight"), 6, "unknown feature 'hand_hight'; the nearest are: hand_height"),
        (RULE.replace("mine.one", "mine"), 6, "a code such as family.what"),
        (RULE.replace(', source="me"', ', source="me", needs=["person", "x"]'), 6, "unknown need 'x'"),
        (RULE.replace(', source="me"', ', source="me", views=["moon"]'), 6, "unknown view 'moon'"),
        ("import sys\nsys.exit(0)\n", 7, "SystemExit: 0"),
        (RULE.replace('above("hand_height", ', 'above("hand_height", float("nan") + '), 6, "a number is not finite"),
        (RULE + RULE, 10, "the function one stands in line 7 already"),
        (RULE + RULE.replace("def one", "def two"), 9, "the code mine.one is taken by the rule in "),
        (RULE.replace("mine.one", "foot.stride"), 6, "the code foot.stride is taken"),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        select_rules(paths=[str(path)])
    assert f"{path} line {line}: " in str(caught.value) and why in str(caught.value)


@pytest.mark.parametrize(
    ("body", "line", "why"),
    [
        ('return pick(block.met("b"))', 8, "rule mine.one fails: there is no threshold 'b': the rule declares a"),
        ('return pick(block["hand_hight"] > 0)', 8, "unknown feature 'hand_hight'"),
        ("return 1 / 0", 8, "ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", 8, "SystemExit: 0"),
        ("return None", 6, "must return one symbol number from -1 to 0"),
        ("return np.full(len(block), 1)", 6, "must return one symbol number from -1 to 0"),
        ("return np.zeros(len(block))", 6, "must return one symbol number from -1 to 0"),
        ("return np.zeros(3, int)", 6, "for each of the 60 deliveries"),
    ],
)
def test_a_rule_that_fails_on_the_data_names_file_and_line(tmp_path: Path, body: str, line: int, why: str) -> None:
    path = write(tmp_path, RULE.replace('return pick(block.met("a"))', body))
    with pytest.raises(UsageError) as caught:
        label(random_deliveries(60), FOOTAGE, rules={"paths": [str(path)]})
    assert f"{path} line {line}: " in str(caught.value) and why in str(caught.value)


def test_a_file_that_is_missing_or_declares_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.py cannot be read: give the path of a Python file"):
        load_rules(tmp_path / "none.py")
    with pytest.raises(UsageError, match=r"mine\.py declares no rule"):
        load_rules(write(tmp_path, ""))
