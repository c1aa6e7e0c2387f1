"""Simulated teachers are as right as they are meant to be, and the written tables bear out what is said of them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scripts.teacher_trust import COLUMNS, SAME, by_teacher, in_world, said, teachers

from slowpaths.core.strokes import INDEX, NUM_STROKES

RESULTS = Path(__file__).parents[2] / "experiments" / "vote_worlds" / "results"
LIKE_FOOTAGE = "as footage, rules that bear each other out"
NEVER_RIGHT = ("chance", "one stroke", "another stroke")


def written(name):
    with (RESULTS / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_right_teacher_is_as_right_as_it_is_sure_and_others_are_not():
    truth = np.random.default_rng(0).integers(0, NUM_STROKES, 4000)
    right = said(truth, np.random.default_rng(1))
    assert (right.argmax(axis=1) == truth).mean() == pytest.approx(right.max(axis=1).mean(), abs=0.02)
    spoken = {name: (one.argmax(axis=1) == truth).mean() for name, one in teachers(truth, np.random.default_rng(2))}
    assert spoken["half right, sure"] == pytest.approx(0.5 * spoken["right"] + 0.5 / NUM_STROKES, abs=0.03)
    assert max(spoken["another stroke"], spoken["nearest neighbour"]) < 0.1
    neighbours = SAME.argmax(axis=1)
    assert (neighbours != np.arange(NUM_STROKES)).all()
    assert neighbours[INDEX["ff_defence"]] == INDEX["bf_defence"]


def test_a_world_gives_a_row_a_teacher_and_the_table_counts_them():
    rows = [row for seed in (1, 6) for row in in_world(seed)]
    assert len({row["teacher"] for row in rows}) == 8
    table = by_teacher(rows)
    (right,) = [row for row in table if row["worlds"] == "all" and row["teacher"] == "right"]
    some = [row for row in rows if row["teacher"] == "right"]
    assert right["number"] == len(some)
    for key in COLUMNS:
        assert float(right[key]) == pytest.approx(np.mean([row[key] for row in some]), abs=1e-3)


def test_where_rules_bear_each_other_out_a_teacher_that_is_never_right_costs_labels_next_to_nothing():
    rows = {row["teacher"]: row for row in written("trust_worlds") if row["worlds"] == LIKE_FOOTAGE}
    for name in NEVER_RIGHT:
        assert float(rows[name]["trusted_not_below_votes"]) >= 0.95
        assert float(rows[name]["weight"]) < 0.1
    assert float(rows["right"]["weight"]) > 0.85
    trusted, fixed = (np.mean([float(row[key]) for row in rows.values()]) for key in ("trusted", "fixed"))
    assert trusted > fixed
