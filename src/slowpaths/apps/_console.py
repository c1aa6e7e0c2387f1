"""What a verb shows: result tables, progress, warnings. Plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from slowpaths.core.threads import available_threads


def show_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, wrote: Iterable[Path] = ()
) -> None:
    """Print a table and where the result was written.

    Args:
        title: Heading.
        columns: Column names.
        rows: Cells; numbers are right-aligned.
        wrote: Files or folders that hold the result.
    """
    console = Console()
    rows = [list(row) for row in rows]
    table = Table(title=escape(title), title_justify="left")
    for position, name in enumerate(columns):
        is_number = all(isinstance(row[position], (int, float)) for row in rows) and bool(rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*[escape(f"{cell:.3f}" if isinstance(cell, float) else str(cell)) for cell in row])
    console.print(table)
    for path in wrote:
        console.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(title: str, total: int) -> Iterator[Any]:
    """Show progress over `total` steps.

    Args:
        title: What is being done.
        total: Number of steps.

    Yields:
        A function `step(text)` to call after each step; `text` names what was done.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        done = 0

        def plain_step(text: str = "") -> None:
            nonlocal done
            done += 1
            console.print(f"{title} {done}/{total} {text}", markup=False, highlight=False, soft_wrap=True)

        yield plain_step
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=total)

        def bar_step(text: str = "") -> None:
            bar.update(task, advance=1, description=f"{title} {escape(text)[-40:]}")

        yield bar_step


def cores(workers: Any) -> Any:
    """Return a number of processes as given, or the cores this process may use where it is "auto".

    Example:
        >>> cores(3)
        3
    """
    return available_threads() if workers == "auto" else workers
