"""Tables that a person wrote, column by column, with the place of every value so that an error can name it."""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from slowpaths.core.errors import TableError
from slowpaths.core.text import unguarded

Source = Path | str | pa.Table
Sources = Source | Sequence[Source]
"""One table, or several whose rows are taken together."""
EMPTY = frozenset({"", "na", "nan", "none", "null", "unknown"})
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_TRUE, _FALSE = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Hold a table as columns and remember where each row stood."""

    name: str  # name of the file, for errors
    places: list[str]  # where each row stands (N,): "line 7" of a CSV, "row 7" of a Parquet file
    values: dict[str, list[Any]]  # column name -> values (N,); text in a CSV, anything in a Parquet file
    said: Mapping[bytes, bytes] = field(default_factory=dict)  # of the whole table: metadata of a Parquet file

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def require(self, names: Iterable[str]) -> None:
        """Check that columns are there.

        Raises:
            TableError: If one is missing; names the nearest column there is.
        """
        for name in names:
            if name not in self.values:
                same = [column for column in self.values if column.strip().lower() == name]
                near = same or difflib.get_close_matches(name, list(self.values), n=1, cutoff=0.5)
                hint = f"; rename '{near[0]}'?" if near else ""
                there = ", ".join(self.values) or "none"
                raise TableError(f"{self.name} has no column '{name}' (it has {there}){hint}")

    def error(self, row: int, column: str, problem: str) -> TableError:
        """Return the error for one value, with its line and column."""
        return TableError(f"{self.name} {self.places[row]}, column {column}: {problem}")

    def texts(self, name: str) -> list[str]:
        """Return a column as stripped text, "" where empty; all "" where there is no such column."""
        if name not in self.values:
            return [""] * len(self)
        return ["" if is_empty(value) else str(value).strip() for value in self.values[name]]

    def choices(self, name: str, known: Sequence[str], what: str, *, is_required: bool = False) -> list[str]:
        """Return a column of texts that are one of a few known ones ("a view"), or "" where that is not refused.

        Raises:
            TableError: If a value is none of them; names the nearest ones.
        """
        texts = self.texts(name)
        for row, text in enumerate(texts):
            if not text and is_required:
                raise self.error(row, name, f"is empty: give {what}")
            if text and text not in known:
                wanted = text.lower().replace(" ", "_").replace("-", "_")
                near = " or ".join(difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)) or ", ".join(known)
                raise self.error(row, name, f"'{text}' is not {what}; nearest: {near}")
        return texts

    def numbers(self, name: str, *, unit: str = "") -> np.ndarray:
        """Return a column as float64 (N,), NaN where empty or where there is no such column.

        Raises:
            TableError: If a value is no finite number.
        """
        values = self.values.get(name, [None] * len(self))
        try:  # the fast way, where all of them are numbers or None
            numbers = np.array(values, dtype=np.float64)
        except (TypeError, ValueError):
            numbers = np.array([np.nan if is_empty(value) else _number(value) for value in values])
        for row in np.flatnonzero(np.isinf(numbers)).tolist():
            of_unit = f" of {unit}" if unit else ""
            raise self.error(row, name, f"'{values[row]}' is not a number{of_unit}")
        return numbers

    def flags(self, name: str) -> list[bool | None]:
        """Return a column of yes and no, None where empty or unknown.

        Raises:
            TableError: If a value is neither.
        """
        texts = [text.lower() for text in self.texts(name)]
        for row, text in enumerate(texts):
            if text and text not in _TRUE | _FALSE:
                said = self.texts(name)[row]
                raise self.error(row, name, f"'{said}' is neither 1 nor 0 (leave it empty where it is not known)")
        return [text in _TRUE if text else None for text in texts]


def _number(value: Any) -> float:
    """Return a number, infinity for what is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.inf
    return number if math.isfinite(number) else math.inf


