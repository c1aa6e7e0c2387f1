"""Golden tables: text cells by name of row and column, how they are written, read and compared.

Shapes:
    N: values that one summary stands for.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
_DIGITS = 12  # significant digits of a float: three more than the tightest tolerance asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Say how far two floats may lie apart; whole numbers and words must be equal.

    Args:
        relative: Allowed difference as a share of the expected value.
        absolute: Allowed difference where the expected value is near zero.
    """

    relative: float = 1e-9
    absolute: float = 1e-12

    def allows(self, expected: str, got: str) -> bool:
        """Return whether a cell is as expected."""
        if expected == got:
            return True
        if not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(got) and "." in expected + got):
            return False
        return math.isclose(float(got), float(expected), rel_tol=self.relative, abs_tol=self.absolute)


@dataclass(frozen=True, slots=True)
class Table:
    """Hold a table of text; the first column names the row and repeats no name.

    Args:
        columns: Names of the columns.
        rows: Cells, row by row.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Refuse two rows of one name, which could not be told apart in a difference."""
        names = [row[0] for row in self.rows]
        repeated = sorted({name for name in names if names.count(name) > 1})
        assert not repeated, f"rows named twice: {repeated[:5]}"

    def cells(self) -> dict[str, dict[str, str]]:
        """Return row name -> column -> cell."""
        return {row[0]: dict(zip(self.columns[1:], row[1:], strict=True)) for row in self.rows}

    def text(self) -> str:
        """Return the table as CSV."""
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([self.columns, *self.rows])
        return stream.getvalue()


def table(records: Sequence[Mapping[str, Any]], *, name: Sequence[str] = (), without: Sequence[str] = ()) -> Table:
    """Return records as a table.

    Args:
        records: Column -> value, with the same columns in each.
        name: Columns that name a row together; they become the first column. The first one where none is given.
        without: Columns left out.
    """
    columns = [key for key in (records[0] if records else ()) if key not in without]
    name = name or columns[:1]
    rest = [key for key in columns if key not in name]
    rows = [("/".join(cell(record[key]) for key in name), *(cell(record[key]) for key in rest)) for record in records]
    return Table(("/".join(name), *rest), tuple(rows))


def values(found: Mapping[str, Any]) -> Table:
    """Return name -> value as a table of two columns."""
    return table([{"name": name, "value": value} for name, value in found.items()]) if found else Table(("name",), ())


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested JSON as path -> scalar."""
    if isinstance(value, Mapping):
        parts = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        parts = [(str(number), item) for number, item in enumerate(value)]
    else:
        return {prefix: value}
    found: dict[str, Any] = {}
    for key, item in parts:
        found |= flat(item, f"{prefix}/{key}" if prefix else key)
    return found


def cell(value: Any) -> str:
    """Return a value as text; a float always shows a point, so that it is told from a whole number."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.{_DIGITS}g}"
    if "." in text or not math.isfinite(value):
        return text
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}.0{mark}{exponent}"


def summary(numbers: np.ndarray) -> dict[str, int | float]:
    """Return what stands for many numbers.

    `check` is a mean with uneven weights: values that change places change it, and it moves as little as they do.

    Args:
        numbers: The numbers (N,); those that are not finite are counted out.
    """
    numbers = np.asarray(numbers, dtype=np.float64)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    weights = 1.0 + 0.5 * np.cos(1.0 + np.arange(len(numbers)) * 2.4)  # 2.4 rad, the golden angle, repeats nothing
    known = np.isfinite(numbers)
    if not known.any():
        return {"finite": 0, "mean": math.nan, "sd": math.nan, "check": math.nan}
    kept, shares = numbers[known], weights[known] / weights[known].sum()
    return {
        "finite": int(known.sum()),
        "mean": float(kept.mean()),
        "sd": float(kept.std()),
        "check": float((kept * shares).sum()),
    }


def read_table(path: Path) -> Table:
    """Read a golden table."""
    with path.open(newline="") as stream:
        columns, *rows = csv.reader(stream)
    return Table(tuple(columns), tuple(tuple(row) for row in rows))


def compare(name: str, expected: Table, got: Table, tolerance: Tolerance) -> list[str]:
    """Return every difference between two tables, one sentence each: table, row, column, expected, got."""
    found = []
    if expected.columns[0] != got.columns[0]:
        found.append(f"{name}: rows are named by {got.columns[0]!r}, expected {expected.columns[0]!r}")
    old, new = set(expected.columns[1:]), set(got.columns[1:])
    found += [f"{name}: column {column!r} is missing" for column in expected.columns[1:] if column not in new]
    found += [f"{name}: column {column!r} is not expected" for column in got.columns[1:] if column not in old]
    shared = [column for column in expected.columns[1:] if column in new]
    before, after = expected.cells(), got.cells()
    found += [f"{name}: row {row!r} is missing" for row in before if row not in after]
    found += [f"{name}: row {row!r} is not expected" for row in after if row not in before]
    for row in (row for row in before if row in after):
        for column in shared:
            one, other = before[row][column], after[row][column]
            if not tolerance.allows(one, other):
                found.append(f"{name}: row {row!r}, column {column!r}: expected {one!r}, got {other!r}")
    if not found and (list(before), expected.columns) != (list(after), got.columns):
        found.append(f"{name}: same rows and columns in another order")
    return found


def compare_folders(expected: Path, got: Path, tolerance: Callable[[str], Tolerance]) -> list[str]:
    """Return every difference between the tables of two folders, as `compare` does.

    Args:
        expected: Folder of tables.
        got: Folder of tables.
        tolerance: Tolerance of a table, by its path without the ending.
    """
    before, after = (
        {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.csv")}
        for folder in (expected, got)
    )
    found = [f"{name}: table is missing" for name in sorted(before - after)]
    found += [f"{name}: table is not expected" for name in sorted(after - before)]
    for name in sorted(before & after):
        one, other = (read_table(folder / f"{name}.csv") for folder in (expected, got))
        found += compare(name, one, other, tolerance(name))
    return found
