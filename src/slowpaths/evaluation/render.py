"""The report as Markdown: accuracy and usefulness in one table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from slowpaths.core.text import markdown_table
from slowpaths.evaluation.measure import Measure
from slowpaths.evaluation.measures import SPECS, TABLES

if TYPE_CHECKING:
    from slowpaths.evaluation.report import Report

_TITLES = {
    "accuracy": "accuracy",
    "calibration": "accuracy: confidence",
    "usefulness": "usefulness",
    "mining": "mining",
    "spotting": "mining: moments",
}
_COLUMNS = ("side", "measure", "value", "95 % interval", "chance", "constant", "n", "what it means")
_LEGEND = (
    "Chance is what guessing gets, constant is what the same answer gets every time; both are named below. Intervals "
    "come from leaving out one match at a time (jackknife, Student's t)."
)


def to_markdown(report: Report, *, figures: Iterable[str]) -> str:
    """Return the report with the named figures."""
    rows = [_row(item) for item in report.measures if not item.reason]
    lines = ["# Evaluation", "", *(f"- {note}" for note in report.notes), ""]
    lines += [markdown_table(_COLUMNS, rows), "", _LEGEND, "", *_baselines({row[1] for row in rows}), ""]
    if gone := [f"- {item.name}: not measured: {item.reason}." for item in report.measures if item.reason]:
        lines += ["## Not measured", "", *gone, ""]
    for spec in TABLES:
        if spec.title and report.tables.get(spec.name):
            table = report.tables[spec.name]
            columns = [name.replace("_", " ") for name in table[0]]
            cells = [[number(row[name]) for name in table[0]] for row in table]
            lines += [f"## {spec.title}", "", markdown_table(columns, cells), ""]
    lines += ["## Figures", "", *(f"![{name}](figures/{name}.png)" for name in figures), ""]
    lines += ["## Made by", "", "```", report.command, "```", ""]
    return "\n".join(lines)


def number(value: float | str | None) -> str:
    """Return a number for a reader: three decimals below 100, whole ones above, "" for nothing; no text is markup.

    Example:
        >>> number(0.25), number(1234.5), number(7), number(None), number("a<i>")
        ('0.250', '1234', '7', '', 'a&lt;i&gt;')
    """
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if isinstance(value, str):
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if isinstance(value, int):
        return str(value)
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"


def interval_of(item: Measure) -> str:
    """Return the interval of a measure in words, "" where it has none."""
    if item.low is None:
        return ""
    return f"{number(item.low)} or more" if item.high is None else f"{number(item.low)} to {number(item.high)}"


def _row(item: Measure) -> list[str]:
    value = f"{number(item.value)} {item.unit}".rstrip()
    baselines = [number(item.chance), number(item.constant)]
    return [_TITLES[item.side], item.name, value, interval_of(item), *baselines, str(item.num), item.meaning]


def _baselines(shown: set[str]) -> list[str]:
    """Return what guessing and the same answer are for the measures shown."""
    measures: dict[str, list[str]] = {}
    for spec in SPECS:
        if spec.baseline and spec.name in shown:
            measures.setdefault(spec.baseline, []).append(spec.name)
    named = {text: zip(("chance", "constant"), text.split("; "), strict=False) for text in measures}
    return [
        f"- {', '.join(names)}: {'; '.join(f'{kind} is {what}' for kind, what in named[text] if what)}."
        for text, names in measures.items()
    ]
