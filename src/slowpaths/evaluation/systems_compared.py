"""Accuracy beside usefulness of a few systems on the same deliveries: one table, one picture, one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from matplotlib.figure import Figure

from slowpaths.evaluation.figures.draw import BLUE, CYCLE, GREY, new_figure
from slowpaths.evaluation.measure import Table

ACCURACY = "top1"
USEFUL = {
    "profile_fidelity": "stroke profiles",
    "retrieval_ap": "finding a stroke",
    "decision_utility": "decisions",
}
"""Measures of usefulness that are shown, all from 0 or less to 1, with what they are good for."""
MOST_FREQUENT = "most frequent stroke"
_MARKERS = ("o", "s", "^", "D", "v")


def compare_systems(reports: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return one row a system: each measure with its interval; last, what the most frequent stroke would reach.

    Args:
        reports: System -> the `measures` of its report.

    Returns:
        Rows with `system`, and for each measure its name, `<name>_low` and `<name>_high` (NaN where there is none).
    """
    names = (ACCURACY, *USEFUL)
    rows: Table = []
    for system, measures in reports.items():
        row: dict[str, float | str] = {"system": system}
        for name in names:
            parts = {name: "value", f"{name}_low": "low", f"{name}_high": "high"}
            row |= {column: _number(measures[name][part]) for column, part in parts.items()}
        rows.append(row)
    first = next(iter(reports.values()))
    constants = {name: _number(first[name]["constant"] if name != "decision_utility" else 0.0) for name in names}
    ends = {f"{name}_{end}": float("nan") for name in names for end in ("low", "high")}
    return [*rows, {"system": MOST_FREQUENT, **constants, **ends}]


def table_lines(table: Table) -> list[list[str]]:
    """Return the cells of the table in words: value and interval."""
    return [[str(row["system"]), *(_with_interval(row, name) for name in (ACCURACY, *USEFUL))] for row in table]


def sentence(table: Table) -> str:
    """Return what the order of systems by accuracy tells of their order by usefulness, as far as intervals allow."""
    systems = [row for row in table if row["system"] != MOST_FREQUENT]
    ordered = sorted(systems, key=lambda row: -float(row[ACCURACY]))
    said = [f"By accuracy: {', '.join(str(row['system']) for row in ordered)}."]
    turned = {
        words: [
            f"{worse['system']} before {better['system']}"
            for better, worse in combinations(ordered, 2)
            if float(worse[name]) > float(better[name])
        ]
        for name, words in USEFUL.items()
    }
    if any(turned.values()):
        parts = [f"{words} put {', '.join(pairs)}" for words, pairs in turned.items() if pairs]
        said.append(f"Usefulness orders them otherwise: {'; '.join(parts)}.")
    else:
        said.append("Usefulness orders them alike.")
    if any(float(row[f"{ACCURACY}_low"]) != float(row[f"{ACCURACY}_low"]) for row in systems):
        said.append("So few matches allow no interval: the order may be luck.")
    elif any(_overlap(one, other) for one, other in combinations(systems, 2)):
        said.append("Intervals overlap: the order may be luck.")
    return " ".join(said)


def draw_systems(table: Table) -> Figure:
    """Draw accuracy against each measure of usefulness, a mark a system, with intervals both ways."""
    figure, axes = new_figure(width=9.0, height=3.4, columns=len(USEFUL))
    for one, (name, words) in zip(axes, USEFUL.items(), strict=True):
        for number, row in enumerate(table):
            is_constant = row["system"] == MOST_FREQUENT
            look = {"color": GREY if is_constant else (*CYCLE, BLUE)[number % 5], "marker": _MARKERS[number % 5]}
            errors = {"xerr": _error(row, ACCURACY), "yerr": _error(row, name)}
            one.errorbar(
                [float(row[ACCURACY])], [float(row[name])], **errors, linestyle="", label=str(row["system"]), **look
            )
        one.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="strokes named right", ylabel=words)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(table))
    return figure


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return not (
        float(one[f"{ACCURACY}_low"]) > float(other[f"{ACCURACY}_high"])
        or float(other[f"{ACCURACY}_low"]) > float(one[f"{ACCURACY}_high"])
    )


def _error(row: Mapping[str, Any], name: str) -> Sequence[Sequence[float]] | None:
    value, low, high = (float(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    return [[max(value - low, 0.0)], [max(high - value, 0.0)]] if low == low else None


def _with_interval(row: Mapping[str, Any], name: str) -> str:
    value, low, high = (float(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    if value != value:
        return "not measured"
    return f"{value:.2f}" if low != low else f"{value:.2f} ({low:.2f} to {high:.2f})"


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
