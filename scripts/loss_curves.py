"""What happens to accuracy while a network learns from labels that are mostly wrong? Every loss, on real poses.

usage: python -m scripts.loss_curves [--shared ../shared] [--out runs/loss_curves] [--epochs 40] [--losses soft_ce ...]

Labels the sequences of an archive without one family of rules, trains the skeleton network on these labels with each
loss, and judges the network of every second epoch: by true strokes of sequences that it has not seen, and without a
label by how far it agrees with the family that the labels do not know. A quarter of an hour on one core; run it again
to go on.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from scripts.commands import slowpaths
from scripts.withheld_labels import labels_without

import slowpaths as library
from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import read_predictions as from_table
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import Truth, read_truth
from slowpaths.models.callbacks.checkpoints import LOSSES as LOWER_IS_BETTER
from slowpaths.models.settings import BestBy
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import read_predictions, write_text

LOSSES = ("hard_ce", "soft_ce", "gce", "sce", "elr", "sop", "proden", "rules")
TAXONOMY = "cricshot10"
WITHHELD = "energy"  # the family whose votes judge; of those with hundreds of votes it says least about the side
FOLDS, JUDGED_FOLDS = 4, (0, 1)
EVERY = 2  # epochs from one judged network to the next
AGREEMENT = "val/withheld_agreement"
CRITERIA = tuple(name for kinds in get_args(BestBy) for name in get_args(kinds))
LAST = "last epoch"
Rights = Sequence[Mapping[int, np.ndarray]]  # fold -> epoch -> whether each held-out stroke is named right (N,)
Histories = Sequence[Mapping[int, Mapping[str, float]]]  # fold -> epoch -> metrics of training


def train(mined: Path, labels: Path, out: Path, *, loss: str, fold: int, epochs: int) -> None:
    """Train, and keep the network of every second epoch; a run that is there is left as it is."""
    if RunFolder(out).predictions.exists():
        return
    keep = (
        "{_target_: lightning.pytorch.callbacks.ModelCheckpoint, "
        f"dirpath: '{out.resolve() / 'epochs'}', save_top_k: -1, every_n_epochs: {EVERY}}}"
    )
    free = "{_target_: slowpaths.models.callbacks.label_free.LabelFreeMetrics}"
    slowpaths(
        "train", f"mined={mined}", f"labels={labels}", f"out={out}", "model=skeleton_gru", "trainer=cpu",
        f"loss={loss}", "data.batch_size=64", f"data.num_folds={FOLDS}", f"data.fold={fold}",
        f"trainer.max_epochs={epochs}", f"best_by={AGREEMENT}", f"callbacks=[{free},{keep}]",
    )  # fmt: skip


def accuracies(mined: Path, out: Path, truth: Truth) -> dict[int, np.ndarray]:
    """Return epoch -> whether each held-out stroke is named right (N,)."""
    tested = sorted({row.delivery_id for row in read_predictions(RunFolder(out).predictions) if row.split == "test"})
    found = {}
    for path in (out / "epochs").glob("epoch=*.ckpt"):
        table = library.load_classifier(path).predict(mined, tested, num_test_views=1)
        sample = Sample(pair(from_table(table), truth), has_intervals=False)
        found[int(re.findall(r"epoch=(\d+)", path.name)[0])] = sample.correct_N
    return found


def history(out: Path) -> dict[int, dict[str, float]]:
    """Return epoch -> metrics of training."""
    with RunFolder(out).history.open() as stream:
        rows = list(csv.DictReader(stream))
    return {int(row["epoch"]): {key: float(value or "nan") for key, value in row.items()} for row in rows}


def curves(loss: str, right: Rights, told: Histories) -> Table:
    """Return accuracy and agreement of every judged epoch, all folds together, and where agreement would stop."""
    stops = [stop(metrics, sorted(own), AGREEMENT) for own, metrics in zip(right, told, strict=True)]
    rows: Table = []
    names = ("right", "agreement with withheld rules")
    for epoch in sorted(set.intersection(*(set(own) for own in right))):
        pooled_N = np.concatenate([own[epoch] for own in right])
        agreed = float(np.mean([metrics[epoch][AGREEMENT] for metrics in told]))
        stopped = sum(at == epoch for at in stops)
        shared: dict[str, float | int | str] = {"loss": loss, "epoch": epoch + 1}
        values = float(pooled_N.mean()), agreed
        rows += [
            shared | {"what": name, "value": value, "stops": stopped} for name, value in zip(names, values, strict=True)
        ]
    return rows


def stop(metrics: Mapping[int, Mapping[str, float]], epochs: Sequence[int], criterion: str) -> int:
    """Return the judged epoch that a criterion keeps: the best one, the first of equals."""
    if criterion == LAST:
        return epochs[-1]
    sign = 1 if criterion in LOWER_IS_BETTER else -1
    return min(epochs, key=lambda epoch: sign * metrics[epoch][criterion])


def regrets(loss: str, right: Rights, told: Histories) -> Table:
    """Return what each criterion keeps and what that costs against the best epoch of each fold, mean over folds."""
    rows: Table = []
    for criterion in (*CRITERIA, LAST):
        if criterion != LAST and not all(criterion in next(iter(metrics.values())) for metrics in told):
            continue
        pairs = list(zip(right, told, strict=True))
        kept = [float(own[stop(metrics, sorted(own), criterion)].mean()) for own, metrics in pairs]
        best = [max(float(values.mean()) for values in own.values()) for own in right]
        cost = float(np.mean(np.subtract(best, kept)))
        rows.append({"loss": loss, "criterion": criterion, "right": float(np.mean(kept)), "regret": cost})
    return rows


def main() -> None:
    """Mine, label, train, judge, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with poses/")
    parser.add_argument("--out", type=Path, default=Path("runs/loss_curves"))
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--losses", nargs="+", choices=LOSSES, default=LOSSES)
    parser.add_argument("--results", type=Path, default=Path("experiments/loss_curves/results"), help="for the tables")
    asked = parser.parse_args()
    archive, mined = asked.shared / "poses" / "cricshot10_poses_dev.npz", asked.out / "sequences"
    if not MinedFolder(mined).has(LABELS):
        slowpaths("mine", f"footage={archive}", f"out={mined}")
    labels = labels_without(WITHHELD, mined, asked.out / "quiet")
    truth_file = asked.out / "truth.csv"
    write_archive_truth(truth_file, read_pose_archive(archive))
    truth = read_truth(truth_file, taxonomy=TAXONOMY)
    shown: Table = []
    costs: Table = []
    for loss in asked.losses:
        runs = [asked.out / loss / f"fold_{fold}" for fold in JUDGED_FOLDS]
        for fold, run in zip(JUDGED_FOLDS, runs, strict=True):
            train(mined, labels, run, loss=loss, fold=fold, epochs=asked.epochs)
        given = [accuracies(mined, run, truth) for run in runs], [history(run) for run in runs]
        shown += curves(loss, *given)
        costs += regrets(loss, *given)
    write_text(asked.results / "curves.csv", to_csv(shown))
    write_text(asked.results / "regrets.csv", to_csv(costs))


if __name__ == "__main__":
    main()
