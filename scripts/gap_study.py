"""Run the study of experiments/gap: film, mine, label, train the population, and measure the gap.

usage: python -m scripts.gap_study [--out runs/gap_study] [--workers 2] [--parts pseudo truth pixels] [--seeds 0 1]
       python -m scripts.gap_study --analyse     computes the tables again from the kept table of measures

Hours on two cores. Run it again to go on where it stopped: the world, mining and each cell of a sweep resume.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scripts.commands import slowpaths
from scripts.cross_fitting import PARALLEL
from scripts.true_labels import true_labels

from slowpaths.core.text import csv_table
from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.measure import Table
from slowpaths.store.gap_folder import GapFolder
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.sweep_folder import SweepFolder
from slowpaths.store.tables import read_predictions, read_table, write_table, write_text
from slowpaths.store.world_folder import WorldFolder

VOTES = ("teacher=none", "student.use=false")
LABEL_SETS = {
    "majority": ("label_model=majority", *VOTES),
    "votes": ("label_model=hierarchical", *VOTES),
    "voices": ("label_model=hierarchical",),
}
TESTED = "hc"  # how names of the matches begin that are judged
HEADS = ("model=skeleton_gru", "model.hidden=64,16", "trainer=cpu", "data.batch_size=64", "trainer.max_epochs=30")
PIXELS = "pixels"
PARTS = {  # what is swept, beside seeds and labels
    "pseudo": (
        (*HEADS, "loss=soft_ce,hard_ce,gce,proden", "data.max_train_clips=100,300,null"),
        ("majority", "votes", "voices"),
    ),
    "truth": ((*HEADS, "loss=soft_ce,gce", "data.max_train_clips=50,100,200,500,null"), ("truth",)),
    PIXELS: (
        ("experiment=demo_fine_tuned", "init=slowfast_tiny_features", "data.max_train_clips=300"),
        ("majority", "voices", "truth"),
    ),
}
KEY_SYSTEMS = {  # system -> what the main table calls it
    "skeleton_gru_64 majority soft_ce all random": "skeletons, majority vote",
    "skeleton_gru_64 votes soft_ce all random": "skeletons, rules by the label model",
    "skeleton_gru_64 voices soft_ce all random": "skeletons, all voices",
    "slowfast_tiny voices soft_ce 300 slowfast_tiny_features": "SlowFast, all voices of 300 clips",
    "skeleton_gru_64 truth soft_ce 50 random": "skeletons, 50 true labels",
    "skeleton_gru_64 truth soft_ce 200 random": "skeletons, 200 true labels",
    "skeleton_gru_64 truth soft_ce 500 random": "skeletons, 500 true labels",
    "skeleton_gru_64 truth soft_ce all random": "skeletons, all true labels",
    "slowfast_tiny truth soft_ce 300 slowfast_tiny_features": "SlowFast, 300 true labels",
}
NUMBERS = ("value", "low", "high", "chance", "constant", "num")


def label(mined: Path, out: Path, world: Path) -> None:
    """Write the tables of labels that systems learn from, one file each: three label sets, and the truth."""
    for name, words in LABEL_SETS.items():
        file = out / f"{name}.parquet"
        if not file.exists():
            slowpaths("label", f"mined={mined}", *words)
            write_table(file, read_table(MinedFolder(mined).file(LABELS), LABELS), LABELS)
    if not (out / "truth.parquet").exists():
        table = true_labels(out / "voices.parquet", WorldFolder(world).truth.strokes_file)
        write_table(out / "truth.parquet", table, LABELS)


def collect(study: Path, parts: Iterable[str], seeds: Sequence[int]) -> None:
    """Put the predictions of all cells into one folder, with a table that says what each cell is."""
    out = study / "systems"
    out.mkdir(exist_ok=True)
    rows = []
    for part in parts:
        sweep = SweepFolder(study / part)
        words, names = PARTS[part]  # a sweep's axes are what differs in it
        unvaried = {"labels": names[0], "seed": str(seeds[0])} | dict(word.split("=", 1) for word in words)
        for cell in sweep.plan():
            if not (predictions := sweep.run(cell).predictions).exists():
                print(f"left out, not trained: {sweep.path / cell.name}")
                continue
            axes = unvaried | dict(cell.axes)
            labels = Path(axes["labels"]).stem
            said = {
                "supervision": "supervised" if labels == "truth" else "pseudo-labels",
                "network": f"skeleton_gru_{axes['model.hidden']}" if "model.hidden" in axes else "slowfast_tiny",
                "labels": labels,
                "loss": axes.get("loss", "soft_ce"),
                "clips": axes.get("data.max_train_clips", "null").replace("null", "all"),
                "init": axes.get("init", "null").replace("null", "random"),
            }
            system = " ".join(list(said.values())[1:])
            file = f"{system.replace(' ', '-')}-seed{axes['seed']}"
            shutil.copyfile(predictions, out / f"{file}.parquet")
            learnt = {row.delivery_id for row in read_predictions(predictions) if row.split == "train"}
            amount = len(learnt) if said["clips"] == "all" else min(int(said["clips"]), len(learnt))
            rows.append({"file": file, "system": system, "seed": axes["seed"], "amount": amount, **said})
    write_text(out / "systems.csv", csv_table(rows))


def key_systems(study: Path) -> Table:
    """Return every measure of the key systems, means over seeds of values and of intervals over matches."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    with (study / "systems" / "systems.csv").open(newline="") as stream:
        named = [row for row in csv.DictReader(stream) if row["system"] in KEY_SYSTEMS]
    for row in sorted(named, key=lambda row: list(KEY_SYSTEMS).index(row["system"])):
        out, predictions = study / "judged" / row["file"], study / "systems" / f"{row['file']}.parquet"
        slowpaths("evaluate", f"predictions={predictions}", f"truth={study / 'world'}", f"out={out}")
        for measure, item in RunFolder(out).report()["measures"].items():
            if item["value"] is not None:
                numbers = {key: np.nan if item[key] is None else float(item[key]) for key in NUMBERS}
                found.setdefault((row["system"], measure), []).append(numbers)
    return [
        {"system": KEY_SYSTEMS[system], "measure": measure, "seeds": len(seeds)}
        | {key: float(np.mean([one[key] for one in seeds])) for key in NUMBERS}
        for (system, measure), seeds in found.items()
    ]


