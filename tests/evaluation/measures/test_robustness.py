"""Usefulness of each view and hand: all there is, where there is one; the failing one told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest


def test_a_system_that_fails_left_handers_is_worse_in_their_row_alone(perfect, read) -> None:
    left = np.array([item.handedness == "L" for item in perfect.truths])
    wrong = np.where(left, (perfect.true_U + 5) % 14, perfect.true_U)
    tables = read(replace(perfect, called_U=wrong, probs_UG=np.eye(14)[wrong]))[1]
    rows = {(row["field"], row["value"]): row for row in tables["strata"]}
    assert set(rows) == {("view", "pitch_endon"), ("handedness", "L"), ("handedness", "R")}  # truth names no venue
    right, wrong_hand = rows["handedness", "R"], rows["handedness", "L"]
    assert right["profile_fidelity"] == pytest.approx(1.0) and right["decision_utility"] == 1.0
    assert wrong_hand["profile_fidelity"] < 0.8 and wrong_hand["decision_utility"] < 0
    assert right["wss95"] > wrong_hand["wss95"]
    assert right["deliveries"] + wrong_hand["deliveries"] == len(left)


def test_the_only_view_has_the_numbers_of_all(perfect, read) -> None:
    measures, tables = read(perfect)
    (row,) = (row for row in tables["strata"] if row["field"] == "view")
    for name in ("profile_fidelity", "wss95", "decision_utility"):
        assert row[name] == pytest.approx(measures[name].value)


def test_too_few_deliveries_have_no_row(perfect, read) -> None:
    few = np.arange(len(perfect.true_U)) < 20
    assert not read(perfect.take(few))[1]["strata"]
