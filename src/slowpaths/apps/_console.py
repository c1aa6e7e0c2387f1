"""What a verb shows: result tables, progress, warnings. Plain lines where there is no terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from slowpaths.core.text import one_line
from slowpaths.core.threads import available_threads

NOTE_EVERY_S = 10.0  # between two plain lines on how far a step is
_BAR_TEXT = 40  # characters
_NAME_WIDTH = 30  # characters; what is shorter is a name and stays whole where there is room


def show_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    notes: Iterable[str] = (),
    wrote: Iterable[Path] = (),
) -> None:
    """Print a table and where the result was written.

    Args:
        title: Heading.
        columns: Column names.
        rows: Cells; numbers are right-aligned.
        notes: What to know of them.
        wrote: Files or folders that hold the result.
    """
    console = Console()
    rows = [list(row) for row in rows]
    texts = [[f"{cell:.3f}" if isinstance(cell, float) else _printable(str(cell)) for cell in row] for row in rows]
    table = Table(title=escape(title), title_justify="left")
    is_number = [bool(rows) and all(isinstance(row[at], (int, float)) for row in rows) for at in range(len(columns))]
    widths = fit_widths([list(columns), *texts], width=console.width - 3 * len(columns) - 1, keep=is_number)
    for name, width, is_right in zip(columns, widths, is_number, strict=True):
        table.add_column(fold(name, width), justify="right" if is_right else "left", min_width=width, overflow="fold")
    for row in texts:
        table.add_row(*[escape(fold(text, width)) for text, width in zip(row, widths, strict=True)])
    console.print(table)
    for line in (*(f"note: {note}" for note in notes), *(f"wrote {path}" for path in wrote)):
        console.print(_printable(line), markup=False, highlight=False, soft_wrap=True)


def _printable(text: str) -> str:
    """Return lines of which none moves a cursor or colours a terminal, as the name of a file may."""
    return "\n".join(one_line(line) for line in text.split("\n"))


def fit_widths(rows: Sequence[Sequence[str]], *, width: int, keep: Sequence[bool]) -> list[int]:
    """Return column widths that fit: sentences give way first, then names, none below its longest piece of a word.

    Args:
        rows: Cells, with those of the heading.
        width: Characters for all columns together.
        keep: Columns that stay as they are, numbers for instance.

    Example:
        >>> sentence = "words that may stand in several lines"
        >>> fit_widths([["profile_distance", sentence, "0.5"]], width=40, keep=[False, False, True])
        [16, 21, 3]
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(len(line) for text in column for line in text.split("\n")) for column in columns]
    least = [
        size if fixed else max(len(piece.rstrip()) for text in column for piece in _pieces(text))
        for column, size, fixed in zip(columns, widths, keep, strict=True)
    ]
    for floors in ([max(low, min(size, _NAME_WIDTH)) for low, size in zip(least, widths, strict=True)], least):
        while sum(widths) > width and (wide := [at for at, size in enumerate(widths) if size > floors[at]]):
            widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def fold(text: str, width: int) -> str:
    """Return a text in lines of at most a width, broken between words or after one of `_ / = , -`.

    Example:
        >>> fold("expected_calibration_error", 14).split()
        ['expected_', 'calibration_', 'error']
    """
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _pieces(text: str) -> list[str]:
    return [piece for piece in re.split(r"(?<=[_/=,\s-])", text) if piece] or [""]


class Steps:
    """Show how far a task of several steps is: call it after each step, with a text that names what was done.

    Args:
        title: What is being done.
        total: Number of steps.
        console: Where it is shown.
        bar: The bar; plain lines without one.
        every_s: Plain lines come no faster than this, seconds; the last step is always told.
    """

    def __init__(self, title: str, total: int, *, console: Console, bar: Progress | None, every_s: float) -> None:
        self._title, self._total, self._console, self._bar, self._every_s = title, total, console, bar, every_s
        self._task = bar.add_task(title, total=total) if bar else None
        self._done, self._said_s = 0, time.monotonic()

    def __call__(self, text: str = "") -> None:
        """Go on by one step."""
        self._done += 1
        self._show(text, advance=1, every_s=0 if self._done == self._total else self._every_s)

    def note(self, text: str) -> None:
        """Say how far the step is that is being done."""
        self._show(text, advance=0, every_s=NOTE_EVERY_S)

    def _show(self, text: str, *, advance: int, every_s: float) -> None:
        text = one_line(text)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=advance, description=f"{self._title} {escape(text[-_BAR_TEXT:])}")
        elif time.monotonic() - self._said_s >= every_s:
            self._said_s = time.monotonic()
            words = f"{self._title} {self._done}/{self._total} {text}".rstrip()
            self._console.print(words, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(title: str, total: int, *, every_s: float = 0) -> Iterator[Steps]:
    """Show progress over `total` steps, in a bar on a terminal, otherwise in plain lines; see `Steps`."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Steps(title, total, console=console, bar=None, every_s=every_s)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console) as bar:
        yield Steps(title, total, console=console, bar=bar, every_s=every_s)


def cores(workers: Any) -> Any:
    """Return a number of processes as given, or the cores this process may use where it is "auto".

    Example:
        >>> cores(3)
        3
    """
    return available_threads() if workers == "auto" else workers
