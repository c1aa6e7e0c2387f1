"""Train on real clips as mining and labelling leave them, and test on strokes of other scenes: no gold is learnt from.

usage: python -m scripts.real_training [--shared ../shared] [--out runs/real_training] [--seeds 0 1 2] [--results DIR]

Clips of one scene go into one folder, a match, so that no scene stands in training and testing. Everything is mined and
labelled in the company of an archive of pose sequences; SlowFast is pretrained on all clips without a label; each
network is tested on every fourth of the scenes, trained on the others. Labels, networks, chance and the most frequent
stroke are judged on the same strokes. An hour on two cores; run it again to go on with what is missing.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from pathlib import Path

from scripts.commands import slowpaths
from scripts.cross_fitting import cross_fitted
from scripts.naming import both_truths

from slowpaths.store.gold_folder import GoldFolder
from slowpaths.store.run_folder import RunFolder

COLOURS = ("data.colour_jitter=0.4", "data.hue_jitter=0", "data.grey_p=0")  # the committed table is of these
SMALL = ("experiment=demo_fine_tuned",)
SYSTEMS = {
    "SlowFast from nothing": (*SMALL, "init=null", "optim.lr=0.02", "optim.head_lr_ratio=1.0"),
    "SlowFast pretrained on the clips": (*SMALL, "init={out}/pretrained/backbone.safetensors"),
    "SlowFast from synthetic features": SMALL,
    "skeleton network": (*SMALL, "model=skeleton_gru"),
    "frozen ImageNet features": (*SMALL, "model=frozen_gru"),
}
MEASURES = ("top1", "macro_f1", "accuracy_at_half", "profile_fidelity", "retrieval_ap", "decision_utility", "ece")
NUMBERS = ("value", "low", "high", "chance", "constant", "num")


def by_scene(shared: Path, to: Path) -> Path:
    """Copy the clips into one folder a scene; a scene is one match."""
    for name in ("footage", "footage_b"):
        gold = GoldFolder(shared / name)
        groups = gold.groups()
        for file in sorted(path for path in (shared / name / "clips").iterdir() if path.is_file()):
            scene = "".join(letter if letter.isalnum() else "_" for letter in groups.get(file.name, file.stem))
            target = to / scene / file.name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
    return to


def main() -> None:
    """Mine, label, pretrain, train, judge, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="poses, footage, footage_b and models")
    parser.add_argument("--out", type=Path, default=Path("runs/real_training"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--results", type=Path, default=Path("experiments/real_training/results"))
    asked = parser.parse_args()
    footage, mined, sequences = (asked.out / name for name in ("footage", "mined", "sequences"))
    truth = both_truths(asked.shared, to=asked.out / "truth.csv")
    slowpaths("mine", f"footage={asked.shared}/poses/cricshot10_poses_dev.npz", f"out={sequences}")
    eyes = ("pose=movenet", f"weights_dir={asked.shared / 'models'}", "workers=2")
    slowpaths("mine", f"footage={by_scene(asked.shared, footage)}", f"out={mined}", *eyes)
    slowpaths("label", f"mined={mined}", f"company=[{sequences}]")
    slowpaths("pretrain", f"mined={mined}", "experiment=ssl_tiny", *COLOURS, f"out={asked.out / 'pretrained'}")
    tables = {("labels", 0): mined / "labels.parquet"}
    for name, words in SYSTEMS.items():
        said = [word.format(out=asked.out) for word in words]
        found = cross_fitted(mined, said, axes={"seed": asked.seeds}, out=asked.out / name.replace(" ", "_"))
        tables |= {(name, int(seed)): table for (seed,), table in found.items()}
    rows = []
    for (name, seed), table in tables.items():
        out = asked.out / "judged" / f"{name.replace(' ', '_')}_{seed}"
        slowpaths(
            "evaluate", f"predictions={table}", f"truth={truth}", "truth_taxonomy=cricshot10", "split=all", f"out={out}"
        )
        measures = RunFolder(out).report()["measures"]
        rows += [[name, seed, key, *(measures[key][number] for number in NUMBERS)] for key in MEASURES]
    asked.results.mkdir(parents=True, exist_ok=True)
    with (asked.results / "measures.csv").open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["system", "seed", "measure", *NUMBERS])
        writer.writerows([[f"{cell:.4g}" if isinstance(cell, float) else cell for cell in row] for row in rows])


if __name__ == "__main__":
    main()
