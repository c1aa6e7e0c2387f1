"""A study from tables of measures and from predictions, what it writes, and what it says where little can be said."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.evaluation.gap.systems import at_random, write_systems, write_truth

from slowpaths.core.errors import UsageError
from slowpaths.evaluation.gap import editing
from slowpaths.evaluation.gap.population import population_table, read_population
from slowpaths.evaluation.gap.report import gap_of_predictions, gap_of_table, write_gap
from slowpaths.evaluation.gap.settings import GapSettings
from slowpaths.evaluation.gap.study import study_gap
from slowpaths.evaluation.gap.systems import find_systems
from slowpaths.evaluation.gap.words import answer
from slowpaths.evaluation.rank_correlation import tau_b

SETTINGS = GapSettings(bootstraps=200)


def measures(num: int = 24, *, planted: float = 0.0, seed: int = 0) -> pa.Table:
    """Return systems of two seeds; planted is how far profiles follow something else than accuracy, 0 to 1."""
    rng = np.random.default_rng(seed)
    rows = []
    for at in range(num):
        skill, other = rng.uniform(0.4, 0.8), rng.uniform(0.4, 0.8)
        for number in range(2):
            for half in ("A", "B", "all"):
                noise = rng.normal(0, 0.01, size=3)
                useful = (1 - planted) * skill + planted * other
                rows.append(
                    {"system": f"s{at}", "seed": str(number), "half": half, "group_supervision": "ab"[at % 2],
                     "accuracy_top1": skill + noise[0], "usefulness_profile_fidelity": useful + noise[1],
                     "usefulness_wss95": skill + noise[2], "structure_side_errors": other}
                )  # fmt: skip
    return population_table(rows)


def test_a_neutral_population_has_no_gap_and_a_planted_one_is_found() -> None:
    neutral = {item.name: item.estimates for item in study_gap(read_population(measures()), SETTINGS).compared}
    planted = {
        item.name: item.estimates for item in study_gap(read_population(measures(planted=0.7)), SETTINGS).compared
    }
    for name in ("profile_fidelity", "wss95"):
        assert (neutral[name]["tau"].value or 0) > 0.85
        assert abs(neutral[name]["gap"].value or 1) < 0.05
        assert (neutral[name]["regret"].value or 0) < 0.2
    assert (planted["profile_fidelity"]["gap"].low or 0) > 0.2
    assert abs(planted["wss95"]["gap"].value or 1) < 0.05
    found = planted["profile_fidelity"]
    assert (found["r2_structure"].value or 0) > 0.9 > 0.5 > (found["r2_accuracy"].value or 0)
    assert (found["regret"].value or 0) > (found["self_regret"].value or 0)


def test_the_answer_names_what_is_missing_and_nothing_else() -> None:
    words = " ".join(answer(study_gap(read_population(measures(planted=0.7)), SETTINGS)))
    assert (
        "Over 24 configurations (48 runs; those that differ in the seed alone are one, and count by their mean)"
        in words
    )
    assert "above 0) in 1 of 2 measures: profile_fidelity (gap" in words


def test_the_order_is_that_of_means_over_seeds() -> None:
    """Known answer: each configuration is more accurate and more useful than the last by the mean of its seeds, while
    of two seeds the more accurate is the less useful."""
    accuracy = {"a": (0.50, 0.60), "b": (0.55, 0.61), "c": (0.58, 0.64), "d": (0.60, 0.70)}
    useful = {"a": (0.30, 0.20), "b": (0.33, 0.21), "c": (0.34, 0.24), "d": (0.40, 0.30)}
    rows = [
        {"system": name, "seed": str(seed), "half": half, "accuracy_top1": accuracy[name][seed],
         "usefulness_profile_fidelity": useful[name][seed]}
        for name in accuracy for seed in range(2) for half in ("A", "B", "all")
    ]  # fmt: skip
    runs = read_population(population_table(rows))
    gap = study_gap(runs, SETTINGS)
    found = gap.compared[0]
    by_run = tau_b(runs.accuracies["all"], runs.of("usefulness_profile_fidelity")["all"], np.ones((1, 8)))
    assert by_run[0] < 0.0
    assert (gap.num_systems, gap.num_runs, found.num) == (4, 8, 4)
    assert found.estimates["tau"].value == found.estimates["ceiling"].value == 1.0
    assert found.estimates["gap"].value == pytest.approx(0.0)
    assert [float(row["accuracy"]) for row in gap.tables["systems"]] == pytest.approx([0.55, 0.58, 0.61, 0.65])


def test_the_committed_table_of_the_study_is_computed_again_from_its_measures() -> None:
    """Values do not depend on the draws, which are few here; the committed intervals come from two thousand."""
    results = Path(__file__).parents[3] / "experiments" / "gap" / "results"
    found = gap_of_table([results / "measures.parquet"], GapSettings(bootstraps=100))
    assert found is not None
    with (results / "gap.csv").open(newline="") as stream:
        committed = {row["measure"]: row for row in csv.DictReader(stream)}
    assert (found[0].num_systems, found[0].num_runs) == (48, 94)
    assert set(committed) == {item.name for item in found[0].compared}
    for item in found[0].compared:
        for name, estimated in item.estimates.items():
            told = committed[item.name][name]
            assert estimated.value == (pytest.approx(float(told), rel=1e-4, abs=1e-6) if told else None), (
                item.name,
                name,
            )


def test_two_systems_have_no_order_and_no_number_is_printed() -> None:
    gap = study_gap(read_population(measures(2)), SETTINGS)
    assert all(found.value is None and found.reason for item in gap.compared for found in item.estimates.values())
    assert answer(gap) == [
        "Whether accuracy orders these systems by usefulness could not be computed; the notes say why."
    ]
    assert any("3 are needed" in note for note in gap.notes)


def test_few_systems_have_numbers_without_intervals() -> None:
    gap = study_gap(read_population(measures(5)), SETTINGS)
    found = gap.compared[0].estimates
    assert found["tau"].value is not None and found["tau"].low is None
    assert found["r2_accuracy"].value is None and "20 configurations" in found["r2_accuracy"].reason
    assert any("no interval" in note for note in gap.notes)


def test_no_system_is_refused() -> None:
    with pytest.raises(UsageError, match="no system to compare"):
        study_gap(read_population(measures().slice(0, 0)), SETTINGS)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gap")
    truth, true_N, batter_N = write_truth(folder, num_matches=4, batters=2, balls=12)
    systems = {f"s{at}": at_random(0.5 + 0.1 * at) for at in range(4)}
    sources = find_systems([write_systems(folder / "runs", truth, true_N, batter_N, systems)])
    settings = GapSettings(bootstraps=100, num_labels=10, repeats=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(editing, "STRENGTHS", (0.0, 1.0))
        found = gap_of_predictions(sources, truth, settings)
    write_gap(*found, folder / "first", command="slowpaths gap", inputs={})
    again = gap_of_table([folder / "first"], settings)
    assert again is not None
    write_gap(*again, folder / "second", command="slowpaths gap", inputs={})
    return folder


def test_a_study_is_repeated_from_its_table_alone(written: Path) -> None:
    first, second = (json.loads((written / name / "gap.json").read_text()) for name in ("first", "second"))
    assert first["measures"] == second["measures"]
    assert first["systems"] == 4
    assert any("need predictions" in note for note in second["notes"])
    same = ("measures.parquet", "figures/systems.csv", "figures/systems.svg", "figures/systems.pdf")
    assert [(written / "first" / name).read_bytes() == (written / "second" / name).read_bytes() for name in same] == [
        True
    ] * 4


def test_the_page_says_what_was_done_and_shows_every_figure(written: Path) -> None:
    page = (written / "first" / "gap.md").read_text()
    assert "## The same accuracy, other errors" in page
    assert "Accuracy is" in page
    assert "## Choosing a system with few labels" in page
    shown = {name for name in ("systems", "gap", "editing", "choosing") if f"figures/{name}.png" in page}
    assert shown == {"systems", "gap", "editing", "choosing"}
    for name in shown:
        assert all(
            (written / "first" / "figures" / f"{name}.{kind}").stat().st_size > 1000 for kind in ("png", "svg", "pdf")
        )
