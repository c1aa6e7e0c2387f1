"""What systems are worth in labels, where the learning curve is known."""

from __future__ import annotations

import numpy as np
import pytest

from slowpaths.evaluation.gap.label_budget import fit_curve, label_budget, labels_worth
from slowpaths.evaluation.gap.population import Population, mean_over_seeds, population_table, read_population

AMOUNTS = (5, 10, 20, 50, 100, 200)


def _population(amounts: tuple[int, ...] = AMOUNTS) -> Population:
    rows = [
        {"system": f"n{num}", "seed": str(seed), "half": "all", "group_supervision": "supervised",
         "group_amount": str(num), "accuracy_top1": 0.9 - num**-0.5, "usefulness_profile_fidelity": 1 - 0.5 * num**-0.5}
        for num in amounts for seed in range(2)
    ]  # fmt: skip
    for at in range(4):  # as accurate as 25 labels, with the profiles of a hundred
        rows.append(
            {"system": f"pseudo{at}", "seed": "0", "half": "all", "group_supervision": "pseudo", "group_amount": "",
             "accuracy_top1": 0.7, "usefulness_profile_fidelity": 0.95}
        )  # fmt: skip
    return mean_over_seeds(read_population(population_table(rows)))


def _everyone(population: Population) -> np.ndarray:
    return np.ones(len(population), dtype=bool)


def test_the_two_numbers_of_labels_are_found_and_differ() -> None:
    population = _population()
    table, why = label_budget(population, population.weights(30, seed=0), is_judged_K=_everyone(population))
    found = {str(row["measure"]): row for row in table}
    assert not why
    assert float(found["top1"]["labels"]) == pytest.approx(25, rel=0.02)

    assert float(found["profile_fidelity"]["labels"]) == pytest.approx(100, rel=0.02)
    assert float(found["top1"]["labels_high"]) < float(found["profile_fidelity"]["labels_low"])


def test_a_curve_never_falls_and_beyond_its_top_no_number_of_labels_is_enough() -> None:
    num = np.array([5.0, 10, 20, 50])
    assert fit_curve(num, np.array([0.8, 0.7, 0.6, 0.5]), np.ones(4))[1] == 0.0
    assert labels_worth(0.95, (0.9, 1.0, 0.5)) == np.inf
    assert labels_worth(0.1, (0.8, 0.0, 1.0)) == 0.0 and labels_worth(0.8, (0.8, 0.0, 1.0)) == np.inf


def test_a_value_outside_the_curve_is_said_and_not_made_up() -> None:
    population = _population(amounts=(100, 120, 150, 200))
    rows = {
        str(row["measure"]): row
        for row in label_budget(population, population.weights(20, seed=0), is_judged_K=_everyone(population))[0]
    }
    assert rows["top1"]["beyond"] == "100 or fewer"
    assert float(rows["top1"]["labels"]) == 100.0


def test_without_a_learning_curve_it_is_not_known() -> None:
    population = _population(amounts=(5, 10, 20))
    table, why = label_budget(population, population.weights(5, seed=0), is_judged_K=_everyone(population))
    assert not table and "supervised systems with 4 values of amount" in why


def test_systems_that_learnt_nothing_are_worth_nothing_to_their_kind_but_belong_to_the_curve() -> None:
    """One of the four without labels has not learnt, nor has any with five labels: there the curve begins."""
    population = _population(amounts=(5, 10, 20, 50))
    is_judged = ~np.isin(population.system, ("pseudo0", "n5"))
    for half in population.values.values():
        half["accuracy_top1"][population.system == "pseudo0"] = 0.1
    table, _ = label_budget(population, population.weights(5, seed=0), is_judged_K=is_judged)
    found = {str(row["measure"]): row for row in table}
    assert float(found["top1"]["labels"]) == pytest.approx(25, rel=0.02)


def test_who_learnt_nothing_from_many_labels_does_not_bend_the_curve() -> None:
    population = _population()
    is_judged = population.system != "n100"
    for half in population.values.values():
        half["accuracy_top1"][population.system == "n100"] = 0.1
        half["accuracy_top1"][population.system == "n200"] = 0.8  # as a hundred labels are worth by the formula
    amount = population.groups["amount"]
    amount[population.system == "n200"] = "100"
    table, _ = label_budget(population, population.weights(5, seed=0), is_judged_K=is_judged)
    found = {str(row["measure"]): row for row in table}
    assert float(found["top1"]["labels"]) == pytest.approx(25, rel=0.02)
