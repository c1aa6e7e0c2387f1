"""How much do more weakly labelled clips help? Networks that learn from 50 to 1,000 clips of synthetic footage.

usage: python -m scripts.learning_curve [--out runs/learning_curve] [--matches 12] [--seeds 0 1 2] [--recipes NAME ...]

Films and mines the world of the study of the gap with another seed, 24 matches to learn from and some of other batters,
ground and broadcaster to be judged on, and trains each recipe on as many clips as asked, drawn by the seed, fewer being
a part of more. Hours on two cores; run it again to go on where it stopped.

Legend: N deliveries, D features, S seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scripts.commands import slowpaths
from scripts.starts_under_noise import seen
from scripts.true_labels import true_labels
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.intervals import jackknife, weighted_mean
from slowpaths.evaluation.measure import Table
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import Predictions, read_predictions
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
    "frozen ImageNet features": ("model=frozen_gru", *HEADS),
    "skeletons": ("model=skeleton_gru", *HEADS),
}
SLOWFAST = "head on frozen SlowFast features"
RIDGE = 100.0  # of that head; of 1, 10 and 100 it named most strokes of two demos
LEAST_SHARE = 0.05  # a clip teaches every stroke that is at least so likely, as much as it is likely
TESTED = "hc"  # how names of the matches begin that are judged
Cells = dict[str, list[tuple[int, Predictions]]]  # clips asked for -> of each seed: clips learnt from, predictions


def train(recipe: str, labels: Path, asked: argparse.Namespace) -> Cells:
    """Train a recipe on every number of clips by every seed."""
    found: Cells = {}
    table = read_predictions(labels)
    kept = table.delivery_id[table.is_kept]
    for clips, epochs in CLIPS_AND_EPOCHS.items():
        for seed in asked.seeds:
            run = RunFolder(asked.out / labels.stem / recipe.replace(" ", "_") / f"{clips}_{seed}")
            if not run.predictions.exists():
                slowpaths(
                    "train", f"mined={asked.out / 'mined'}", f"labels={labels}", *RECIPES[recipe],
                    f"data.test_matches=[{TESTED}*]", "data.fractions=[0.9,0.1,0]", f"data.max_train_clips={clips}",
                    f"trainer.max_epochs={epochs}", f"seed={seed}", f"out={run.path}",
                )  # fmt: skip
            predictions = read_predictions(run.predictions)
            number = int(np.isin(predictions.delivery_id[predictions.split == "train"], kept).sum())
            number = number if clips == "null" else min(int(clips), number)
            found.setdefault(clips, []).append((number, predictions))
    return found


def fit_heads(labels: Path, seen_of: dict[str, np.ndarray], seeds: Sequence[int]) -> Cells:
    """Fit logistic regressions to what SlowFast sees of each delivery (D,), as `train` trains."""
    table = read_predictions(labels)
    seen_ND = StandardScaler().fit_transform(np.array([seen_of[name] for name in table.delivery_id]))
    may_learn = np.flatnonzero(table.is_kept & ~is_tested(table))
    found: Cells = {}
    for clips in CLIPS_AND_EPOCHS:
        for seed in seeds:
            rows = np.random.default_rng(seed).permutation(may_learn)[: None if clips == "null" else int(clips)]
            example, stroke = np.nonzero(table.probs_NC[rows] >= LEAST_SHARE)
            head = LogisticRegression(C=1 / RIDGE, max_iter=2000)
            head.fit(seen_ND[rows[example]], stroke, sample_weight=table.probs_NC[rows[example], stroke])
            probs_NC = np.zeros_like(table.probs_NC)
            probs_NC[:, head.classes_] = head.predict_proba(seen_ND)
            predictions = replace(table, probs_NC=probs_NC, named=probs_NC.argmax(axis=1))
            found.setdefault(clips, []).append((len(rows), predictions))
    return found


def is_tested(predictions: Predictions) -> np.ndarray:
    """Return which predictions are of the matches that nothing was learnt from (N,)."""
    return np.char.startswith(predictions.match_id.astype(str), TESTED)


def judge(seeds: Sequence[Predictions], truth: Truth) -> dict[str, float]:
    """Return what the predictions of several seeds reach on the matches that nothing was learnt from."""
    samples = [Sample(pair(predictions.take(is_tested(predictions)), truth)) for predictions in seeds]
    right_SN = np.array([sample.correct_N for sample in samples])
    interval = jackknife(weighted_mean(right_SN.mean(axis=0), samples[0].weights_BN))
    assert interval is not None, "a world has a dozen such matches"
    f1_S = [f1_score(sample.true_N, sample.called_N, average="macro", zero_division=0) for sample in samples]
    spread = float(right_SN.mean(axis=1).std(ddof=1)) if len(seeds) > 1 else float("nan")
    shares = {"right": float(right_SN.mean()), "low": float(interval.low), "high": float(interval.high)}
    constant = float(samples[0].shares_G.max())
    return shares | {"seeds": len(seeds), "sd": spread, "macro_f1": float(np.mean(f1_S)), "constant": constant}


def main() -> None:
    """Film, mine, train and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/learning_curve"))
    parser.add_argument("--matches", type=int, default=12, help="of other batters, to be judged on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipes", nargs="*", choices=RECIPES, default=list(RECIPES))
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
    truth, seen_of = read_truth(strokes, taxonomy="slowpaths"), seen(mined, "slowfast_tiny_features")
    own = judge([read_predictions(weak)], truth)
    rows: Table = [{"recipe": "the labels themselves", "labels": "weak", "clips": 0} | own]
    for labels in (weak, true):
        for recipe in (SLOWFAST, *asked.recipes):
            cells = fit_heads(labels, seen_of, asked.seeds) if recipe == SLOWFAST else train(recipe, labels, asked)
            for seeds in cells.values():
                told = {"recipe": recipe, "labels": labels.stem, "clips": seeds[0][0]}
                rows.append(told | judge([predictions for _, predictions in seeds], truth))
            write_text(asked.results / "curve.csv", to_csv(rows))


if __name__ == "__main__":
    main()
