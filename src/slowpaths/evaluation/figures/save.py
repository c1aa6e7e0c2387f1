"""Tables as CSV, figures as PNG beside them, and the command that made both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from slowpaths.core.text import csv_table, markdown_table
from slowpaths.evaluation.figures import draw
from slowpaths.evaluation.measure import Table
from slowpaths.store.tables import atomic_write, write_text

FIGURES: dict[str, Callable[[Table], Figure]] = {
    "confusion": draw.draw_confusion,
    "reliability": draw.draw_reliability,
    "risk_coverage": draw.draw_risk_coverage,
    "effort": draw.draw_effort,
    "profiles": draw.draw_profiles,
    "waterfall": draw.draw_waterfall,
    "impact_error": draw.draw_impact_error,
}
INDEX_NAME = "README.md"
FORMATS = ("pdf", "svg", "png")


def save_tables(
    folder: Path,
    tables: dict[str, Table],
    *,
    command: str,
    figures: dict[str, Callable[[Table], Figure]] = FIGURES,
    formats: tuple[str, ...] = ("png",),
) -> list[str]:
    """Write every table that is not empty as CSV, draw those that have a figure, and return the names of the figures.

    What the index of an earlier run names and this one has no more is removed: a folder never mixes two runs. `command`
    is what a reader types to make them again; it is also stored inside each figure. Formats are png, svg and pdf, all
    without a date.
    """
    filled = {name: table for name, table in tables.items() if table}
    for name in _written_before(folder) - set(filled):
        for suffix in (*formats, "csv"):
            (folder / f"{name}.{suffix}").unlink(missing_ok=True)
    for name, table in filled.items():
        write_text(folder / f"{name}.csv", to_csv(table))
    drawn = [name for name in figures if name in filled]
    for name in drawn:
        with draw.styled():
            save_figure(
                figures[name](filled[name]), [folder / f"{name}.{suffix}" for suffix in formats], command=command
            )
    index = markdown_table(
        ["table", "figure"], [(f"{name}.csv", f"{name}.png" if name in drawn else "") for name in sorted(filled)]
    )
    lines = ["# Figures and tables", "", "Made by", "", "```", command, "```", "", index]
    write_text(folder / INDEX_NAME, "\n".join(lines) + "\n")
    return drawn


def _written_before(folder: Path) -> set[str]:
    """Return the names of the tables that the index of a folder lists."""
    index = folder / INDEX_NAME
    text = index.read_text(encoding="utf-8", errors="replace") if index.is_file() else ""
    return set(re.findall(r"^\| ([^|/]+)\.csv +\|", text, flags=re.MULTILINE))


def save_figure(figure: Figure, paths: Iterable[Path], *, command: str) -> None:
    """Write a figure to files, each in the format of its suffix: png, svg or pdf; the same bytes every time."""
    for path in paths:
        suffix = path.suffix.removeprefix(".")
        with atomic_write(path) as stream:
            figure.savefig(stream, format=suffix, metadata=_metadata(suffix, command))


def _metadata(suffix: str, command: str) -> dict[str, str | None]:
    """Return who made a figure, in the words of its format; without a date, that files stay the same."""
    if suffix == "png":
        return {"Software": "slowpaths", "Description": command}
    if suffix == "pdf":
        return {"Creator": "slowpaths", "Subject": command, "CreationDate": None}
    return {"Creator": "slowpaths", "Description": command, "Date": None}


def to_csv(table: Table) -> str:
    r"""Return a table as CSV text; numbers with six significant digits, NaN as nothing.

    Example:
        >>> to_csv([{"a": 1, "b": 0.25}])
        'a,b\n1,0.25\n'
    """
    return csv_table([{key: _cell(value) for key, value in row.items()} for row in table])


def _cell(value: float | str) -> float | str:
    if isinstance(value, float):
        return f"{value:.6g}" if np.isfinite(value) else ""
    return value
