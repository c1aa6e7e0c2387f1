"""How much do more weakly labelled clips help? Networks that learn from 50 to 1,300 clips of synthetic footage.

usage: python -m scripts.learning_curve [--out runs/learning_curve] [--matches 12] [--seeds 0 1 2] [--recipes NAME ...]

Films and mines the world of the study of the gap with another seed, 24 matches to learn from and some of other batters,
ground and broadcaster to be judged on, and trains each recipe on as many clips as asked, drawn by the seed, fewer being
a part of more. Hours on two cores; run it again to go on where it stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scripts.commands import slowpaths
from scripts.true_labels import true_labels
from sklearn.metrics import f1_score

from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.intervals import jackknife, weighted_mean
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import Truth, read_truth
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import write_table, write_text
from slowpaths.store.world_folder import WorldFolder

SEED = 31  # of the world
CLIPS_AND_EPOCHS = {"50": 48, "150": 48, "500": 24, "null": 12}  # clips to learn from, null for all
HEADS = ("trainer=cpu", "data.num_workers=0", "data.batch_size=32", "optim.warmup_epochs=1")
RECIPES = {
    "SlowFast, head alone": ("experiment=demo", "init=slowfast_tiny_features", "optim.lr=0.01"),
    "SlowFast, moves as a whole": ("experiment=demo_fine_tuned",),
    "frozen ImageNet features": ("model=frozen_gru", *HEADS),
    "skeletons": ("model=skeleton_gru", *HEADS),
}
TESTED = "hc"  # how names of the matches begin that are judged


def train(recipe: str, labels: Path, asked: argparse.Namespace) -> dict[str, list[Path]]:
    """Train a recipe on every number of clips by every seed; return the predictions of the seeds by number of clips."""
    found: dict[str, list[Path]] = {}
    for clips, epochs in CLIPS_AND_EPOCHS.items():
        for seed in asked.seeds:
            run = RunFolder(asked.out / labels.stem / recipe.replace(", ", "_").replace(" ", "_") / f"{clips}_{seed}")
            if not run.predictions.exists():
                slowpaths(
                    "train", f"mined={asked.out / 'mined'}", f"labels={labels}", *RECIPES[recipe],
                    f"data.test_matches=[{TESTED}*]", "data.fractions=[0.9,0.1,0]", f"data.max_train_clips={clips}",
                    f"trainer.max_epochs={epochs}", f"seed={seed}", f"out={run.path}",
                )  # fmt: skip
            found.setdefault(clips, []).append(run.predictions)
    return found


def judge(tables: Sequence[Path], truth: Truth) -> dict[str, float]:
    """Return what predictions or labels reach on the matches that nothing was learnt from, mean over the tables."""
    samples = []
    for path in tables:
        predictions = read_predictions(path)
        tested = np.char.startswith(predictions.match_id.astype(str), TESTED)
        samples.append(Sample(pair(predictions.take(tested), truth)))
    right_SN = np.array([sample.correct_N for sample in samples])
    interval = jackknife(weighted_mean(right_SN.mean(axis=0), samples[0].weights_BN))
    assert interval is not None, "there are always twelve matches or so"
    f1_S = [f1_score(sample.true_N, sample.called_N, average="macro", zero_division=0) for sample in samples]
    spread = float(right_SN.mean(axis=1).std(ddof=1)) if len(tables) > 1 else float("nan")
    shares = {"right": float(right_SN.mean()), "low": float(interval.low), "high": float(interval.high)}
    constant = float(samples[0].shares_G.max())
    return shares | {"seeds": len(tables), "sd": spread, "macro_f1": float(np.mean(f1_S)), "constant": constant}


def learnt(path: Path) -> int:
    """Return from how many clips a run learnt."""
    return int((read_predictions(path).split == "train").sum())


def main() -> None:
    """Film, mine, train and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/learning_curve"))
    parser.add_argument("--matches", type=int, default=12, help="of other batters, to be judged on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--results", type=Path, default=Path("experiments/learning_curve/results"))
    asked = parser.parse_args()
    world, mined, tables = asked.out / "world", asked.out / "mined", asked.out / "labels"
    slowpaths("world", "world=study", f"seed={SEED}", f"world.parts.hc.num_matches={asked.matches}", f"out={world}")
    if not MinedFolder(mined).has(LABELS):
        slowpaths("mine", f"footage={world}", f"out={mined}", "pose=simulated")
    strokes, weak, true = WorldFolder(world).truth.strokes_file, tables / "weak.parquet", tables / "true.parquet"
    if not true.exists():
        tables.mkdir(exist_ok=True)
        weak.write_bytes(MinedFolder(mined).file(LABELS).read_bytes())
        write_table(true, true_labels(weak, strokes), LABELS)
    truth = read_truth(strokes, taxonomy="slowpaths")
    rows: Table = [{"recipe": "the labels themselves", "labels": "weak", "clips": 0} | judge([weak], truth)]
    for labels in (weak, true):
        for recipe in asked.recipes:
            for paths in train(recipe, labels, asked).values():
                told = {"recipe": recipe, "labels": labels.stem, "clips": learnt(paths[0])}
                rows.append(told | judge(paths, truth))
            write_text(asked.results / "curve.csv", to_csv(rows))


if __name__ == "__main__":
    main()