def publish(study: Path, results: Path) -> None:
    """Keep the table of measures of a gap study, and its tables."""
    folder = GapFolder(study)
    results.mkdir(parents=True, exist_ok=True)
    for file in (folder.measures_file, *folder.figures.glob("*.csv")):
        shutil.copyfile(file, results / file.name)


def analyse(results: Path, out: Path) -> None:
    """Analyse the kept table of measures again; what needs predictions, and what was unusable, is left as it is.

    Args:
        results: Folder of the kept tables.
        out: Folder for the study.
    """
    left_out = results / "left_out.csv"
    unusable = [row for row in rows_of(left_out) if row["kind"] == "unusable"]
    slowpaths("gap", f"runs={results}", f"out={out}")
    publish(out, results)
    if unusable:
        write_text(left_out, to_csv([*unusable, *(row for row in rows_of(left_out) if row not in unusable)]))


def rows_of(file: Path) -> list[dict[str, str]]:
    """Read a table that `publish` kept; it has no rows where it is not there."""
    return list(csv.DictReader(file.open(newline=""))) if file.is_file() else []


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/gap_study"))
    parser.add_argument("--workers", type=int, default=2, help="videos mined at the same time")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="pixels: the first")
    parser.add_argument("--results", type=Path, default=Path("experiments/gap/results"), help="for the tables")
    parser.add_argument("--analyse", action="store_true", help="no more than the kept table of measures, again")
    asked = parser.parse_args()
    if asked.analyse:
        analyse(asked.results, asked.out / "again")
        return
    world, mined, labels = asked.out / "world", asked.out / "mined", asked.out / "labels"
    slowpaths("world", "world=study", "seed=11", f"out={world}")
    slowpaths("mine", f"footage={world}", f"out={mined}", "pose=simulated", f"workers={asked.workers}")
    labels.mkdir(exist_ok=True)
    label(mined, labels, world)
    for part in asked.parts:
        words, names = PARTS[part]
        files = ",".join(str(labels / f"{name}.parquet") for name in names)
        seeds = ",".join(map(str, asked.seeds[:1] if part == PIXELS else asked.seeds))
        swept = (f"labels={files}", f"seed={seeds}", f"data.test_matches=[{TESTED}*]", "data.fractions=[0.85,0.15,0]")
        slowpaths("train", "-m", f"mined={mined}", *words, *swept, f"out={asked.out / part}", *PARALLEL)
    collect(asked.out, asked.parts, asked.seeds)
    slowpaths("gap", f"runs={asked.out / 'systems'}", f"truth={world}", f"out={asked.out / 'gap'}")
    publish(asked.out / "gap", asked.results)
    write_text(asked.results / "key_systems.csv", to_csv(key_systems(asked.out)))


if __name__ == "__main__":
    main()
