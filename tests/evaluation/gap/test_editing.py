"""Edits at fixed accuracy: what stays and what changes."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.gap.systems import at_random, predictions, write_truth

from slowpaths.evaluation.gap import editing
from slowpaths.evaluation.gap.editing import EDITS, edit, editing_table
from slowpaths.evaluation.gap.structure import error_structure
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import read_truth


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    truth, true_N, batter_N = write_truth(tmp_path_factory.mktemp("editing"), num_matches=4, batters=3, balls=40)
    called_N = at_random(0.6)(np.random.default_rng(0), true_N, batter_N)
    pairing = pair(read_predictions(predictions(truth, called_N)), read_truth(truth))
    return Sample(pairing, has_intervals=False)


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_every_edit_keeps_every_right_and_wrong_answer(sample: Sample, name: str, strength: float) -> None:
    edited = edit(sample, name, strength)
    assert (edited.correct_N == sample.correct_N).all()
    assert (edited.probs_NG.argmax(axis=1) == edited.called_N).all()
    assert edited.probs_NG.sum(axis=1) == pytest.approx(1.0)
    assert not np.array_equal(edited.probs_NG, sample.probs_NG)


@pytest.mark.parametrize("name", EDITS)
def test_no_strength_is_no_edit_and_strengths_are_nested(sample: Sample, name: str) -> None:
    assert edit(sample, name, 0.0).probs_NG == pytest.approx(sample.probs_NG)
    half, full = (edit(sample, name, strength).called_N for strength in (0.5, 1.0))
    changed = half != sample.called_N
    assert (half[changed] == full[changed]).all()


def test_edits_do_what_they_say(sample: Sample) -> None:
    found = {name: error_structure(edit(sample, name, 1.0)) for name in EDITS}
    assert found["across side"]["side_errors"] == 1.0
    assert found["within side"]["side_errors"] < 0.1  # a few strokes are alone on their side
    assert found["cancelling"]["prevalence_tv"] < 0.01 < found["per batter"]["prevalence_tv"]
    assert found["one stroke"]["prevalence_tv"] > 0.3
    assert found["cancelling"]["asymmetry"] < 0.7 < found["one stroke"]["asymmetry"]


def test_the_table_has_every_strength_and_constant_accuracy(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(editing.STRENGTHS) == 11
    monkeypatch.setattr(editing, "STRENGTHS", (0.0, 0.5, 1.0))
    columns = [
        "usefulness_profile_fidelity",
        "usefulness_decision_utility",
        "calibration_ece",
        "usefulness_label_worth",
    ]
    table = editing_table(sample, columns)
    assert len(table) == len(EDITS) * 3
    assert {row["accuracy_top1"] for row in table} == {sample.correct_N.mean()}
    assert set(table[0]) == {"edit", "strength", "accuracy_top1", *columns[:3]}
    last = {str(row["edit"]): row for row in table if row["strength"] == 1.0}
    assert float(last["one stroke"][columns[0]]) < float(last["cancelling"][columns[0]])
    assert float(last["across side"][columns[1]]) < float(last["within side"][columns[1]])
