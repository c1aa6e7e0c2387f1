"""The table of measures: read, checked, turned, resampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from slowpaths.core.errors import TableError, UsageError
from slowpaths.evaluation.gap.population import drop_degenerate, mean_over_seeds, population_table, read_population


def rows(num: int = 3, **more: Any) -> list[dict[str, Any]]:
    return [
        {"system": f"s{at}", "seed": seed, "half": half, "truth": "t", "split": "test", "group_loss": "ce",
         "accuracy_top1": 0.5 + 0.1 * at, "usefulness_profile_error": 0.1 * at, "num": 10} | more
        for at in range(num) for seed in "01" for half in ("A", "B", "all")
    ]  # fmt: skip


def test_measures_are_turned_so_that_more_is_better() -> None:
    population = read_population(population_table(rows()))
    assert population.of("usefulness_profile_error")["A"].tolist() == pytest.approx([0, 0, -0.1, -0.1, -0.2, -0.2])
    assert population.groups["loss"].tolist() == ["ce"] * 6
    assert (len(population), population.num_systems) == (6, 3)


def test_what_was_not_measured_is_not_a_number() -> None:
    given = rows()
    given[0]["usefulness_profile_error"] = None
    population = read_population(population_table([row for row in given if row["half"] != "B"]))
    assert np.isnan(population.of("usefulness_profile_error")["A"][0])
    assert np.isnan(population.accuracies["B"]).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda given: given[0].update(truth="u"), "2 truths"),
        (lambda given: given[0].update(split="val"), "2 splits"),
        (lambda given: given.append(given[0]), "stands twice"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(change: Any, sentence: str) -> None:
    given = rows()
    change(given)
    with pytest.raises(TableError, match=sentence):
        read_population(population_table(given))


def test_a_table_without_keys_or_accuracy_is_refused() -> None:
    with pytest.raises(TableError, match="no column 'half'"):
        read_population(pa.table({"system": ["a"], "seed": ["0"]}))
    with pytest.raises(UsageError, match="there are top1"):
        read_population(population_table(rows()), accuracy="f1")


def test_seeds_of_a_configuration_are_one_and_count_by_their_mean() -> None:
    given = rows(2)
    for row in given:
        row["accuracy_top1"] += 0.1 * (row["seed"] == "1")
    runs = read_population(population_table(given))
    found = mean_over_seeds(runs)
    assert (len(found), found.num_systems, found.num_runs) == (2, 2, 4)
    assert found.seed.tolist() == ["0 1", "0 1"]
    assert found.accuracies["A"].tolist() == pytest.approx([0.55, 0.65])
    assert found.of("usefulness_profile_error")["all"].tolist() == pytest.approx([0.0, -0.1])
    assert found.groups["loss"].tolist() == ["ce", "ce"]


def test_configurations_that_are_alike_have_no_order_whatever_their_number_of_seeds() -> None:
    for value in np.random.default_rng(0).random(20).tolist():
        same = [
            {"system": f"s{at}", "seed": str(seed), "half": "all", "accuracy_top1": 0.1 * at, "usefulness_wss95": value}
            for at in range(6)
            for seed in range((1, 2, 3, 5, 6, 7)[at])
        ]
        population = mean_over_seeds(read_population(population_table(same)))
        assert set(population.of("usefulness_wss95")["all"]) == {value}


def test_a_measure_that_one_seed_lacks_is_not_known_of_the_configuration() -> None:
    given = rows(2)
    given[0]["usefulness_profile_error"] = None  # system s0, seed 0, half A
    found = mean_over_seeds(read_population(population_table(given))).of("usefulness_profile_error")
    assert np.isnan(found["A"][0]) and found["A"][1] == pytest.approx(-0.1)
    assert np.isfinite(found["all"]).all()


def test_biases_of_two_seeds_do_not_cancel_and_groups_that_differ_say_nothing() -> None:
    given = [row | {"usefulness_rare_stroke_bias": 0.5 if row["seed"] == "1" else -0.5} for row in rows(1)]
    for row in given:
        row["group_loss"] = "ce" if row["seed"] == "1" else "gce"
    found = mean_over_seeds(read_population(population_table(given)))
    assert found.of("usefulness_rare_stroke_bias")["all"].tolist() == [-0.5]
    assert found.groups["loss"].tolist() == [""]


def test_configurations_are_drawn_with_replacement() -> None:
    weights_BK = mean_over_seeds(read_population(population_table(rows(5)))).weights(50, seed=0)
    assert weights_BK.shape == (51, 5)
    assert (weights_BK[0] == 1).all()
    assert (weights_BK.sum(axis=1) == 5).all()


def test_systems_below_half_of_the_best_are_left_out_and_named() -> None:
    given = rows(4)
    for row in given:
        row["accuracy_top1"] = {"s0": 0.39, "s1": 0.4, "s2": 0.8, "s3": None}[row["system"]]
    kept, left_out = drop_degenerate(mean_over_seeds(read_population(population_table(given))))
    assert kept.system.tolist() == ["s1", "s2"]
    assert [str(row["reason"])[:20] for row in left_out] == ["accuracy 0.390 is be", "its accuracy could n"]


def test_a_system_is_left_out_by_the_mean_of_its_seeds() -> None:
    given = rows(2)
    accuracy = {("s0", "0"): 0.38, ("s0", "1"): 0.44, ("s1", "0"): 0.8, ("s1", "1"): 0.8}
    for row in given:
        row["accuracy_top1"] = accuracy[row["system"], str(row["seed"])]
    kept, left_out = drop_degenerate(mean_over_seeds(read_population(population_table(given))))
    assert kept.num_runs == 4 and not left_out
