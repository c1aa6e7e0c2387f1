"""How every figure looks: one size, one font, colours that colour-blind readers can tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito 2008, "Color Universal Design".
BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#B0B0B0"
CYCLE: tuple[str, ...] = (BLUE, ORANGE, GREEN, PINK)
DPI = 150
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
