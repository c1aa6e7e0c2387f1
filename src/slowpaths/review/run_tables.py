"""What runs leave behind, read for a comparison: curves, confusion and metrics, with the place of what is damaged."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from slowpaths.core.errors import TableError
from slowpaths.store.run_folder import RunFolder, RunState

_NO_CURVES = ("epoch", "step")  # columns of a history that count
_CURE = "mend it, or run that run again"


def read_state(folder: RunFolder) -> RunState | None:
    """Read where a run stands; None where nothing was started.

    Raises:
        TableError: If the file is something else, or what should be a number in it is none.
    """
    state = folder.state()
    if state is None:
        return None
    place = str(folder.state_file)
    if not (isinstance(state.metrics, Mapping) and isinstance(state.overrides, Mapping)):
        _refuse(place, "metrics or overrides are no names with values")
    for name, value in {"seconds": state.seconds, **state.metrics}.items():
        if not (isinstance(value, (int, float)) and math.isfinite(value)):
            _refuse(f"{place}, {name}", f"'{value}' is not a finite number")
    return state


def read_curves(path: Path) -> dict[str, list[float]]:
    """Read metric -> its value after each epoch, where it is finite; none where there is no file.

    Raises:
        TableError: If a value is no number; names its line and column.
    """
    curves: dict[str, list[float]] = defaultdict(list)
    for place, row in _rows(path):
        for name, text in row.items():
            if name not in _NO_CURVES and text and math.isfinite(value := _number(text, f"{place}, column {name}")):
                curves[name].append(value)
    return dict(curves)


def read_confusion(path: Path) -> dict[str, dict[str, int]]:
    """Read true stroke -> named stroke -> clips; none where there is no file.

    Raises:
        TableError: If there is no column `true`, or a count is none; names its line and column.
    """
    confusion = {}
    for place, row in _rows(path):
        if "true" not in row:
            _refuse(str(path), "there is no column 'true'")
        true = row.pop("true")
        confusion[true] = {name: _count(text, f"{place}, column {name}") for name, text in row.items()}
    return confusion


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a CSV file, each with its place; nothing where there is no file."""
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            rows = [(f"{path} line {reader.line_num}", row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{path} is not a readable CSV file ({error}): {_CURE}") from error
    for place, row in rows:
        if len(row) != len(header):
            _refuse(place, f"there are {len(row)} values for {len(header)} columns")
        yield place, dict(zip(header, row, strict=True))


def _count(text: str, place: str) -> int:
    number = _number(text, place)
    return int(number) if math.isfinite(number) and number >= 0 else _refuse(place, f"'{text}' is no count")


def _number(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        _refuse(place, f"'{text}' is not a number")


def _refuse(place: str, problem: str) -> NoReturn:
    raise TableError(f"{place}: {problem}; {_CURE}")
