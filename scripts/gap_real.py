"""Does accuracy tell which system is of use on real strokes? All that names the sequences of an archive, compared.

usage: python -m scripts.gap_real [--shared ../shared] [--out runs/gap_real] [--seeds 0 1]
       python -m scripts.gap_real --analyse     computes the tables again from the kept table of measures

Label models and their voices name the sequences as they are; skeleton networks learn from their labels, or from true
ones, and name sequences they have not seen (cross-fitted). An hour on two cores; run it again to go on.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from scripts.commands import slowpaths
from scripts.cross_fitting import cross_fitted
from scripts.gap_study import analyse, publish
from scripts.naming import VOICES
from scripts.true_labels import true_labels

from slowpaths.core.text import csv_table
from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import read_table, write_table, write_text

VOTES_ALONE = VOICES["votes"]
LABEL_SETS = {name.replace(", ", "_").replace(" ", "_"): words for name, words in VOICES.items()} | {
    "naive_bayes": ("label_model=naive_bayes", *VOTES_ALONE),
    "dawid_skene": ("label_model=dawid_skene", *VOTES_ALONE),
}
EVERY_VOICE = "votes_teacher_student"
HEAD = ("model=skeleton_gru", "trainer=cpu", "data.batch_size=64", "trainer.max_epochs=30")
NETWORKS = {  # what networks learn from, by which losses, and how many sequences of it
    "pseudo-labels": (("majority_vote", "votes", EVERY_VOICE), ("soft_ce", "hard_ce", "gce"), ("150", "null")),
    "supervised": (("truth",), ("soft_ce", "gce"), ("50", "100", "150", "250", "null")),
}
TAXONOMY = "cricshot10"


def main() -> None:
    """Mine, label, train, and measure the gap."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with poses/")
    parser.add_argument("--out", type=Path, default=Path("runs/gap_real"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--results", type=Path, default=Path("experiments/gap_real/results"), help="for the tables")
    parser.add_argument("--analyse", action="store_true", help="no more than the kept table of measures, again")
    asked = parser.parse_args()
    if asked.analyse:
        analyse(asked.results, asked.out / "again")
        return
    archive = asked.shared / "poses" / "cricshot10_poses_dev.npz"
    mined, labels, systems = asked.out / "sequences", asked.out / "labels", asked.out / "systems"
    labels.mkdir(parents=True, exist_ok=True)
    systems.mkdir(exist_ok=True)
    folder = MinedFolder(mined)
    if not folder.has(LABELS):
        slowpaths("mine", f"footage={archive}", f"out={mined}")
    rows = []
    for name, words in LABEL_SETS.items():
        if not (labels / f"{name}.parquet").exists():
            slowpaths("label", f"mined={mined}", *words)
            if name == EVERY_VOICE:
                shutil.copyfile(folder.voices_file, systems / "voices.parquet")
            write_table(labels / f"{name}.parquet", read_table(folder.file(LABELS), LABELS), LABELS)
        shutil.copyfile(labels / f"{name}.parquet", systems / f"{name}.parquet")
        rows.append({"file": name, "system": f"labels: {name}", "seed": 0, "supervision": "pseudo-labels"})
    rows.append({"file": "voices", "system": "voice:", "seed": 0, "supervision": "pseudo-labels"})
    truth = asked.out / "truth.csv"
    write_archive_truth(truth, read_pose_archive(archive))
    table = true_labels(labels / f"{EVERY_VOICE}.parquet", truth, taxonomy=TAXONOMY)
    write_table(labels / "truth.parquet", table, LABELS)
    for learnt, (names, losses, amounts) in NETWORKS.items():
        axes = {
            "labels": [labels / f"{name}.parquet" for name in names],
            "loss": losses, "data.max_train_clips": amounts, "seed": asked.seeds,
        }  # fmt: skip
        found = cross_fitted(mined, HEAD, axes=axes, out=asked.out / f"networks_{learnt}")
        for (name, loss, amount, seed), predictions in found.items():
            system = f"network: {Path(name).stem} {loss}" + ("" if amount == "null" else f" {amount}")
            file = f"{system.replace(': ', '-').replace(' ', '-')}-seed{seed}"
            shutil.copyfile(predictions, systems / f"{file}.parquet")
            rows.append({"file": file, "system": system, "seed": seed, "supervision": learnt})
    write_text(systems / "systems.csv", csv_table(rows))
    judged = ("split=all", f"truth={truth}", f"truth_taxonomy={TAXONOMY}")
    slowpaths("gap", f"runs={systems}", *judged, f"out={asked.out / 'gap'}")
    publish(asked.out / "gap", asked.results)


if __name__ == "__main__":
    main()
