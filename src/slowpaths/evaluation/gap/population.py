"""A population of systems and what was measured of each: the table that the whole gap study is computed from.

One row a system, seed and half of the matches (A, B, and all of them). Columns `group_*` say what sets systems apart,
`accuracy_*`, `calibration_*` and `usefulness_*` are measures of the report, `structure_*` says what kind of errors
there are. `truth` and `split` say what they were measured on.

Legend: K runs (a system with a seed).
"""

from __future__ import annotations

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
    """Hold runs and their measures.

    Measures are turned such that more is better: those of which less is better are negated, of those that should be 0
    the distance from it is. A measure that this version does not know is taken as it is.
    """

    system: np.ndarray  # name of the configuration (K,)
    seed: np.ndarray  # (K,), text
    groups: dict[str, np.ndarray]  # what sets systems apart: name -> value of each run (K,), "" where not said
    values: dict[str, dict[str, np.ndarray]]  # half -> column of the table -> (K,), NaN where not measured
    accuracy: str = "top1"  # what systems are ordered by

    def __len__(self) -> int:
        return len(self.system)

    @cached_property
    def num_systems(self) -> int:
        """Return the number of configurations."""
        return len(set(self.system))

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
        """Return weights (1 + replicates, K): ones, then configurations drawn with replacement, all seeds together."""
        names, config_K = np.unique(self.system, return_inverse=True)
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=replicates)
        return np.vstack([np.ones((1, len(self))), drawn[:, config_K]])


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


def drop_degenerate(population: Population) -> tuple[Population, Table]:
    """Leave out systems below half the best accuracy, means over their seeds; return the rest and what was left out.

    What was left out is a row a run, with the reason.
    """
    accuracy_K = _mean_over_seeds(population)
    best = np.nanmax(accuracy_K, initial=-np.inf)
    is_kept = accuracy_K >= DEGENERATE * best
    left_out: Table = [
        {
            "system": f"{population.system[at]} seed {population.seed[at]}",
            "kind": "degenerate",
            "reason": "its accuracy could not be measured"
            if np.isnan(accuracy_K[at])
            else f"accuracy {accuracy_K[at]:.3f} is below half of the best, {best:.3f}",
        }
        for at in np.flatnonzero(~is_kept)
    ]
    return population.take(is_kept), left_out


def _mean_over_seeds(population: Population) -> np.ndarray:
    """Return the accuracy of each run's system (K,), the mean of its seeds; NaN where no seed has one."""
    _, config_K = np.unique(population.system, return_inverse=True)
    accuracy_K = population.accuracies["all"]
    is_known = np.isfinite(accuracy_K)
    sums, counts = (np.bincount(config_K, own) for own in (np.where(is_known, accuracy_K, 0.0), is_known))
    means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return means[config_K]
