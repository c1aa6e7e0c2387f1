"""Judge one network by 1, 3 and 30 views of each clip: is it worth looking more than once?

usage: python -m scripts.view_counts --ckpt FILE --mined FOLDER --truth TABLE [--views 1 3 30] [--out FOLDER]

Views of a clip are averaged; 30 are ten moments in three places. Deliveries that the network learnt from are left out
by the predictions of the run that the checkpoint lies in, or those of --split-of. Run it again to go on where it
stopped. A row of the table is a number of views.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scripts.commands import slowpaths as run_verb

import slowpaths
from slowpaths.core.text import csv_table
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import PREDICTIONS
from slowpaths.store.tables import write_table, write_text

MEASURES = ("top1", "macro_f1", "nll")


def judge(views: int, asked: argparse.Namespace) -> dict[str, str]:
    """Predict with so many views, evaluate, and return a row of the table."""
    folder = RunFolder(asked.out / str(views))
    if not folder.predictions.exists():
        classifier = slowpaths.load_classifier(asked.ckpt)
        write_table(folder.predictions, classifier.predict(asked.mined, num_test_views=views), PREDICTIONS)
    if not folder.report_json.exists():
        words = [f"predictions={folder.predictions}", f"truth={asked.truth}", f"out={folder.path}"]
        if split_of := asked.split_of or _of_its_run(asked.ckpt):
            words.append(f"split_of={split_of}")
        run_verb("evaluate", *words)
    found = folder.report()["measures"]
    row = {"views": str(views), "clips": str(found["top1"]["num"])}
    for name in MEASURES:
        row |= {name: _told(found[name]["value"])} | {
            f"{name}_{end}": _told(found[name][end]) for end in ("low", "high")
        }
    return row | {"top1_constant": _told(found["top1"]["constant"])}


def _of_its_run(checkpoint: Path) -> Path | None:
    """Return the predictions of the run that a checkpoint lies in, which say what it learnt from."""
    run = RunFolder.of(checkpoint)
    return run.predictions if run and run.predictions.is_file() else None


def _told(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def main() -> None:
    """Judge, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ckpt", type=Path, required=True, help="checkpoint of `slowpaths train`")
    parser.add_argument("--mined", type=Path, required=True, help="mined folder with its clips")
    parser.add_argument("--truth", type=Path, required=True, help="truth table, or the folder of a synthetic world")
    parser.add_argument("--split-of", type=Path, help="predictions that say which deliveries are held out")
    parser.add_argument("--views", type=int, nargs="+", default=[1, 3, 30])
    parser.add_argument("--out", type=Path, default=Path("runs/view_counts"))
    parser.add_argument("--table", type=Path, default=Path("experiments/view_counts/results/view_counts.csv"))
    asked = parser.parse_args()
    write_text(asked.table, csv_table([judge(views, asked) for views in asked.views]))


if __name__ == "__main__":
    main()
