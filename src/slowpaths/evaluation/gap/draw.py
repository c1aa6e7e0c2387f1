"""Figures of a gap study, each drawn from its table; markers and dashes differ, so that grey is enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from slowpaths.evaluation.figures.draw import BLUE, CYCLE, GREEN, GREY, ORANGE, PINK, new_figure, readable
from slowpaths.evaluation.gap.choosing import STRATEGIES
from slowpaths.evaluation.measure import Table

PANELS = (
    "profile_fidelity", "ranking_agreement", "retrieval_ap", "wss95", "decision_utility", "prevalence_error",
    "auto_accept", "ece",
)  # fmt: skip
"""Measures that have a panel, in this order; those that were not measured have none."""
_MARKERS = ("o", "^", "s", "D", "v", "P", "X")
_DASHES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)))
_COLOURS = (*CYCLE, "#56B4E9", "#D55E00", "#000000")


def draw_systems(table: Table) -> Figure:
    """Draw accuracy against every measure, one point a run."""
    names = [name for name in PANELS if _varies([row.get(name, np.nan) for row in table])]
    kinds = sorted({str(row["kind"]) for row in table})
    figure, axes = _panels(len(names))
    for name, own in zip(names, axes, strict=False):
        for kind, marker, colour in zip(kinds, _MARKERS, _COLOURS, strict=False):
            rows = [row for row in table if row["kind"] == kind]
            points = [[float(row[key]) for row in rows] for key in ("accuracy", name)]
            own.scatter(
                *points, s=16, marker=marker, color=colour, edgecolor="white", linewidth=0.4, label=readable(kind)
            )
        own.set_title(_title(name), fontsize=9)
        own.set_xlabel("accuracy")
    if len(kinds) > 1:
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(kinds))
    return figure


def draw_gap(table: Table) -> Figure:
    """Draw tau with what noise allows, the gap, and what choosing by accuracy costs, where there is a tau."""
    table = [row for row in table if np.isfinite(float(row["tau"]))] or table
    figure, axes = new_figure(width=9.0, height=1.2 + 0.24 * len(table), columns=3)
    places = np.arange(len(table))[::-1]
    _dots(axes[0], table, places, "tau", BLUE, "o", "order by accuracy")
    _dots(axes[0], table, places, "ceiling", GREY, "|", "what noise allows", has_interval=False)
    axes[0].set(xlabel="Kendall's tau", title="Agreement of the orders")
    _dots(axes[1], table, places, "gap", ORANGE, "s", "gap")
    axes[1].axvline(0, color="black", linewidth=0.8)
    axes[1].set(xlabel="share of what noise allows", title="What is missing")
    _dots(axes[2], table, places, "regret", PINK, "D", "by accuracy")
    _dots(axes[2], table, places, "self_regret", GREEN, "x", "by the measure", has_interval=False)
    axes[2].set(xlabel="0: the best, 1: a middling system", title="Cost of choosing")
    for number, own in enumerate(axes):
        own.set_yticks(places, [readable(str(row["measure"])) for row in table] if number == 0 else [])
        own.set_ylim(-0.7, len(table) - 0.3)
    figure.legend(loc="outside lower center", ncols=5)
    return figure


def draw_explained(table: Table) -> Figure:
    """Draw how much of each measure accuracy explains, and how much the structure of errors adds."""
    figure, (axes,) = new_figure(width=6.0, height=1.2 + 0.26 * len(table))
    places = np.arange(len(table))[::-1]
    for key, colour, shift, label in (
        ("r2_accuracy", GREY, 0.2, "accuracy"),
        ("r2_structure", BLUE, -0.2, "and kind of errors"),
    ):
        axes.barh(places + shift, [max(float(row[key]), 0.0) for row in table], height=0.38, color=colour, label=label)
    axes.set_yticks(places, [readable(str(row["measure"])) for row in table])
    axes.set(xlim=(0, 1), ylim=(-0.7, len(table) - 0.3), xlabel="variance explained (R2 on other matches; 0: none)")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def draw_editing(table: Table) -> Figure:
    """Draw every measure against how far errors were edited, at the same accuracy."""
    columns = [name for name in table[0] if name not in ("edit", "strength", "accuracy_top1")]
    of = {column.split("_", 1)[1]: column for column in columns}
    names = [name for name in PANELS if name in of and _varies([row[of[name]] for row in table])]
    figure, axes = _panels(len(names))
    edits = list(dict.fromkeys(str(row["edit"]) for row in table))
    for name, own in zip(names, axes, strict=False):
        for edit, dash, colour in zip(edits, _DASHES, _COLOURS, strict=False):
            rows = [row for row in table if row["edit"] == edit]
            points = [[float(row[key]) for row in rows] for key in ("strength", of[name])]
            own.plot(*points, color=colour, linestyle=dash, linewidth=1.4, label=edit)
        own.set_title(_title(name), fontsize=9)
        own.set_xlabel("share of errors edited")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def draw_choosing(table: Table) -> Figure:
    """Draw what the choice of a system costs against the number of labels."""
    figure, axes = new_figure(width=7.0, height=3.4, columns=2)
    shown = (
        ("accuracy", "accuracy", "points of accuracy lost", 100.0),
        ("profile", "profile", "0: best profiles, 1: middling", 1.0),
    )
    for own, (key, aim, label, scale) in zip(axes, shown, strict=True):
        for strategy, dash, colour in zip(STRATEGIES, _DASHES, CYCLE, strict=False):
            for chosen_for, width in (("accuracy", 1.4), ("profile", 2.4)):
                rows = [row for row in table if row["strategy"] == strategy and row["chosen for"] == chosen_for]
                if not rows or key not in rows[0] or chosen_for not in ("accuracy", aim):
                    continue
                points = [float(row["labels"]) for row in rows], [scale * float(row[key]) for row in rows]
                more = "" if chosen_for == "accuracy" else ", by profiles"
                own.plot(*points, color=colour, linestyle=dash, linewidth=width, label=strategy + more)
        own.set(xlabel="labelled clips", ylabel=label, ylim=(0, None))
        own.legend(loc="upper right", fontsize=7)
    axes[0].set_title("Looking for the most accurate")
    axes[1].set_title("Looking for the best stroke profiles")
    return figure


FIGURES: dict[str, Callable[[Table], Figure]] = {
    "systems": draw_systems,
    "gap": draw_gap,
    "explained": draw_explained,
    "editing": draw_editing,
    "choosing": draw_choosing,
}


def to_numbers(table: Table) -> Table:
    """Return a table as it was before it was written as text: numbers as numbers, nothing as NaN."""
    return [{key: _number(value) for key, value in row.items()} for row in table]


def _number(value: float | str) -> float | str:
    try:
        return float(value or "nan")
    except ValueError:
        return value


def _panels(num: int) -> tuple[Figure, list[Axes]]:
    columns = min(4, max(num, 1))
    rows = -(-max(num, 1) // columns)
    figure, axes = new_figure(width=0.6 + 2.2 * columns, height=0.6 + 2.1 * rows, rows=rows, columns=columns)
    for spare in axes[num:]:
        spare.set_visible(False)
    return figure, axes


def _varies(values: Sequence[float | int | str]) -> bool:
    """Return whether there is anything to see: two values or more, all but the unknown ones."""
    return len({float(value) for value in values if np.isfinite(float(value))}) > 1


def _title(name: str) -> str:
    is_lower = name in ("prevalence_error", "ece")
    return readable(name) + (" (lower is better)" if is_lower else "")


def _dots(
    axes: Axes,
    table: Table,
    places: np.ndarray,
    key: str,
    colour: str,
    marker: str,
    label: str,
    *,
    has_interval: bool = True,
) -> None:
    values = np.array([float(row[key]) for row in table])
    axes.plot(values, places, marker=marker, linestyle="none", color=colour, markersize=5, label=label)
    if has_interval:
        low, high = ([float(row[f"{key}_{end}"]) for row in table] for end in ("low", "high"))
        axes.hlines(places, low, high, color=colour, linewidth=1)
