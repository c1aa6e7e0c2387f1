"""The folder of a sweep: one folder a cell, what was planned, and one table of all cells.

`sweep.json` holds the plan: every cell that was ever asked for. Each cell writes its own state; the tables are made
from plan and states after every cell, so that a sweep that was killed can be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from slowpaths.core.errors import TableError
from slowpaths.store.below import Below
from slowpaths.store.lock import hold
from slowpaths.store.run_folder import RunFolder, RunState
from slowpaths.store.tables import atomic_write, write_json, write_text

OVERRIDE_PREFIX = "override_"
METRIC_PREFIX = "metric_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Describe one cell of a sweep."""

    name: str  # name of its folder, made of what sets it apart from the other cells
    overrides: tuple[str, ...]  # all its overrides but `out=`, as they would be typed to run it alone
    axes: Mapping[str, str]  # what sets it apart: key -> value
    fingerprint: str  # of everything that decides its result

    @property
    def typed(self) -> dict[str, str]:
        """Return all its overrides but `out=`: key -> value."""
        pairs = (text.lstrip("+~").partition("=") for text in self.overrides)
        return {key: value.strip("'\"") for key, _, value in pairs}


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """Read and write the folder of a sweep."""

    path: Path  # the folder

    plan_file = Below("sweep.json")  # every cell that was ever asked for
    table_file = Below("sweep.parquet")  # one row a cell
    report_file = Below("sweep.md")  # the table in words

    def plan(self) -> list[Cell]:
        """Read the cells that were asked for, by name; none where there is no plan.

        Raises:
            TableError: If the file is something else.
        """
        try:
            cells = json.loads(self.plan_file.read_text())["cells"]
            return [Cell(overrides=tuple(cell.pop("overrides")), **cell) for cell in cells]
        except FileNotFoundError:
            return []
        except (ValueError, OSError, TypeError, KeyError) as error:
            raise TableError(f"{self.plan_file} is not the plan of a sweep: choose another out=") from error

    def add(self, cells: Iterable[Cell]) -> None:
        """Add cells to the plan; of those that are there already today's overrides count."""
        with self.lock("plan", wait=True):
            known = {cell.name: cell for cell in self.plan()} | {cell.name: cell for cell in cells}
            write_json(self.plan_file, {"cells": [asdict(known[name]) for name in sorted(known)]})

    def axes(self) -> dict[str, dict[str, str]]:
        """Return what sets each cell apart from the others, by name: what was swept, and what else differs.

        Several commands may have filled the folder, each with values that were fixed in it.
        """
        cells = self.plan()
        differing = differing_keys([cell.typed for cell in cells])
        return {
            cell.name: {key: value for key, value in cell.typed.items() if key in differing} | dict(cell.axes)
            for cell in cells
        }

    def run(self, cell: Cell) -> RunFolder:
        """Return the folder of a cell; it lies in that of the sweep, wherever that was moved to."""
        return RunFolder(self.path / cell.name)

    def states(self) -> list[tuple[Cell, RunState | None]]:
        """Return every cell of the plan, by name, with where it stands; None where it was never started."""
        states = []
        for cell in self.plan():
            state = self.run(cell).state()
            states.append((cell, state if state and state.fingerprint == cell.fingerprint else None))
        return states

    def lock(self, name: str, *, wait: bool = False) -> AbstractContextManager[bool]:
        """Hold a lock of this sweep; see `store.lock.hold`."""
        return hold(self.path / ".locks" / name, wait=wait)

    def write_tables(self, render: Callable[[pa.Table], str]) -> None:
        """Write `sweep.parquet` and `sweep.md`, whose words `render` makes, from the plan and the states."""
        with self.lock("tables", wait=True):
            table = self.table()
            with atomic_write(self.table_file) as stream:
                pq.write_table(table, stream, compression="zstd")
            write_text(self.report_file, render(table))

    def table(self) -> pa.Table:
        """Return one row a cell: name, state, fingerprint, seconds, reason, overrides and metrics."""
        states, axes_of = self.states(), self.axes()
        axes = sorted({key for own in axes_of.values() for key in own})
        metrics = sorted({name for _, state in states if state for name in state.metrics})
        columns: dict[str, pa.Array] = {
            "cell": pa.array([cell.name for cell, _ in states], pa.string()),
            "state": pa.array([self._word(cell, state) for cell, state in states], pa.string()),
            "fingerprint": pa.array([cell.fingerprint for cell, _ in states], pa.string()),
            "seconds": pa.array([state.seconds if state else None for _, state in states], pa.float64()),
            "reason": pa.array([state.reason if state else "" for _, state in states], pa.string()),
        }
        columns |= {
            OVERRIDE_PREFIX + key: pa.array([axes_of[cell.name].get(key) for cell, _ in states], pa.string())
            for key in axes
        }
        columns |= {
            METRIC_PREFIX + name: pa.array(
                [state.metrics.get(name) if state else None for _, state in states], pa.float64()
            )
            for name in metrics
        }
        return pa.table(columns)

    def _word(self, cell: Cell, state: RunState | None) -> str:
        if state is None:
            return "waiting"
        if state.state != "running":
            return state.state
        with self.lock(cell.name) as is_free:
            return "killed" if is_free else "running"


def differing_keys(typed: Sequence[Mapping[str, str]]) -> set[str]:
    """Return the keys that have not the same value everywhere.

    Example:
        >>> sorted(differing_keys([{"loss": "gce", "seed": "0"}, {"loss": "gce", "seed": "1", "model": "tiny"}]))
        ['model', 'seed']
    """
    keys = {key for one in typed for key in one}
    return {key for key in keys if len({one.get(key) for one in typed}) > 1}
