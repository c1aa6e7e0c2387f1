"""Train a model and ask which epoch each criterion would have kept, and what that costs against the best epoch.

usage: python scripts/selection_regret.py --mined MINED --truth WORLD [--out runs/regret] [override ...]

Truth is read after training only, to judge the test clips of every epoch; criteria see weak labels of validation clips,
val/withheld_agreement votes of rules that labels= were made without, where best_by= names it.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import slowpaths
from slowpaths.models.callbacks.checkpoints import LOSSES
from slowpaths.models.settings import BestBy
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import read_predictions

CRITERIA = tuple(name for kinds in get_args(BestBy) for name in get_args(kinds))
_CALLBACKS = (
    "callbacks=[{{_target_: slowpaths.models.callbacks.label_free.LabelFreeMetrics}},"
    "{{_target_: lightning.pytorch.callbacks.ModelCheckpoint, dirpath: '{folder}', save_top_k: -1}}]"
)


def train(mined: Path, out: Path, overrides: list[str]) -> None:
    """Train, and keep the checkpoint of every epoch; run again to go on."""
    program = str(Path(sys.executable).parent / "slowpaths")
    words = ["data.fractions=[0.5,0.25,0.25]", *overrides, _CALLBACKS.format(folder=out.resolve() / "epochs")]
    subprocess.run([program, "train", f"mined={mined}", f"out={out}", *words], check=True)


def accuracies(mined: Path, truth: Path, out: Path) -> dict[int, float]:
    """Return epoch -> share of the test clips that are named right."""
    tested = sorted({row.delivery_id for row in read_predictions(RunFolder(out).predictions) if row.split == "test"})
    found = {}
    for path in (out / "epochs").glob("epoch=*.ckpt"):
        predictions = slowpaths.load_classifier(path).predict(mined, tested, num_test_views=1)
        report = slowpaths.evaluate(predictions, truth)
        found[int(re.findall(r"epoch=(\d+)", path.name)[0])] = report["top1"].value
    return found


def main() -> None:
    """Train, judge every epoch, and print what each criterion would have kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mined", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/regret"))
    parser.add_argument("overrides", nargs="*", default=["experiment=demo"], help="of slowpaths train")
    asked = parser.parse_args()
    train(asked.mined, asked.out, asked.overrides)
    with RunFolder(asked.out).history.open() as stream:
        history = list(csv.DictReader(stream))
    right = accuracies(asked.mined, asked.truth, asked.out)
    best = max(right.values())
    print("criterion,epoch,accuracy,regret")
    for name in (name for name in CRITERIA if name in history[0]):
        sign = 1 if name in LOSSES else -1
        epoch = int(min(history, key=lambda row: sign * float(row[name]))["epoch"])
        print(f"{name},{epoch},{right[epoch]:.3f},{best - right[epoch]:.3f}")
    last = max(right)
    print(f"last epoch,{last},{right[last]:.3f},{best - right[last]:.3f}")


if __name__ == "__main__":
    main()
