"""Measure which share of an epoch training waits for clips, by recipe and number of loader processes, in one run.

usage: python -m scripts.bench.loader_idle --mined MINED [--recipes demo "slowfast_r50 init=null"] [--workers 0 1]

A recipe is one of experiment=, with whatever else `slowpaths train` is to be told.

All take turns, so that they see the same machine; epochs but the first of each training count, which decodes. What is
read is `time/loader_idle`, which every training logs.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from scripts.commands import slowpaths

from slowpaths.core.text import csv_table, markdown_table
from slowpaths.store.tables import write_text


def curves(mined: Path, out: Path, *, recipe: str, workers: int, epochs: int) -> list[tuple[float, float]]:
    """Train; return the share of each epoch but the first that was waited, and its seconds."""
    name, *more = recipe.split()
    words = (f"experiment={name}", f"data.num_workers={workers}", f"trainer.max_epochs={epochs}", "logger=[csv]", *more)
    slowpaths("train", f"mined={mined}", *words, f"out={out}")
    (metrics,) = out.rglob("metrics.csv")
    with metrics.open() as stream:
        rows = [row for row in csv.DictReader(stream) if row.get("time/loader_idle")]
    return [(float(row["time/loader_idle"]), float(row["time/epoch_s"])) for row in rows[1:]]


def main() -> None:
    """Read the command line, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mined", type=Path, required=True)
    parser.add_argument("--recipes", nargs="+", default=["demo", "demo_fine_tuned"], help="see above")
    parser.add_argument("--workers", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--out", type=Path, help="CSV file")
    asked = parser.parse_args()
    found = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        turns = itertools.product(range(asked.turns), asked.recipes, asked.workers)
        for number, (_, recipe, workers) in enumerate(turns):
            run = Path(name) / str(number)
            found[recipe, workers] += curves(asked.mined, run, recipe=recipe, workers=workers, epochs=asked.epochs)
    rows = [
        {
            "experiment": recipe,
            "workers": workers,
            "waited": round(statistics.median(share for share, _ in epochs), 4),
            "most_waited": round(max(share for share, _ in epochs), 4),
            "epoch_s": round(statistics.median(seconds for _, seconds in epochs), 3),
            "epochs": len(epochs),
        }
        for (recipe, workers), epochs in found.items()
    ]
    print(markdown_table(list(rows[0]), [list(row.values()) for row in rows]))
    if asked.out:
        write_text(asked.out, csv_table(rows))


if __name__ == "__main__":
    main()