def is_empty(value: Any) -> bool:
    """Return whether a value says nothing: None, NaN, or a text such as "" or "unknown"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().lower() in EMPTY


def read_columns(source: Source) -> Columns:
    """Read a file that ends in .csv, .parquet or .pq, or take an Arrow table.

    Raises:
        TableError: If it is missing, unreadable or of another kind.
    """
    if isinstance(source, pa.Table):
        return _from_table(source, "the table")
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet", ".pq"):
        raise TableError(f"{path} is neither a .csv nor a .parquet file: convert it first")
    if not path.is_file():
        raise TableError(f"{path} does not exist: check the path")
    if suffix == ".csv":
        return _read_csv(path)
    try:
        return _from_table(pq.read_table(path), path.name)
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{path} is not a readable Parquet file: write it again") from error


@lru_cache(maxsize=4096)
def normal_path(text: str) -> str:
    r"""Return a relative path with forward slashes and without a leading `./`.

    Example:
        >>> normal_path(".\\day1\\a.mp4")
        'day1/a.mp4'
    """
    return str(PurePosixPath(text.replace("\\", "/")))


def listed(sources: Sources) -> list[Source]:
    """Return one table, or several, as a list."""
    return [sources] if isinstance(sources, (Path, str, pa.Table)) else list(sources)


def read_all(sources: Sources, *, video: str | Sequence[str] = "video") -> list[Columns]:
    """Read one table, or several, none of which speaks of a video of another one.

    Args:
        sources: The tables, as for `read_columns`.
        video: Columns that may name the videos; the first one that is there does.

    Raises:
        TableError: As for `read_columns`, and if there is none, or two have rows of one video.
    """
    several = listed(sources)
    if not several:
        raise TableError("an empty list holds no table: name one or more")
    if len(several) == 1:
        return [read_columns(several[0])]
    # full paths: files of two folders are often called the same
    tables = [
        replace(columns, name=columns.name if isinstance(source, pa.Table) else str(source))
        for source, columns in ((source, read_columns(source)) for source in several)
    ]
    first: dict[str, int] = {}
    for number, columns in enumerate(tables):
        name = next((key for key in ([video] if isinstance(video, str) else video) if key in columns), "")
        for text in (normal_path(text) for text in columns.texts(name) if text):
            if first.setdefault(text, number) != number:
                others = tables[first[text]].name
                raise TableError(f"{others} and {columns.name} both have rows of {text}: leave them out of one")
    return tables


def _from_table(table: pa.Table, name: str) -> Columns:
    places = [f"row {number}" for number in range(1, table.num_rows + 1)]
    values = {}
    for key in table.column_names:  # other tools write text as bytes
        cells = table[key].to_pylist()
        values[key] = [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell for cell in cells]
    return Columns(name=name, places=places, values=values, said=table.schema.metadata or {})


def _read_csv(path: Path) -> Columns:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            for mark, marks in _SEPARATORS.items():
                if len(header) == 1 and mark in header[0]:
                    raise TableError(f"{path.name} is separated by {marks}: save it with commas")
            twice = [name for name in header if header.count(name) > 1]
            if twice:
                raise TableError(f"{path.name} line 1: the column '{twice[0]}' stands there twice, rename one")
            rows = {f"line {reader.line_num}": row for row in reader if any(cell.strip() for cell in row)}
            for place, row in rows.items():
                if len(row) != len(header):
                    problem = f"{len(row)} values for {len(header)} columns; quote values that hold a comma"
                    raise TableError(f"{path.name} {place}: {problem}")
    except UnicodeDecodeError as error:
        raise TableError(f"{path.name} is not UTF-8 text: save it as UTF-8 CSV") from error
    except csv.Error as error:
        raise TableError(f"{path.name} is not a readable CSV file ({error}): save it again") from error
    values = {name: [unguarded(row[index]) for row in rows.values()] for index, name in enumerate(header)}
    return Columns(name=path.name, places=list(rows), values=values)
