"""Figures of the accuracy side, each drawn from its table."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from slowpaths.evaluation.figures.style import BLUE, GREY, ORANGE, new_figure, readable
from slowpaths.evaluation.measure import Table

_MAX_LABELLED = 20


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
    axes.plot(
        [float(row["confidence"]) for row in filled],
        [float(row["confidence"]) for row in filled],
        marker="o",
        markersize=3,
        linestyle="none",
        color=ORANGE,
        label="mean confidence",
    )
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfectly calibrated")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share right", title="Reliability")
    axes.legend(loc="upper left")
    counts.bar(centres, [float(row["deliveries"]) for row in filled], width=width * 0.9, color=GREY)
    counts.set(xlim=(0, 1), xlabel="confidence", ylabel="deliveries")
    return figure
