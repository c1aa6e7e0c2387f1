"""The comparison of golden tables can fail, and says where."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.golden.tables import Table, Tolerance, cell, compare, compare_folders, flat, read_table, summary, table

ROWS = [
    {"clip": "a", "frames": 52, "label": "cut", "p": 0.25},
    {"clip": "b", "frames": 51, "label": "sweep", "p": 0.5},
]
KNOWN = table(ROWS)


def changed(row: int, **cells) -> Table:
    return table([{**record, **(cells if number == row else {})} for number, record in enumerate(ROWS)])


def test_equal_tables_have_no_difference():
    assert compare("mine/labels", KNOWN, changed(0, p=0.25 + 1e-13), Tolerance()) == []


@pytest.mark.parametrize(
    ("got", "sentence"),
    [
        (changed(1, p=0.5 + 1e-8), "row 'b', column 'p': expected '0.5', got '0.50000001'"),
        (changed(1, p=math.nan), "row 'b', column 'p': expected '0.5', got 'nan'"),
        (changed(1, p=None), "row 'b', column 'p': expected '0.5', got ''"),
        (changed(0, frames=53), "row 'a', column 'frames': expected '52', got '53'"),
        (changed(0, label="pull_hook"), "row 'a', column 'label': expected 'cut', got 'pull_hook'"),
        (table(ROWS[:1]), "row 'b' is missing"),
        (table([*ROWS, {**ROWS[0], "clip": "c"}]), "row 'c' is not expected"),
        (table([{**record, "view": "side"} for record in ROWS]), "column 'view' is not expected"),
        (table(ROWS, without=["label"]), "column 'label' is missing"),
        (table(ROWS[::-1]), "same rows and columns in another order"),
        (Table(("delivery", *KNOWN.columns[1:]), KNOWN.rows), "rows are named by 'delivery', expected 'clip'"),
    ],
)
def test_a_difference_is_named(got, sentence):
    assert compare("mine/labels", KNOWN, got, Tolerance()) == [f"mine/labels: {sentence}"]


def test_whole_numbers_and_digests_know_no_tolerance():
    wide = Tolerance(relative=1.0, absolute=1.0)
    assert wide.allows("1.5", "1.6")
    assert not wide.allows("52", "53")
    assert not wide.allows("123456e78901", "123456e78902")
    assert not wide.allows("cut 0.5", "cut 0.6")


def test_folders_differ_by_a_table(tmp_path):
    for folder, names in (("old", ["labels", "votes"]), ("new", ["labels", "shots"])):
        for name in names:
            (tmp_path / folder / "mine").mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "mine" / f"{name}.csv").write_text(KNOWN.text())
    found = compare_folders(tmp_path / "old", tmp_path / "new", lambda name: Tolerance())
    assert found == ["mine/votes: table is missing", "mine/shots: table is not expected"]
    assert read_table(tmp_path / "old" / "mine" / "labels.csv") == KNOWN


def test_two_rows_of_one_name_are_refused():
    with pytest.raises(AssertionError, match="rows named twice: \\['a'\\]"):
        table([ROWS[0], ROWS[0]])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (1e-7, "1.0e-07"),
        (1 / 3, "0.333333333333"),
        (math.nan, "nan"),
        (7, "7"),
        (None, ""),
        (True, "True"),
    ],
)
def test_a_float_always_shows_a_point(value, text):
    assert cell(value) == text


def test_nested_values_get_a_path():
    assert flat({"a": {"b": [1, {"c": 2}]}, "d": None}) == {"a/b/0": 1, "a/b/1/c": 2, "d": None}


def test_a_summary_sees_values_that_change_places():
    numbers = np.arange(10.0)
    swapped = numbers[[1, 0, *range(2, 10)]]
    one, other = summary(numbers), summary(swapped)
    assert (one["mean"], one["sd"]) == (other["mean"], other["sd"])
    assert abs(one["check"] - other["check"]) > 1e-3
    assert summary(np.array([1.0, math.nan, 3.0]))["finite"] == 2
