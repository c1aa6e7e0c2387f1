"""Train the demo's recipe from nothing and from the shipped weights, on demos nobody has looked at.

usage: python -m scripts.compare_initialisations [--seeds 23 24 25 26] [--starts NAME ...] [--out runs/initialisations]
           [--table FILE]

Each of the four matches of a demo is held out once. Run it again to go on where it stopped. A row of the table is
a demo and what was judged there: the labels, and a network from each initialisation; the last rows count all.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace
from pathlib import Path

from scripts.commands import slowpaths

from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import read_predictions, write_predictions

FOLDS = 4  # a demo has four matches
NEW_HEAD = ("optim.lr=0.01", "trainer.max_epochs=48")
FROM = {
    "nothing": ("experiment=demo", "init=null", "optim.lr=0.02", "optim.head_lr_ratio=1.0", "trainer.max_epochs=48"),
    "features, fine-tuned": ("experiment=demo_fine_tuned",),
    "features": ("experiment=demo", "init=slowfast_tiny_features", *NEW_HEAD),  # which stay as they are
    "features and a head": ("experiment=demo",),
}


def judge(demo: Path, start: str) -> dict:
    """Train on a demo with every match held out once; return what the held-out predictions are worth."""
    out = demo / "initialisations" / start.replace(", ", "_").replace(" ", "_")
    evaluation = RunFolder(out / "evaluation")
    if not evaluation.report_json.exists():
        held_out = []
        for fold in range(FOLDS):
            model = out / f"fold_{fold}"
            if not RunFolder(model).predictions.exists():
                folds = (f"data.num_folds={FOLDS}", f"data.fold={fold}")
                slowpaths("train", f"mined={demo / 'mined'}", *FROM[start], *folds, f"out={model}")
            tested = [row for row in read_predictions(RunFolder(model).predictions) if row.split == "test"]
            held_out += [replace(row, model_id=start) for row in tested]  # four networks of one kind, judged as one
        write_predictions(RunFolder(out).predictions, held_out)
        words = (f"truth={demo / 'world'}", f"out={evaluation.path}")
        slowpaths("evaluate", f"predictions={RunFolder(out).predictions}", *words)
    return measures(evaluation.path)


def measures(evaluation: Path) -> dict:
    """Return the measures of a report."""
    return RunFolder(evaluation).report()["measures"]


def main() -> None:
    """Make the demos, train, judge, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[23, 24, 25, 26], help="seeds of demos")
    parser.add_argument("--starts", nargs="+", choices=FROM, default=list(FROM), help="what is compared")
    parser.add_argument("--out", type=Path, default=Path("runs/initialisations"))
    parser.add_argument("--table", type=Path, default=Path("experiments/pretraining/results/initialisations.csv"))
    asked = parser.parse_args()
    rows, right = [], {}
    for seed in asked.seeds:
        demo = asked.out / str(seed)
        slowpaths("demo", f"seed={seed}", f"out={demo}")
        judged = {"labels": measures(demo / "evaluation" / "labels")}
        judged |= {f"from {start}": judge(demo, start) for start in asked.starts}
        for name, found in judged.items():
            top1, f1 = found["top1"], found["macro_f1"]
            rows.append([seed, name, *(top1[key] for key in ("value", "low", "high", "constant", "num")), f1["value"]])
            sums = right.setdefault(name, [0.0, 0.0, 0])
            for place, value in enumerate((top1["value"] * top1["num"], top1["constant"] * top1["num"], top1["num"])):
                sums[place] += value
    rows += [
        ["all", name, hit / num, None, None, constant / num, num, None] for name, (hit, constant, num) in right.items()
    ]
    with asked.table.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["seed", "judged", "top1", "low", "high", "most_frequent_stroke", "clips", "macro_f1"])
        writer.writerows([[f"{cell:.4g}" if isinstance(cell, float) else cell for cell in row] for row in rows])


if __name__ == "__main__":
    main()
