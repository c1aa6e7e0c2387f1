"""The gap study: from the table of measures to numbers with intervals, each with the reason where there is none.

Legend: K configurations, each the mean of its seeds, B replicates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slowpaths.core.errors import UsageError
from slowpaths.evaluation.gap import explanation
from slowpaths.evaluation.gap.association import (
    BAND,
    MIN_FOR_INTERVAL,
    MIN_IN_BAND,
    MIN_SYSTEMS,
    MIN_TOP,
    Estimate,
    band_spread,
    estimate,
    noise_ceiling,
    regret,
    top_quartile,
)
from slowpaths.evaluation.gap.label_budget import label_budget
from slowpaths.evaluation.gap.population import STRUCTURE, Population, drop_degenerate, learned, mean_over_seeds
from slowpaths.evaluation.gap.settings import GapSettings
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.measures import SPECS
from slowpaths.evaluation.rank_correlation import tau_ap, tau_b

ESTIMATES: dict[str, str] = {
    "tau": "agreement of the order by accuracy with the order by this measure (Kendall's tau-b)",
    "tau_ap": "the same, mistakes at the top weigh more",
    "gap": "share of the agreement that noise would allow and that is missing, between disjoint halves of the matches",
    "ceiling": "the agreement that noise would allow",
    "tau_across": "agreement of accuracy on one half with this measure on the other",
    "tau_noiseless": "the agreement that would be seen without noise (taken as normal)",
    "reliability": "agreement of this measure with itself between the halves",
    "reliability_accuracy": "agreement of accuracy with itself between the halves",
    "band_spread": f"spread among systems within {100 * BAND:.0f} point of accuracy, over that of all",
    "top_tau": "agreement among the most accurate quarter",
    "top_tau_ap": "the same, mistakes at the top weigh more",
    "regret": "what choosing by accuracy costs: 0 nothing, 1 as much as to take a system in the middle",
    "self_regret": "what choosing by this measure itself costs",
    "r2_accuracy": "share of its variance that accuracy explains on the other half (cross-validated)",
    "r2_structure": "the same, accuracy and the structure of errors",
}
"""Every number there is of a measure, and what it means."""
BUDGET_DRAWS = 300  # curves are fitted one by one: fewer draws than for the rest
_NO_HALVES = "it needs halves of disjoint matches, so two matches at least, in which this measure could be taken"
_NO_ORDER = "the configurations whose value is known have no order"
_FEW = f"a regression needs {explanation.MIN_SYSTEMS} configurations with this measure that differ in it"
REASONS = {
    "tau": _NO_ORDER, "tau_ap": _NO_ORDER, "band_spread": f"no {MIN_IN_BAND} configurations are equally accurate",
    "top_tau": f"the top quarter holds fewer than {MIN_TOP} configurations that differ",
    "top_tau_ap": f"the top quarter holds fewer than {MIN_TOP} configurations that differ",
    "gap": f"{_NO_HALVES}, and halves that agree with each other",
    "ceiling": "the halves do not agree with each other",
    "tau_noiseless": f"{_NO_HALVES}, and halves that agree with each other",
    "r2_accuracy": _FEW, "r2_structure": _FEW,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Hold how accuracy and one measure go together over the population."""

    column: str  # column of the table of measures
    side: str  # usefulness or calibration
    name: str  # key in the report
    meaning: str  # what it means
    num: int  # configurations of which every seed was measured
    estimates: dict[str, Estimate] = field(default_factory=dict)

    def row(self) -> dict[str, float | int | str]:
        """Return a flat row."""
        cells: dict[str, float | int | str] = {"measure": self.name, "side": self.side, "configurations": self.num}
        for name, item in self.estimates.items():
            ends = {name: item.value, f"{name}_low": item.low, f"{name}_high": item.high}
            cells |= {key: float("nan") if value is None else value for key, value in ends.items()}
        return cells


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Hold a gap study."""

    settings: GapSettings
    num_systems: int  # configurations
    num_runs: int  # configurations times seeds
    compared: tuple[Compared, ...]
    tables: dict[str, Table]
    notes: tuple[str, ...] = ()  # what could not be computed, and what to know before the numbers


def study_gap(runs: Population, settings: GapSettings) -> Gap:
    """Analyse a population of runs: configurations are compared, each the mean of its seeds.

    Raises:
        UsageError: If there is no system.
    """
    everything = mean_over_seeds(runs)
    population, left_out = drop_degenerate(everything)
    if not len(population):
        reasons = "; ".join(f"{row['system']}: {row['reason']}" for row in left_out[:3])
        raise UsageError(f"there is no system to compare: give runs with predictions ({reasons or 'none was given'})")
    weights_BK = population.weights(settings.bootstraps, settings.seed)
    compared = tuple(
        _compare(population, column, weights_BK) for column in population.columns("usefulness", "calibration")
    )
    contrast, contrast_note = _contrast(population, settings.contrast, weights_BK)
    budget, budget_note = label_budget(
        everything, everything.weights(BUDGET_DRAWS, settings.seed), is_judged_K=learned(everything)
    )
    tables = {
        "label_budget": budget,
        "gap": [item.row() for item in compared],
        "systems": _systems(population, settings.contrast),
        "contrast": contrast,
        "left_out": left_out,
    }
    notes = (*_notes(population), *(note for note in (contrast_note, budget_note) if note))
    return Gap(
        settings=settings,
        num_systems=population.num_systems,
        num_runs=population.num_runs,
        compared=compared,
        tables={name: table for name, table in tables.items() if table},
        notes=notes,
    )


def _compare(population: Population, column: str, weights_BK: np.ndarray) -> Compared:
    accuracy, useful = population.accuracies, population.of(column)
    side, name = column.split("_", 1)
    meaning = {spec.name: spec.meaning for spec in SPECS}.get(name, "")
    num = int(np.isfinite(useful["all"]).sum())
    found = {
        "tau": tau_b(accuracy["all"], useful["all"], weights_BK),
        "tau_ap": tau_ap(accuracy["all"], useful["all"], weights_BK),
        **noise_ceiling(accuracy, useful, weights_BK),
        "band_spread": band_spread(accuracy["all"], useful["all"], weights_BK),
        **dict(zip(("top_tau", "top_tau_ap"), top_quartile(accuracy["all"], useful["all"], weights_BK), strict=True)),
        "regret": regret(accuracy, useful, weights_BK),
        "self_regret": regret(useful, useful, weights_BK),
        **_explained(population, column, weights_BK),
    }
    if num < MIN_SYSTEMS:
        reason = f"it was measured in {num} of {population.num_systems} systems: {MIN_SYSTEMS} are needed"
        estimates = {key: Estimate(reason=reason) for key in ESTIMATES}
    else:
        estimates = {key: estimate(found[key], num, REASONS.get(key, _NO_HALVES)) for key in ESTIMATES}
    return Compared(column=column, side=side, name=name, meaning=meaning, num=num, estimates=estimates)


def _explained(population: Population, column: str, weights_BK: np.ndarray) -> dict[str, np.ndarray]:
    """Return R2 of accuracy and its square, and of these with the structure of errors, the measure itself left out."""
    accuracy = population.accuracies
    own = column.split("_", 1)[1]
    kinds = [
        name
        for name in population.columns("structure")
        if name != STRUCTURE + own and all(np.isfinite(population.of(name)[half]).all() for half in ("A", "B"))
    ]
    plain = {half: np.column_stack([values, values**2]) for half, values in accuracy.items()}
    whole = {
        half: np.column_stack([plain[half], *(population.values[half][kind] for kind in kinds)]) for half in ("A", "B")
    }
    given = population.of(column), weights_BK
    return {"r2_accuracy": explanation.explained(plain, *given), "r2_structure": explanation.explained(whole, *given)}


def _contrast(population: Population, group: str, weights_BK: np.ndarray) -> tuple[Table, str]:
    """Return how usefulness differs between kinds of systems at equal accuracy, or why that cannot be said."""
    if group not in population.groups:
        known = ", ".join(sorted(population.groups)) or "none"
        return [], f"Systems are not compared by {group} at equal accuracy: they do not say it (groups: {known})."
    kind_K = population.groups[group]
    base, others = explanation.kinds(kind_K)
    if not base:
        return [], (
            f"Systems are not compared by {group} at equal accuracy: that needs {explanation.MIN_OF_KIND} "
            "configurations of two kinds."
        )
    table: Table = []
    for other in others:
        own = np.isin(kind_K, (base, other))
        part, weights = population.take(own), weights_BK[:, own]
        ranges = [part.accuracies["all"][part.groups[group] == kind] for kind in (base, other)]
        low, high = max(values.min() for values in ranges), min(values.max() for values in ranges)
        for column in population.columns("usefulness", "calibration"):
            found = explanation.interaction(part.accuracies, part.of(column), part.groups[group] == other, weights)
            row: dict[str, Any] = {"measure": column.split("_", 1)[1], "kind": other, "compared_with": base}
            row |= {"accuracy_from": float(low), "accuracy_to": float(high)}
            for name, values_B in found.items():
                item = estimate(values_B, part.num_systems, "")
                ends = {name: item.value, f"{name}_low": item.low, f"{name}_high": item.high}
                row |= {key: float("nan") if value is None else value for key, value in ends.items()}
            table.append(row)
    return table, ""


def _systems(population: Population, group: str) -> Table:
    """Return one row a configuration: what the scatter of accuracy and usefulness is drawn from."""
    columns = population.columns("accuracy", "usefulness", "calibration")
    kind_K = population.groups.get(group, np.full(len(population), ""))
    best = {f"{spec.side}_{spec.name}": spec.best for spec in SPECS}
    table: Table = []
    for at in range(len(population)):
        row: dict[str, Any] = {"system": str(population.system[at]), "seeds": str(population.seed[at])}
        row |= {"kind": str(kind_K[at]) or "all", "accuracy": float(population.accuracies["all"][at])}
        for column in columns:  # as the report gives them again
            value = float(population.values["all"][column][at])
            row[column.split("_", 1)[1]] = value if best.get(column, "highest") == "highest" else -value
        table.append(row)
    return table


def _notes(population: Population) -> list[str]:
    num, notes = population.num_systems, []
    if num < MIN_SYSTEMS:
        notes.append(f"{num} configurations have no order that could agree with another: {MIN_SYSTEMS} are needed.")
    elif num < MIN_FOR_INTERVAL:
        notes.append(
            f"Only {num} configurations (fewer than {MIN_FOR_INTERVAL}): no interval is given, and nothing is shown by "
            "these numbers beyond the systems themselves."
        )
    if not np.isfinite(population.accuracies["A"]).any():
        notes.append(
            "There are no halves of disjoint matches: the noise ceiling, the gap, regret and what explains usefulness "
            "could not be computed."
        )
    unknown = [
        name for name in population.columns("usefulness") if name.split("_", 1)[1] not in {s.name for s in SPECS}
    ]
    if unknown:
        notes.append(f"Of {', '.join(unknown)} it is assumed that more is better.")
    return notes
