"""Charts described by a few words over a table: bars, lines and scatters in panels of the same axes, and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.text import did_you_mean
from slowpaths.evaluation.figures.draw import CYCLE, GREY, new_figure, readable
from slowpaths.evaluation.measure import Table

Kind = Literal["bars", "lines", "scatter", "table", "gap"]
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "--", ":", "-.")
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++", "oo")  # told apart in grey
_MOST_COLUMNS = 4  # panels beside each other
_HEAD_WIDTH = 16  # letters of a head of a table to a line
_MAX_TICKS = 8  # places of a logarithmic axis that are all written down
_LARGE = 10  # numbers from which on decimals say nothing
_COLOURS = (*CYCLE, "#56B4E9", "#D55E00", "#000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Describe a chart of a table.

    Args:
        table: The table, a CSV file below the folder of the experiment.
        title: What it shows, one line.
        caption: What to read in it.
        command: What makes the table.
        kind: bars, lines or scatter; table, numbers with their intervals, a column a value of x and a row a value of
            series; or gap, the figure that a gap study draws of a table of this name, which needs none of the keys
            below.
        x: Column of the horizontal axis.
        y: Column of the vertical axis, numbers.
        low: Column of the lower end of intervals; none where "".
        high: Column of their upper end.
        series: Column whose values are told apart by colour and mark; one series where "".
        panel: Column whose values get a panel each; one panel where "".
        mark: Column of a number; where it is above 0 the point of lines or a scatter has a ring.
        baseline: Column of what has to be beaten, drawn as a grey dash at each place.
        where: Column -> values of the rows that are drawn; all where not given.
        x_label: Words at the horizontal axis; the column where "".
        y_label: Words at the vertical axis; the column where "".
        y_range: Both ends of the vertical axis; as needed where empty.
        is_log: Whether the horizontal axis is logarithmic.

    Raises:
        UsageError: If a column is missing, intervals have one end, or a range has not two.
    """

    table: str
    title: str
    caption: str
    command: str
    kind: Kind = "bars"
    x: str = ""
    y: str = ""
    low: str = ""
    high: str = ""
    series: str = ""
    panel: str = ""
    mark: str = ""
    baseline: str = ""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    x_label: str = ""
    y_label: str = ""
    y_range: tuple[float, ...] = ()
    is_log: bool = False

    def __post_init__(self) -> None:
        if self.kind != "gap" and not (self.x and self.y):
            raise UsageError(f"kind={self.kind} needs the columns of both axes: give x and y")
        if bool(self.low) != bool(self.high):
            raise UsageError("low and high are the two ends of an interval: give both or none")
        if len(self.y_range) not in (0, 2):
            raise UsageError(f"y_range={list(self.y_range)} has not two ends: give such as [0,1]")

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that are read."""
        named = (self.x, self.y, self.low, self.high, self.series, self.panel, self.mark)
        named += (self.baseline, *self.where)
        return tuple(dict.fromkeys(name for name in named if name))

    def rows(self, table: Table) -> Table:
        """Return the rows that are drawn.

        Raises:
            TableError: If a column, a value that `where` takes, or every row is missing.
        """
        known = list(table[0]) if table else []
        for name in self.columns:
            if name not in known:
                hint = did_you_mean(name, known, otherwise=f"it has {', '.join(known)}")
                raise TableError(f"{self.table} has no column '{name}'; {hint}")
        for name, values in self.where.items():
            held = {str(row[name]) for row in table}
            for value in (value for value in values if value not in held):
                hint = did_you_mean(value, held, otherwise=f"it has {', '.join(sorted(held))}")
                raise TableError(f"{self.table} has no row with '{value}' in '{name}', which `where` takes; {hint}")
        rows = [row for row in table if all(str(row[name]) in values for name, values in self.where.items())]
        rows = [row for row in rows if np.isfinite(_number(row[self.y]))]
        if not rows:
            raise TableError(f"{self.table} holds no row with a number in '{self.y}' that `where` takes")
        return rows


def cells(chart: Chart, table: Table) -> tuple[list[str], list[list[str]]]:
    """Return the heads and rows of a chart that is a table: a row a value of series, a column a value of x.

    Numbers have two decimals (none from ten on) and their interval in brackets; what is not known is empty.
    """
    rows = chart.rows(table)
    columns, names = _values(rows, chart.x), _values(rows, chart.series)
    of = {(_value(row, chart.series), _value(row, chart.x)): row for row in rows}
    return ["", *map(readable, columns)], [
        [readable(name), *(_cell(chart, of.get((name, column))) for column in columns)] for name in names
    ]


def draw_chart(chart: Chart, table: Table) -> Figure:
    """Draw a chart of bars, lines or points, whose panels share both axes; or a table."""
    if chart.kind == "table":
        return _draw_table(chart, *cells(chart, table))
    rows = chart.rows(table)
    panels, series = _values(rows, chart.panel), _values(rows, chart.series)
    places = _values(rows, chart.x)
    tall = 3.4 if chart.kind != "bars" or max(map(len, places)) <= 12 else 4.2
    columns = min(len(panels), _MOST_COLUMNS)
    lines = -(-len(panels) // columns)
    figure, axes = new_figure(width=max(6.0, 3.2 * columns), height=tall * lines, rows=lines, columns=columns)
    for spare in axes[len(panels) :]:
        spare.set_visible(False)
    axes = axes[: len(panels)]
    for one in axes[1:]:  # before anything is drawn: then all panels are as large as the largest needs
        one.sharey(axes[0])
        if chart.kind != "bars":
            one.sharex(axes[0])
    for one, panel in zip(axes, panels, strict=True):
        own = [row for row in rows if _value(row, chart.panel) == panel]
        draw = _draw_bars if chart.kind == "bars" else _draw_points
        draw(one, chart, own, series, places)
        if chart.panel:
            one.set_title(readable(panel))
        one.set_xlabel(chart.x_label or readable(chart.x))
    for one in axes[::columns]:
        one.set_ylabel(chart.y_label or readable(chart.y))
    if chart.y_range:
        axes[0].set_ylim(*chart.y_range)
    if chart.series:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper")
    figure.suptitle(chart.title, x=0.01, ha="left", fontsize=10)
    return figure


def _draw_table(chart: Chart, heads: list[str], body: list[list[str]]) -> Figure:
    texts = [[fill(cell, _HEAD_WIDTH) for cell in heads], *body]
    widths = np.array([max(len(line) for row in texts for line in row[at].split("\n")) + 2 for at in range(len(heads))])
    lines = max(cell.count("\n") + 1 for cell in texts[0])
    tall = 0.2 * (len(body) + lines) + 0.5
    figure, (axes,) = new_figure(width=0.075 * widths.sum(), height=tall)
    axes.axis("off")
    drawn = axes.table(texts, colWidths=widths / widths.sum(), loc="center", cellLoc="center", edges="horizontal")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(8)
    for (row, column), cell in drawn.get_celld().items():
        cell.set_height((lines if row == 0 else 1) / (len(body) + lines))
        cell.set_linewidth(0.8 if row == 0 else 0.2)
        if column == 0:
            cell.set_text_props(ha="left")
            cell.PAD = 0.02
    figure.suptitle(chart.title, x=0.01, ha="left", fontsize=10)
    return figure


def _cell(chart: Chart, row: Mapping[str, float | str] | None) -> str:
    if row is None:
        return ""
    value, low, high = (_number(row[name]) if name else float("nan") for name in (chart.y, chart.low, chart.high))
    interval = f" ({_short(low)} to {_short(high)})" if np.isfinite([low, high]).all() else ""
    return _short(value) + interval


def _short(value: float) -> str:
    """Return a number as the papers write it.

    Example:
        >>> _short(0.784), _short(-0.05), _short(120.4)
        ('.78', '-.05', '120')
    """
    text = f"{value:.2f}" if abs(value) < _LARGE else f"{value:.0f}"
    text = text.removeprefix("-") if not float(text) else text  # nothing has no sign
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _draw_bars(axes: Axes, chart: Chart, rows: Table, series: Sequence[str], places: Sequence[str]) -> None:
    width = 0.8 / len(series)
    for number, name in enumerate(series):
        own = [row for row in rows if _value(row, chart.series) == name]
        at = [places.index(str(row[chart.x])) + (number - (len(series) - 1) / 2) * width for row in own]
        values = [_number(row[chart.y]) for row in own]
        look = {
            "color": _COLOURS[number % len(_COLOURS)],
            "hatch": _HATCHES[number % len(_HATCHES)],
            "edgecolor": "white",
        }
        axes.bar(at, values, width=0.92 * width, yerr=_errors(chart, own), label=readable(name), capsize=2, **look)
        if chart.baseline:
            baselines = [_number(row[chart.baseline]) for row in own]
            axes.hlines(baselines, np.subtract(at, width / 2), np.add(at, width / 2), colors="black", linestyles="--")
    axes.set_xticks(range(len(places)), [readable(place) for place in places])
    if max(map(len, places)) > 6 and len(places) > 2:
        axes.tick_params(axis="x", labelrotation=30)
        for text in axes.get_xticklabels():
            text.set_horizontalalignment("right")


def _draw_points(axes: Axes, chart: Chart, rows: Table, series: Sequence[str], places: Sequence[str]) -> None:
    for number, name in enumerate(series):
        own = sorted((row for row in rows if _value(row, chart.series) == name), key=lambda row: _number(row[chart.x]))
        at, values = [_number(row[chart.x]) for row in own], [_number(row[chart.y]) for row in own]
        look = {"color": _COLOURS[number % len(_COLOURS)], "marker": _MARKERS[number % len(_MARKERS)], "markersize": 4}
        line = _DASHES[number % len(_DASHES)] if chart.kind == "lines" else ""
        axes.errorbar(at, values, yerr=_errors(chart, own), label=readable(name), linestyle=line, capsize=2, **look)
        if chart.mark:
            ringed = [row for row in own if _number(row[chart.mark]) > 0]
            points = [[_number(row[column]) for row in ringed] for column in (chart.x, chart.y)]
            axes.plot(*points, linestyle="", marker="o", markersize=9, fillstyle="none", color=look["color"])
        if chart.baseline:
            axes.plot(at, [_number(row[chart.baseline]) for row in own], color=GREY, linestyle="--")
    if chart.is_log:
        axes.set_xscale("log")
        if len(places) <= _MAX_TICKS:
            axes.set_xticks([_number(place) for place in places], places)
            axes.minorticks_off()


def _errors(chart: Chart, rows: Table) -> np.ndarray | None:
    """Return how far intervals reach below and above each value (2, rows)."""
    if not chart.low:
        return None
    values, low, high = (np.array([_number(row[name]) for row in rows]) for name in (chart.y, chart.low, chart.high))
    return np.maximum(np.nan_to_num(np.array([values - low, high - values])), 0.0)


def _values(rows: Table, column: str) -> list[str]:
    """Return the values of a column in order of appearance; one empty value where there is no column."""
    return list(dict.fromkeys(_value(row, column) for row in rows))


def _value(row: Mapping[str, float | str], column: str) -> str:
    return str(row[column]) if column else ""


def _number(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")
