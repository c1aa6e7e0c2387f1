"""How right are the names of strokes, and what is each voice worth? On real sequences, real clips and synthetic worlds.

usage: python -m scripts.naming [--shared ../shared] [--out runs/naming] [--worlds 31] [--results DIR]

Mines an archive of pose sequences, the real clips of footage and footage_b (strokes found by the shipped files, which
know these clips; naming knows none) and synthetic worlds of these seeds, labels each with more and more voices, and
lets `evaluate` compare: it is the only one that reads a label. The real clips are labelled in the company of the
archive, too; so are those of footage_b with every stage of finding given the truth, to tell what is lost by names from
what is lost by finding. Run it again to go on with what is missing.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import pyarrow.parquet as pq
from scripts.commands import slowpaths

from slowpaths.mining.oracle import STAGES
from slowpaths.store.run_folder import RunFolder

VOICES: dict[str, tuple[str, ...]] = {
    "majority vote": ("label_model=majority", "teacher=none", "student.use=false"),
    "votes": ("teacher=none", "student.use=false"),
    "votes, teacher": ("student.use=false",),
    "votes, student": ("teacher=none",),
    "teacher, student": ("votes=false",),
    "votes, teacher, student": (),
}
MEASURES = ("top1", "accuracy_at_half", "top1_kept", "balanced_accuracy", "ece", "foot", "plane", "side")
NUMBERS = ("value", "low", "high", "chance", "constant", "num")


def both_truths(shared: Path, *, to: Path) -> Path:
    """Write the truth of both sets of real clips as one table."""
    parts = [(shared / name / "truth.csv").read_text().splitlines() for name in ("footage", "footage_b")]
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text("\n".join([*parts[0], *parts[1][1:]]) + "\n")
    return to


def judge(mined: Path, *, truth: Path, to: Path, how: tuple[str, ...], taxonomy: str) -> dict[str, dict]:
    """Label a mined folder and evaluate the labels, and each voice by itself where all speak; name -> measures."""
    if not (to / "report.json").exists():
        slowpaths("label", f"mined={mined}", *how)
        against = (f"truth={truth}", f"truth_taxonomy={taxonomy}", "split=all")
        said = mined / "voices.parquet"
        is_whole = not {"teacher=none", "student.use=false", "votes=false"} & set(how)
        spoke = set(pq.read_table(said, columns=["model_id"])["model_id"].to_pylist())  # few deliveries: no student
        for voice in sorted(spoke & {"teacher", "student"}) if is_whole else ():
            slowpaths("evaluate", f"predictions={said}", f"model_id={voice}", *against, f"out={to}-{voice}")
        slowpaths("evaluate", f"predictions={mined / 'labels.parquet'}", *against, f"out={to}")
    folders = {"": to, **{f"{voice} alone": Path(f"{to}-{voice}") for voice in ("teacher", "student")}}
    return {name: RunFolder(path).report()["measures"] for name, path in folders.items() if path.is_dir()}


def main() -> None:
    """Read the command line, mine what is missing, judge every set of voices, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="poses, footage, footage_b and models")
    parser.add_argument("--out", type=Path, default=Path("runs/naming"), help="for mined folders and reports")
    parser.add_argument("--worlds", type=int, nargs="*", default=[31], help="seeds of world=demo")
    parser.add_argument("--results", type=Path, default=Path("experiments/naming/results"), help="for the table")
    asked = parser.parse_args()
    archive = asked.shared / "poses" / "cricshot10_poses_dev.npz"
    clips = ",".join(str(asked.shared / name / "clips") for name in ("footage", "footage_b"))
    mined: dict[str, tuple[Path, Path, str, tuple[str, ...]]] = {}  # set -> folder, truth, taxonomy, more of mine
    sequences, real = asked.out / "sequences", asked.out / "clips"
    mined["sequences"] = (sequences, archive, "cricshot10", (f"footage={archive}",))
    truth = both_truths(asked.shared, to=asked.out / "truth.csv")
    found = (f"footage=[{clips}]", "pose=movenet", f"weights_dir={asked.shared / 'models'}", "workers=2")
    mined["clips"] = (real, truth, "cricshot10", found)
    gold = asked.shared / "footage_b"
    given = (f"footage={gold / 'clips'}", *found[1:], f"oracle=[{','.join(STAGES)}]", f"truth={gold}")
    mined["true stages"] = (asked.out / "true_stages", gold / "truth.csv", "cricshot10", given)
    for seed in asked.worlds:
        world = asked.out / f"world{seed}"
        if not (world / "truth" / "truth.csv").exists():
            slowpaths("world", "world=demo", f"seed={seed}", f"out={world}", "workers=2")
        mined[f"world {seed}"] = (asked.out / f"mined{seed}", world, "slowpaths", (f"footage={world}", "workers=2"))
    rows, beside = [], f"company=[{sequences}]"
    for name, (folder, truth, taxonomy, how) in mined.items():
        if not (folder / "labels.parquet").exists():
            slowpaths("mine", *how, f"out={folder}")
        for company in {"clips": ("", beside), "true stages": (beside,)}.get(name, ("",)):
            label = f"{name} in company" if company else name
            for voices, chosen in VOICES.items():
                to = asked.out / "reports" / f"{label}-{voices}".replace(" ", "_").replace(",", "")
                more = (*chosen, company) if company else chosen
                for alone, measures in judge(folder, truth=truth, to=to, how=more, taxonomy=taxonomy).items():
                    rows += [[label, alone or voices, key, *(measures[key][part] for part in NUMBERS)]
                             for key in MEASURES if measures.get(key, {}).get("value") is not None]  # fmt: skip
    asked.results.mkdir(parents=True, exist_ok=True)
    with (asked.results / "measures.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["set", "voices", "measure", *NUMBERS])
        for row in rows:
            writer.writerow([f"{one:.4g}" if isinstance(one, float) else "" if one is None else one for one in row])
    print(f"wrote {asked.results / 'measures.csv'}")


if __name__ == "__main__":
    main()
