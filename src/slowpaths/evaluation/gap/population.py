"""A population of systems and what was measured of each: the table that the whole gap study is computed from.

One row a system, seed and half of the matches (A, B, and all of them). Columns `group_*` say what sets systems apart,
`accuracy_*`, `calibration_*` and `usefulness_*` are measures of the report, `structure_*` says what kind of errors
there are. `truth` and `split` say what they were measured on.

Runs that differ in their seed only are one configuration, of which every measure is the mean over its seeds: seeds of a
recipe are no recipes of their own, and chance between them is no order that usefulness could agree with.

Legend: R runs (a system with a seed), K configurations (or runs, where a population is one of runs).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import TableError, UsageError
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.measures import SPECS

HALVES = ("A", "B", "all")
GROUP, STRUCTURE = "group_", "structure_"
SIDES = ("accuracy", "calibration", "usefulness")
KEYS = ("system", "seed", "half")
DEGENERATE = 0.5  # a system below this share of the best accuracy has not learned; declared before any study


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """Hold runs, or configurations, and their measures.

    Measures are turned such that more is better: those of which less is better are negated, of those that should be 0
    the distance from it is. A measure that this version does not know is taken as it is.
    """

    system: np.ndarray  # name of the configuration (K,)
    seed: np.ndarray  # (K,), text; of a configuration all of its seeds, "0 1"
    groups: dict[str, np.ndarray]  # what sets systems apart: name -> value of each run (K,), "" where not said
    values: dict[str, dict[str, np.ndarray]]  # half -> column of the table -> (K,), NaN where not measured
    accuracy: str = "top1"  # what systems are ordered by

    def __len__(self) -> int:
        return len(self.system)

    @cached_property
    def num_systems(self) -> int:
        """Return the number of configurations."""
        return len(set(self.system))

    @cached_property
    def num_runs(self) -> int:
        """Return the number of runs."""
        return sum(len(seeds.split()) for seeds in self.seed)

    def columns(self, *sides: str) -> list[str]:
        """Return the columns of some sides, in the order of the report."""
        place = {f"{spec.side}_{spec.name}": spec.place for spec in SPECS}
        names = [name for name in self.values["all"] if name.startswith(tuple(f"{side}_" for side in sides))]
        return sorted(names, key=lambda name: (place.get(name, 1000), name))

    def of(self, column: str) -> dict[str, np.ndarray]:
        """Return a column in every half (K,); NaN where it was not measured."""
        missing = np.full(len(self), np.nan)
        return {half: self.values[half].get(column, missing) for half in HALVES}

    @property
    def accuracies(self) -> dict[str, np.ndarray]:
        """Return what systems are ordered by, in every half (K,)."""
        return self.of(f"accuracy_{self.accuracy}")

    def take(self, rows: np.ndarray) -> Population:
        """Return some runs, by index or by mask."""
        return replace(
            self,
            system=self.system[rows],
            seed=self.seed[rows],
            groups={name: values[rows] for name, values in self.groups.items()},
            values={half: {name: own[rows] for name, own in of.items()} for half, of in self.values.items()},
        )

    def weights(self, replicates: int, seed: int) -> np.ndarray:
        """Return weights (1 + replicates, K): ones, then configurations drawn with replacement."""
        rng = np.random.default_rng(seed)
        drawn_BK = rng.multinomial(len(self), np.full(len(self), 1 / max(len(self), 1)), size=replicates)
        return np.vstack([np.ones((1, len(self))), drawn_BK])


def read_population(table: pa.Table, *, accuracy: str = "top1") -> Population:
    """Read the table of measures.

    Raises:
        TableError: If a column is missing, a run stands twice, or rows belong to different truths or splits.
        UsageError: If there is no such measure of accuracy.
    """
    missing = [name for name in KEYS if name not in table.column_names]
    if missing:
        raise TableError(f"the table of measures has no column '{missing[0]}': it needs {', '.join(KEYS)}")
    rows = table.to_pylist()
    for name in ("truth", "split"):
        if len(kinds := sorted({str(row[name]) for row in rows if row.get(name)})) > 1:
            raise TableError(f"the measures belong to {len(kinds)} {name}s ({', '.join(kinds)}): compare one at a time")
    names = {(str(row["system"]), str(row["seed"])) for row in rows}
    doubles = [
        key for key, num in Counter((str(r["system"]), str(r["seed"]), r["half"]) for r in rows).items() if num > 1
    ]
    if doubles:
        system, seed, half = doubles[0]
        raise TableError(f"system {system}, seed {seed}, half {half} stands twice in the table of measures: keep one")
    runs = sorted(names)
    place = {run: at for at, run in enumerate(runs)}
    groups = {name: np.full(len(runs), "", dtype=object) for name in table.column_names if name.startswith(GROUP)}
    numbers = [name for name in table.column_names if name.startswith(tuple(f"{s}_" for s in (*SIDES, "structure")))]
    values = {half: {name: np.full(len(runs), np.nan) for name in numbers} for half in HALVES}
    for row in rows:
        at = place[str(row["system"]), str(row["seed"])]
        for name, own in groups.items():
            own[at] = "" if row[name] is None else str(row[name])
        for name in numbers if row["half"] in values else ():
            values[row["half"]][name][at] = turned(name, row[name])
    if f"accuracy_{accuracy}" not in numbers:
        known = ", ".join(name.removeprefix("accuracy_") for name in numbers if name.startswith("accuracy_"))
        raise UsageError(f"accuracy={accuracy} is no measure of these systems; there are {known or 'none'}")
    return Population(
        system=np.array([system for system, _ in runs], dtype=object),
        seed=np.array([seed for _, seed in runs], dtype=object),
        groups={name.removeprefix(GROUP): own for name, own in groups.items()},
        values=values,
        accuracy=accuracy,
    )


def turned(column: str, value: float | None) -> float:
    """Return a measure such that more is better; NaN for None.

    Example:
        >>> turned("usefulness_profile_error", 0.25), turned("usefulness_rare_stroke_bias", -0.5)
        (-0.25, -0.5)
    """
    if value is None:
        return float("nan")
    best = {f"{spec.side}_{spec.name}": spec.best for spec in SPECS}.get(column, "highest")
    return {"highest": value, "lowest": -value, "zero": -abs(value)}[best]


def population_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return rows as the table of measures: text, counts and numbers, columns in order of first appearance."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    of = {"num": pa.int64(), **{name: pa.string() for name in (*KEYS, "truth", "split")}}

    def kind(name: str) -> pa.DataType:
        return pa.string() if name.startswith(GROUP) else of.get(name, pa.float64())

    return pa.table({name: pa.array([row.get(name) for row in rows], kind(name)) for name in names})


def mean_over_seeds(runs: Population) -> Population:
    """Return one row a configuration, measures the mean over its seeds.

    A measure that could not be taken of one of its seeds is not known of a configuration: the others, which may be the
    better ones, do not stand for it. Of measures that should be 0 it is the distance from it that is averaged. What
    sets the seeds of a configuration apart in a group sets it apart from no other: it is "" there.
    """
    names, config_R = np.unique(runs.system, return_inverse=True)
    member_KR = config_R == np.arange(len(names))[:, None]

    def one(values_R: np.ndarray) -> np.ndarray:
        told = [sorted(set(values_R[own_R])) for own_R in member_KR]
        return np.array([values[0] if len(values) == 1 else "" for values in told], dtype=object)

    def mean(values_R: np.ndarray) -> np.ndarray:
        return np.array([_mean(values_R[own_R]) for own_R in member_KR])

    return replace(
        runs,
        system=np.array(names, dtype=object),
        seed=np.array([" ".join(runs.seed[own_R]) for own_R in member_KR], dtype=object),
        groups={name: one(values_R) for name, values_R in runs.groups.items()},
        values={half: {name: mean(own_R) for name, own_R in of.items()} for half, of in runs.values.items()},
    )


def _mean(values: np.ndarray) -> float:
    """Return the mean, NaN where a value is; of values that are alike that very value, however many there are."""
    if not np.isfinite(values).all():
        return float("nan")
    return float(values[0]) if (values == values[0]).all() else math.fsum(values) / len(values)


def learned(population: Population) -> np.ndarray:
    """Return which systems have at least half of the best accuracy (K,)."""
    accuracy_K = population.accuracies["all"]
    return accuracy_K >= DEGENERATE * np.nanmax(accuracy_K, initial=-np.inf)


def drop_degenerate(population: Population) -> tuple[Population, Table]:
    """Leave out configurations below half the best accuracy; return the rest, and what was left out with the reason."""
    accuracy_K, is_kept = population.accuracies["all"], learned(population)
    best = np.nanmax(accuracy_K, initial=-np.inf)
    left_out: Table = [
        {
            "system": str(population.system[at]),
            "kind": "degenerate",
            "reason": "its accuracy could not be measured"
            if np.isnan(accuracy_K[at])
            else f"accuracy {accuracy_K[at]:.3f} is below half of the best, {best:.3f}",
        }
        for at in np.flatnonzero(~is_kept)
    ]
    return population.take(is_kept), left_out
