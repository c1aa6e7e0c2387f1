"""Train a model and ask which epoch each criterion would have kept, and what that costs against the best epoch.

usage: python -m scripts.selection_regret --mined MINED --truth WORLD [--out runs/regret] [--withhold energy
       [--label teacher=none student.use=false]] [--table FILE] [override ...]

Truth is read after training only, to judge the test clips of every epoch; criteria see weak labels of validation clips,
and val/withheld_agreement votes of a family of rules that the labels were made without, where one is withheld.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc
from scripts.commands import slowpaths
from scripts.withheld_labels import labels_without

from slowpaths.apps.footage import clips_shown_to
from slowpaths.core.text import csv_table
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import read_predictions as from_table
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import read_truth
from slowpaths.models.callbacks.checkpoints import LOSSES
from slowpaths.models.prediction import AVERAGE_VIEW, load_classifier, predict
from slowpaths.models.settings import BestBy
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import predictions_table, read_predictions, read_table, write_text
from slowpaths.store.world_folder import WorldFolder

LAST = "last epoch"
CRITERIA = tuple(name for kinds in get_args(BestBy) for name in get_args(kinds))
_CALLBACKS = (
    "callbacks=[{{_target_: slowpaths.models.callbacks.label_free.LabelFreeMetrics}},"
    "{{_target_: lightning.pytorch.callbacks.ModelCheckpoint, dirpath: '{folder}', save_top_k: -1}}]"
)


def train(mined: Path, out: Path, overrides: list[str]) -> None:
    """Train, and keep the checkpoint of every epoch; run again to go on."""
    words = ["data.fractions=[0.5,0.25,0.25]", *overrides, _CALLBACKS.format(folder=out.resolve() / "epochs")]
    slowpaths("train", f"mined={mined}", f"out={out}", *words)


def share_right(table: pa.Table, truth: Path) -> float:
    """Return the share of strokes of a world that a table names right, of those it has found."""
    strokes = read_truth(WorldFolder(truth).truth.strokes_file, taxonomy="slowpaths")
    return float(Sample(pair(from_table(table), strokes), has_intervals=False).correct_N.mean())


def accuracies(mined: Path, truth: Path, out: Path, tested: list[str]) -> dict[int, float]:
    """Return epoch -> share of the test clips that are named right."""
    found, data = {}, None
    for path in (out / "epochs").glob("epoch=*.ckpt"):
        network = load_classifier(path)
        how = {"batch_size": 64, "num_test_views": 1, "delivery_ids": tested}
        data = data or clips_shown_to(network, mined, **how)
        said = predict(network, data.predict_dataloader(), clips=data.clips())
        table = predictions_table(row for row in said if row.view_index == AVERAGE_VIEW)
        found[int(re.findall(r"epoch=(\d+)", path.name)[0])] = share_right(table, truth)
    return found


def known_rows(table: Path) -> list[dict[str, str]]:
    """Return the rows of a table; none where it is not there yet."""
    if not table.exists():
        return []
    with table.open() as stream:
        return list(csv.DictReader(stream))


def main() -> None:
    """Train, judge every epoch, and print what each criterion would have kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mined", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/regret"))
    parser.add_argument("--withhold", metavar="FAMILY", help="of rules; the labels are made without it")
    parser.add_argument("--label", nargs="+", default=[], help="words of slowpaths label, for those labels")
    parser.add_argument("--table", type=Path, help="CSV file that the rows are added to")
    parser.add_argument("overrides", nargs="*", default=["experiment=demo"], help="of slowpaths train")
    asked = parser.parse_args()
    overrides, labels = list(asked.overrides), MinedFolder(asked.mined).file(LABELS)
    if asked.withhold:
        quiet = asked.mined.parent / f"without_{asked.withhold}"
        labels = labels_without(asked.withhold, asked.mined, quiet, *asked.label)
        overrides += [f"labels={labels}", "best_by=val/withheld_agreement"]
    train(asked.mined, asked.out, overrides)
    with RunFolder(asked.out).history.open() as stream:
        history = list(csv.DictReader(stream))
    tested = sorted(
        {row.delivery_id for row in read_predictions(RunFolder(asked.out).predictions) if row.split == "test"}
    )
    right = accuracies(asked.mined, asked.truth, asked.out, tested)
    best = max(right.values())
    kept = {LAST: max(right)}
    for name in (name for name in CRITERIA if name in history[0]):
        sign = 1 if name in LOSSES else -1
        kept[name] = int(min(history, key=lambda row: sign * float(row[name]))["epoch"])
    card = json.loads(WorldFolder(asked.truth).description_file.read_text())
    loss = next((word.removeprefix("loss=") for word in overrides if word.startswith("loss=")), "soft_ce")
    known = {"world": f"{card['world']}-{card['seed']}", "loss": loss, "withheld": asked.withhold}
    rows = [
        {
            **known, "criterion": name, "epoch": epoch,
            "right": round(right[epoch], 3), "regret": round(best - right[epoch], 3),
        }
        for name, epoch in kept.items()
    ]  # fmt: skip
    table = read_table(labels, LABELS)
    of_labels = share_right(table.filter(pc.field("delivery_id").isin(tested)), asked.truth)
    rows.append({**known, "criterion": "the labels themselves", "right": round(of_labels, 3)})
    print(csv_table(rows))
    if asked.table:
        write_text(asked.table, csv_table([*known_rows(asked.table), *rows]))


if __name__ == "__main__":
    main()
