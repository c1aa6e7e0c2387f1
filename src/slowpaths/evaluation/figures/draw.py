"""Figures, each drawn from its table, in one style: one size and font, colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from slowpaths.evaluation.measure import Table

# Okabe and Ito 2008, "Color Universal Design".
BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#B0B0B0"
CYCLE: tuple[str, ...] = (BLUE, ORANGE, GREEN, PINK)
DPI = 150
_MAX_LABELLED = 20  # classes whose cells of the confusion hold numbers
NUM_NAMED = 3  # curves in colour; the others stay grey, so that the eye can follow
NUM_PROFILES = 6
_RC = {
    "font.family": "DejaVu Sans",  # travels with matplotlib: the same letters on every machine
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E5E5E5",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "savefig.dpi": DPI,
    "svg.hashsalt": "slowpaths",  # the same names inside an SVG every time
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the style to figures made inside."""
    with matplotlib.rc_context(_RC):
        yield


def new_figure(
    *, width: float = 6.0, height: float = 4.0, rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """Return a figure (sizes in inches) with its axes in reading order."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).ravel())


def readable(name: str) -> str:
    """Return a class name for an axis.

    Example:
        >>> readable("late_cut+square_cut")
        'late cut / square cut'
    """
    return name.replace("_", " ").replace("+", " / ")


def draw_confusion(table: Table) -> Figure:
    """Draw true strokes against named ones: colour is the share of the row, numbers are deliveries."""
    columns = [name for name in table[0] if name != "true"]
    counts = np.array([[float(row[name]) for name in columns] for row in table])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.6 + 0.42 * len(columns)
    figure, (axes,) = new_figure(width=size + 0.9, height=size)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(columns)), [readable(name) for name in columns], rotation=45, ha="right")
    axes.set_yticks(range(len(table)), [readable(str(row["true"])) for row in table])
    axes.grid(visible=False)
    axes.set_xlabel("named stroke")
    axes.set_ylabel("true stroke")
    axes.set_title(f"Confusion, {int(counts.sum())} deliveries")
    if len(columns) <= _MAX_LABELLED:
        for row, column in zip(*np.nonzero(counts), strict=True):
            colour = "white" if shares[row, column] > 0.55 else "black"
            axes.text(column, row, f"{int(counts[row, column])}", ha="center", va="center", color=colour, fontsize=7)
    figure.colorbar(image, ax=axes, label="share of the true stroke", shrink=0.8)
    return figure


def draw_reliability(table: Table) -> Figure:
    """Draw confidence against the share that is right, and how many deliveries are in each bin."""
    filled = [row for row in table if row["deliveries"]]
    centres = [(float(row["low"]) + float(row["high"])) / 2 for row in filled]
    width = float(table[0]["high"]) - float(table[0]["low"])
    figure, (axes, counts) = new_figure(width=5.0, height=5.4, rows=2)
    axes.bar(centres, [float(row["accuracy"]) for row in filled], width=width * 0.9, color=BLUE, label="right")
    means = [float(row["confidence"]) for row in filled]
    axes.plot(means, means, marker="o", markersize=3, linestyle="none", color=ORANGE, label="mean confidence")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfectly calibrated")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share right", title="Reliability")
    axes.legend(loc="upper left")
    counts.bar(centres, [float(row["deliveries"]) for row in filled], width=width * 0.9, color=GREY)
    counts.set(xlim=(0, 1), xlabel="confidence", ylabel="deliveries")
    return figure


def draw_risk_coverage(table: Table) -> Figure:
    """Draw the error rate of the accepted deliveries against how many are accepted, surest first."""
    coverage = [float(row["coverage"]) for row in table]
    risk = [float(row["risk"]) for row in table]
    figure, (axes,) = new_figure(width=5.0, height=3.6)
    axes.plot(coverage, risk, color=BLUE, label="surest first")
    axes.axhline(risk[-1], color=GREY, linestyle="--", linewidth=1, label="random order")
    axes.set(xlim=(0, 1), ylim=(0, min(1.0, max(max(risk) * 1.15, 0.05))), xlabel="share of deliveries accepted")
    axes.set(ylabel="error rate of the accepted", title="Risk and coverage")
    axes.legend(loc="best")
    return figure


def draw_effort(table: Table) -> Figure:
    """Draw recall against minutes watched, the slowest strokes in colour."""
    curves: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in table:
        curves[str(row["class"])].append((float(row["minutes"]), float(row["recall"])))
    last = max(curve[-1][0] for curve in curves.values())
    area = {name: float(np.trapezoid(*reversed(np.array(curve).T))) for name, curve in curves.items()}
    named = sorted(area, key=lambda name: area[name])[:NUM_NAMED]
    figure, (axes,) = new_figure(width=5.6, height=3.8)
    for name, curve in curves.items():
        if name not in named:
            axes.plot(*np.array(curve).T, color=GREY, linewidth=1)
    for name, colour in zip(named, CYCLE, strict=False):
        axes.plot(*np.array(curves[name]).T, color=colour, linewidth=1.6, label=readable(name))
    if len(curves) > len(named):
        axes.plot([], [], color=GREY, linewidth=1, label="other strokes")
    axes.plot([0, last], [0, 1], color="black", linestyle=":", linewidth=1, label="random order")
    axes.set(xlim=(0, last), ylim=(0, 1.02), xlabel="minutes of clips watched", ylabel="share of the stroke found")
    axes.set_title("Review effort, slowest strokes named")
    axes.legend(loc="lower right")
    return figure


def draw_profiles(table: Table) -> Figure:
    """Draw true and counted shares of every stroke for the groups with most deliveries."""
    deliveries = {str(row["group"]): int(row["deliveries"]) for row in table}
    groups = sorted(deliveries, key=lambda name: (-deliveries[name], name))[:NUM_PROFILES]
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    classes = list(dict.fromkeys(str(row["class"]) for row in table))
    height = rows * (0.7 + 0.21 * len(classes)) + 0.5
    figure, all_axes = new_figure(width=1.8 + 2.5 * columns, height=height, rows=rows, columns=columns)
    for spare in all_axes[len(groups) :]:
        spare.set_visible(False)
    places = np.arange(len(classes))
    for index, (group, axes) in enumerate(zip(groups, all_axes, strict=False)):
        own = [row for row in table if row["group"] == group]
        for key, colour, shift in (("true", GREY, -0.2), ("counted", BLUE, 0.2)):
            shares = [np.nan_to_num(float(row[key])) for row in own]
            axes.barh(places + shift, shares, height=0.38, color=colour, label=key)
        axes.set_yticks(places, [readable(name) for name in classes] if index % columns == 0 else [])
        axes.invert_yaxis()
        axes.set_title(f"{group[:28]} ({deliveries[group]} balls)", fontsize=8)
        axes.set_xlabel("share of balls")
    handles, labels = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def draw_waterfall(table: Table) -> Figure:
    """Draw how many true deliveries survive each step of mining."""
    counts = [int(row["deliveries"]) for row in table]
    figure, (axes,) = new_figure(width=6.0, height=0.9 + 0.36 * len(table))
    places = np.arange(len(table))
    axes.barh(places, counts, color=[GREY] + [BLUE] * (len(table) - 1), height=0.7)
    for place, count in enumerate(counts):
        axes.text(float(count), place, f" {count}", va="center", fontsize=8)
    axes.set_yticks(places, [str(row["step"]) for row in table])
    axes.invert_yaxis()
    axes.set(xlim=(0, max(counts) * 1.12 + 0.5), xlabel="true deliveries left", title="Where deliveries are lost")
    axes.grid(visible=False, axis="y")
    return figure


def draw_impact_error(table: Table) -> Figure:
    """Draw how far found impacts are from true ones, in frames at 25 per second."""
    frames = np.array([float(row["error_s"]) for row in table]) * 25
    edges = np.arange(-13, 14) - 0.5
    figure, (axes,) = new_figure(width=5.6, height=3.4)
    axes.axvspan(-5, 5, color=ORANGE, alpha=0.15, linewidth=0, label="within 5 frames")
    axes.hist(np.clip(frames, -13, 12.4), bins=edges.tolist(), color=BLUE)
    axes.set(xlabel="found minus true impact, frames at 25 a second (outer bars: all beyond)", ylabel="deliveries")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(f"Impact error, {len(frames)} found deliveries")
    axes.legend(loc="upper left")
    return figure
