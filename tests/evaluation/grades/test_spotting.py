from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slowpaths.evaluation.grades.spotting import grade_spotting


def test_a_perfect_answer_and_none(perfect, nothing, by_name) -> None:
    found = by_name(grade_spotting(perfect)[0])
    assert {item.value for item in found.values()} == {1.0}
    assert {item.reason for item in grade_spotting(nothing)[0]} == {"the predictions have no impact times"}


def test_misses_false_deliveries_and_wrong_names_cost(pairing, by_name) -> None:
    measures, tables = grade_spotting(pairing)
    found = by_name(measures)
    assert found["spotting_map_05s"].value == pytest.approx(0.95, abs=0.02)  # one in twenty is missed
    assert found["spotting_class_map_05s"].value < found["spotting_map_05s"].value
    values = [row["map_any_stroke"] for row in tables["spotting"]]
    assert values[:4] == sorted(values[:4]) and len(values) == 7


def test_a_found_leave_without_impact_is_no_false_alarm(perfect, by_name) -> None:
    leaves = perfect.true_U == 0
    assert leaves.any()
    quiet = replace(perfect, true_impact_s=np.where(leaves, np.nan, perfect.true_impact_s))
    assert by_name(grade_spotting(quiet)[0])["spotting_map_05s"].value == 1.0
