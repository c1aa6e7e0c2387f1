"""Runs side by side: their metrics, curves and confusion, and the mean over those that differ by their seed only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import stats

from slowpaths.core.errors import TableError
from slowpaths.core.text import markdown_table
from slowpaths.review.run_tables import read_confusion, read_curves, read_state
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.sweep_folder import METRIC_PREFIX, OVERRIDE_PREFIX, SweepFolder, differing_keys

REPLICATES = ("seed",)
"""Keys over which runs are averaged: they are the same system drawn again."""
_PLACES = ("out",)  # keys that say where a run lies, which sets no system apart
_FEWEST = 3  # runs behind an interval
_FROM_STATE = ("metrics", "seconds", "fingerprint", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Hold one run of a comparison."""

    name: str  # name
    state: str  # where it stands: done, failed, killed, running or waiting
    axes: Mapping[str, str]  # what sets it apart: key -> value
    metrics: Mapping[str, float]  # its numbers
    seconds: float | None = None  # how long it took; None where unknown
    fingerprint: str = ""  # of its configuration
    reason: str = ""  # why it failed; "" otherwise
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)  # metric -> its value after each epoch
    # true (or weakly labelled) stroke -> named stroke -> clips; empty where unknown
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    is_weak: bool = False  # whether that confusion is against weak labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Average:
    """Hold the mean of a metric over runs that differ by their seed only."""

    system: Mapping[str, str]  # what the runs have in common: key -> value
    metric: str  # name of the metric
    num: int  # number of runs
    mean: float  # mean
    low: float | None  # lower end of the 95 % interval of the mean; None for fewer than three runs
    high: float | None  # upper end


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Read folders of runs (train, pretrain, predict, evaluate) and of sweeps, in the order given, each run once.

    What was fixed in a sweep and differs from another one sets its runs apart, too.

    Raises:
        TableError: If a folder is neither, or a file of a run is damaged.
    """
    found: dict[Path, tuple[Run, Mapping[str, str]]] = {}  # with all that was typed for it
    for path in paths:
        folder = SweepFolder(path)
        if folder.plan_file.exists():
            typed_of = {cell.name: cell.typed for cell in folder.plan()}
            for name in typed_of:
                read_state(RunFolder(path / name))  # what is damaged is named before a table is made of all
            for run in sweep_runs(folder.table()):
                own = RunFolder(path / run.name)
                found.setdefault(own.path.resolve(), (_with_details(run, own), typed_of[run.name]))
        elif path.is_dir() and (state := read_state(RunFolder(path))) is not None:
            word = "killed" if state.state == "running" else state.state
            same = {name: getattr(state, name) for name in _FROM_STATE}
            axes = {key: value for key, value in state.overrides.items() if key not in _PLACES}
            run = _with_details(Run(name=path.name, state=word, axes=axes, **same), RunFolder(path))
            found.setdefault(path.resolve(), (run, axes))
        else:
            raise TableError(
                f"{path} is neither a run nor a sweep: give out= folders of `slowpaths train`, `evaluate` or a sweep"
            )
    differing = differing_keys([typed for _, typed in found.values()]) - set(_PLACES)
    return [
        replace(run, axes={key: value for key, value in typed.items() if key in differing} | dict(run.axes))
        for run, typed in found.values()
    ]


def sweep_runs(table: pa.Table) -> list[Run]:
    """Return the rows of the table of a sweep as runs."""

    def part(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        return {key[len(prefix) :]: item for key, item in row.items() if key.startswith(prefix) and item is not None}

    return [
        Run(
            name=row["cell"],
            axes=part(row, OVERRIDE_PREFIX),
            metrics=part(row, METRIC_PREFIX),
            **{name: row[name] for name in ("state", "seconds", "fingerprint", "reason")},
        )
        for row in table.to_pylist()
    ]


def averages(runs: Sequence[Run]) -> list[Average]:
    """Average the metrics of finished runs over their seeds; a run and its copies count once.

    The interval is Student's, mean +- t(.975, n - 1) s / sqrt(n), from three runs on.

    Example:
        >>> runs = [Run(name=s, state="done", axes={"seed": s}, metrics={"f1": 0.4 + int(s) / 10}) for s in "012"]
        >>> [(a.num, round(a.mean, 3), round(a.low, 2), round(a.high, 2)) for a in averages(runs)]
        [(3, 0.5, 0.25, 0.75)]
    """
    groups: dict[tuple[tuple[str, str], ...], list[Run]] = {}
    known: set[str] = set()
    for run in runs:
        if run.state == "done" and run.fingerprint not in known:
            known |= {run.fingerprint} - {""}
            system = tuple(sorted((key, value) for key, value in run.axes.items() if key not in REPLICATES))
            groups.setdefault(system, []).append(run)
    return [
        _average(dict(system), metric, [run.metrics[metric] for run in members if metric in run.metrics])
        for system, members in sorted(groups.items())
        for metric in sorted({name for run in members for name in run.metrics})
    ]


def runs_table(runs: Sequence[Run], last: Sequence[str]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of all runs: name, state, axes, metrics and some last fields."""
    axes = sorted({key for run in runs for key in run.axes})
    metrics = sorted({name for run in runs for name in run.metrics})
    rows = []
    for run in runs:
        ending = [getattr(run, name) for name in last]
        rows.append([run.name, run.state, *map(run.axes.get, axes), *map(run.metrics.get, metrics), *ending])
    return ["run", "state", *axes, *metrics, *last], rows


def averages_table(means: Sequence[Average]) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of averages."""
    keys = sorted({key for item in means for key in item.system})
    rows = [[*map(item.system.get, keys), item.metric, item.num, item.mean, item.low, item.high] for item in means]
    return [*keys, "metric", "runs", "mean", "low", "high"], rows


def comparison_markdown(runs: Sequence[Run], *, title: str) -> str:
    """Return all runs and the averages over seeds as Markdown."""
    rounded = [replace(run, seconds=run.seconds and round(run.seconds)) for run in runs]
    lines = [f"# {title}", "", markdown_table(*runs_table(rounded, ("seconds", "reason"))), ""]
    if means := averages(runs):
        note = "The interval is Student's, for the mean of that many runs; fewer than three have none."
        lines += ["## Mean over seeds", "", note, "", markdown_table(*averages_table(means)), ""]
    return "\n".join(lines)


def _average(system: Mapping[str, str], metric: str, values: Sequence[float]) -> Average:
    num, mean, low, high = len(values), float(np.mean(values)), None, None
    if num >= _FEWEST:
        half = float(stats.t.ppf(0.975, num - 1) * np.std(values, ddof=1) / math.sqrt(num))
        low, high = mean - half, mean + half
    return Average(system=system, metric=metric, num=num, mean=mean, low=low, high=high)


def _with_details(run: Run, folder: RunFolder) -> Run:
    curves = read_curves(folder.history)
    for path, is_weak in ((folder.figures / "confusion.csv", False), (folder.confusion, True)):
        if confusion := read_confusion(path):
            return replace(run, curves=curves, confusion=confusion, is_weak=is_weak)
    return replace(run, curves=curves)
