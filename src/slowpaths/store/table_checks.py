"""What is checked of a table that was read, as a person or another program may have changed its file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import TableError
from slowpaths.store.schema import TableSpec

CURE = "mend it there, or run the stage that writes the table again"
_IDS = ("video_id", "shot_id", "delivery_id")  # by which the rows of tables find each other
_LONGEST_VALUE = 60  # characters of a value in a message
_WORDS = {pa.string(): "text", pa.float64(): "a number", pa.int64(): "a whole number", pa.bool_(): "true or false"}


def in_order(table: pa.Table, spec: TableSpec, *, name: str, is_whole: bool = True) -> pa.Table:
    """Return the columns of a table in the order and types of its schema, with the optional ones that it has.

    Args:
        table: A table with at least the columns of the schema.
        spec: What it should be.
        name: How to call it, the path of its file.
        is_whole: Whether it holds all rows of the file, so that an error can count them.

    Raises:
        TableError: If a value is of another type; names its column and row.
    """
    present = [column for column in spec.whole if column.name in table.column_names]
    columns = []
    for column in present:
        values = table[column.name]
        try:
            columns.append(values.cast(column.type))
        except (pa.ArrowException, ValueError) as error:
            row = next((row for row in range(len(values)) if not _fits(values.slice(row, 1), column.type)), 0)
            said = str(values[row].as_py())[:_LONGEST_VALUE]
            problem = f"'{said}' is not {_WORDS.get(column.type, 'a list of the right length')}"
            raise _error(name, row if is_whole else None, column.name, problem) from error
    return pa.Table.from_arrays(columns, schema=pa.schema(present))


def check_rows(table: pa.Table, spec: TableSpec, *, name: str, is_whole: bool = True) -> None:
    """Check the values of a table in the types of its schema; the arguments are those of `in_order`.

    Raises:
        TableError: If a value is empty or not finite that must be there, a word is none of those that can be, an id
            stands twice, or a span ends before it starts; names its column and row.
    """
    if found := _first_problem(table, spec):
        row, column, problem = found
        raise _error(name, row if is_whole else None, column, problem)


def _error(name: str, row: int | None, column: str, problem: str) -> TableError:
    place = name if row is None else f"{name} row {row + 1}"
    return TableError(f"{place}, column {column}: {problem}; {CURE}")


def _first_problem(table: pa.Table, spec: TableSpec) -> tuple[int, str, str] | None:
    """Return row, column and words for a value that cannot be; None where there is none."""
    ids = [name for name in _IDS if name in table.column_names]
    for name in (*ids, *spec.filled, *spec.words, *spec.finite):
        if table[name].null_count:
            return table[name].is_null().to_pylist().index(True), name, "is empty"
    for name, words in spec.words.items():
        for row, said in enumerate(table[name].to_pylist()):
            if said not in words:
                return row, name, f"'{said[:_LONGEST_VALUE]}' is none of {', '.join(words)}"
    for name in spec.finite:
        values = table[name].to_numpy()
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            return row, name, f"{values[row]} is not a finite number"
    if "start_s" in spec.finite:
        starts_s, ends_s = (table[name].to_numpy() for name in ("start_s", "end_s"))
        for row in np.flatnonzero(ends_s < starts_s).tolist():
            return row, "end_s", f"{ends_s[row]:g} s lies before the start at {starts_s[row]:g} s"
    if spec.key and len(table[spec.key].unique()) < table.num_rows:
        names = table[spec.key].to_pylist()
        firsts = np.unique(names, return_index=True)[1].tolist()
        row = min(set(range(len(names))) - set(firsts))
        return row, spec.key, f"'{names[row]}' stands in an earlier row, too"
    return None


def _fits(values: pa.ChunkedArray, kind: pa.DataType) -> bool:
    try:
        values.cast(kind)
    except (pa.ArrowException, ValueError):
        return False
    return True
