"""The report as Markdown: accuracy and usefulness in one table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from slowpaths.evaluation.measure import Measure, Table
from slowpaths.evaluation.measures import TABLES

if TYPE_CHECKING:
    from slowpaths.evaluation.report import Report

_TITLES = {
    "accuracy": "accuracy",
    "calibration": "accuracy: confidence",
    "usefulness": "usefulness",
    "mining": "mining",
    "spotting": "mining: moments",
}


def to_markdown(report: Report, *, figures: Iterable[str]) -> str:
    """Return the report.

    Args:
        report: What was measured.
        figures: Names of the figures drawn.
    """
    measures = report.measures
    lines = ["# Evaluation", ""]
    lines += [f"- {note}" for note in report.notes] + [""]
    lines += [
        "| side | measure | value | 95 % interval | chance | constant | n | what it means |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(item) for item in measures if not item.reason]
    lines += [
        "",
        "Chance is what guessing gets: every stroke alike, clips in random order, the same answers with confidence "
        "shuffled, all footage watched. Constant is what the same answer gets every time: the most frequent class, or "
        "the best there is. Intervals come from leaving out one match at a time (jackknife, Student's t).",
        "",
    ]
    gone = [item for item in measures if item.reason]
    if gone:
        lines += ["## Not measured", "", *(f"- {item.name}: not measured: {item.reason}." for item in gone), ""]
    for spec in TABLES:
        if spec.title and report.tables.get(spec.name):
            lines += [f"## {spec.title}", "", *_table(report.tables[spec.name]), ""]
    lines += ["## Figures", "", *(f"![{name}](figures/{name}.png)" for name in figures), ""]
    lines += ["## Made by", "", "```", report.command, "```", ""]
    return "\n".join(lines)


def number(value: float | str | None, *, digits: int = 3) -> str:
    """Return a number for a reader: three decimals below 100, whole ones above, "" for nothing.

    Example:
        >>> number(0.25), number(1234.5), number(7), number(None)
        ('0.250', '1234', '7', '')
    """
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, int):
        return str(value)
    return f"{value:.{digits}f}" if abs(value) < 100 else f"{value:.0f}"


def escape(text: str) -> str:
    r"""Return text that cannot break a Markdown table or become markup.

    Example:
        >>> escape("a|b<i>")
        'a\\|b&lt;i&gt;'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("|", "\\|").replace("\n", " ")


def _row(item: Measure) -> str:
    interval = f"{number(item.low)} to {number(item.high)}" if item.low is not None else ""
    unit = f" {item.unit}" if item.unit else ""
    cells = [
        _TITLES[item.side],
        item.name,
        number(item.value) + unit,
        interval,
        number(item.chance),
        number(item.constant),
        str(item.num),
        item.meaning,
    ]
    return f"| {' | '.join(cells)} |"


def _table(table: Table) -> list[str]:
    names = list(table[0])
    lines = [f"| {' | '.join(name.replace('_', ' ') for name in names)} |", "|" + "---|" * len(names)]
    return lines + [f"| {' | '.join(number(row[name]) for name in names)} |" for row in table]
