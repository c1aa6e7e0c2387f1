"""How right labels are at every coverage, and whether what is said of them without labels is true: simulated votes.

usage: python -m scripts.label_models coverage|label_free|real [--seeds 20] [--out experiments] [--shared ../shared]

Strokes are played unevenly; the 33 rules of `scripts.vote_worlds` vote, those of a family failing together (.3), one in
ten nearly always wrong. `coverage` writes OUT/label_coverage/results/coverage.csv, labels right by coverage (the surest
first), model and number of deliveries. `label_free` writes OUT/label_free/results/ with rules.csv (how right a rule is,
as the hierarchical model says and as it is) and labels.csv (how right the labels are, as expected from families unseen,
as the model is sure, and as they are) over worlds from hard to easy. Intervals are over seeds. `real` writes real.csv
beside them: the same two numbers of the votes on an archive of real pose sequences, whose groups of strokes are known.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scripts.vote_worlds import FAMILIES, Declared, World, draw

import slowpaths as library
from slowpaths.core.text import csv_table
from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.evaluation.intervals import jackknife
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import read_truth
from slowpaths.labelling.model.agreement import hard_labels, hold_out_families
from slowpaths.labelling.model.dawid_skene import DawidSkene
from slowpaths.labelling.model.hierarchical import HierarchicalPartial
from slowpaths.labelling.model.label_model import LabelModel
from slowpaths.labelling.model.majority import MajorityVote
from slowpaths.labelling.model.naive_bayes import FixedNaiveBayes
from slowpaths.labelling.model.temperature import agreed_sureness
from slowpaths.labelling.pipeline import label
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, LABELS
from slowpaths.store.tables import write_text

SIZES, COVERAGES = (150, 500, 1500, 5000), (0.2, 0.4, 0.6, 0.8, 1.0)
ACCURACIES, NUM = (0.5, 0.6, 0.7, 0.8, 0.9), 1000  # mean accuracy of the rules, hard worlds to easy; deliveries in them
MODELS: dict[str, type[LabelModel]] = {
    "majority": MajorityVote, "naive Bayes": FixedNaiveBayes, "Dawid-Skene": DawidSkene,
    "hierarchical": HierarchicalPartial,
}  # fmt: skip
Row = dict[str, object]


def main() -> None:
    """Draw the worlds and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("coverage", "label_free", "real"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("experiments"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with poses/, for `real`")
    parser.add_argument("--mined", type=Path, default=Path("runs/label_free/sequences"), help="of these, for `real`")
    given = parser.parse_args()
    if given.what == "real":
        write_text(given.out / "label_free" / "results" / "real.csv", csv_table(real(given.shared, given.mined)))
        return
    if given.what == "coverage":
        write_text(given.out / "label_coverage" / "results" / "coverage.csv", csv_table(coverage(given.seeds)))
        return
    rules, labels = label_free(given.seeds)
    write_text(given.out / "label_free" / "results" / "rules.csv", csv_table(rules))
    write_text(given.out / "label_free" / "results" / "labels.csv", csv_table(labels))


def world(num: int, accuracy: float, seed: int) -> tuple[World, np.ndarray, list[Declared]]:
    """Return a world of the rulebook, the shares of its strokes (C,) and its rules."""
    declared: list[Declared] = [(family, sets, None) for family, listed in FAMILIES.items() for sets in listed]
    shares_C = np.random.default_rng((seed, 4)).dirichlet(np.full(14, 2.0))
    described = World(
        seed=seed, num=num, shares="uneven", rules="rulebook", num_rules=len(declared), correlation=0.3,
        accuracy=accuracy, wrong=0.1, coverage=1.0, spread=0.15, has_weights=False,
    )  # fmt: skip
    return described, shares_C, declared


def right_among_the_surest(probs_NC: np.ndarray, truth_N: np.ndarray) -> list[float]:
    """Return the share of right labels among the surest, for every coverage; ties are shared."""
    right_N = hard_labels(probs_NC)[np.arange(len(truth_N)), truth_N]
    order = np.argsort(-probs_NC.max(axis=1), kind="stable")
    return [float(right_N[order[: round(share * len(order))]].mean()) for share in COVERAGES]


def coverage(seeds: int) -> list[Row]:
    """Return labels right by coverage, model and number of deliveries."""
    rows: list[Row] = []
    for num in SIZES:
        found: dict[str, list[list[float]]] = {name: [] for name in MODELS}
        for seed in range(seeds):
            votes, truth_N = draw(*world(num, 0.7, seed), 0)
            for name, model in MODELS.items():
                probs_NC = model(temperature=1.0).fit(votes).predict_proba(votes)
                found[name].append(right_among_the_surest(probs_NC, truth_N))
        for name, scores in found.items():
            for share, values in zip(COVERAGES, np.array(scores).T, strict=True):
                rows.append({"deliveries": num, "model": name, "coverage": share} | estimate(values, "right"))
    return rows


def label_free(seeds: int) -> tuple[list[Row], list[Row]]:
    """Return what is said without labels beside what is true: of rules, and of labels."""
    rules: list[Row] = []
    labels: list[Row] = []
    for accuracy in ACCURACIES:
        found: dict[str, list[float]] = {"expected": [], "confidence": [], "right": [], "rule_correlation": []}
        for seed in range(seeds):
            described, shares_C, declared = world(NUM, accuracy, seed)
            votes, truth_N = draw(described, shares_C, declared, 0)
            model = HierarchicalPartial(temperature=1.0).fit(votes)
            probs_NC = model.predict_proba(votes)
            true_R = [
                float(spec.sets_SC[column[cast], truth_N[cast]].mean())
                for spec, column, cast in zip(votes.specs, votes.symbols_NR.T, votes.symbols_NR.T >= 0, strict=True)
            ]
            expected = agreed_sureness(model, hold_out_families(model, votes))
            found["expected"].append(np.nan if expected is None else expected)
            found["confidence"].append(float(probs_NC.max(axis=1).mean()))
            found["right"].append(float(hard_labels(probs_NC)[np.arange(NUM), truth_N].mean()))
            found["rule_correlation"].append(float(np.corrcoef(true_R, model.rule_precision_)[0, 1]))
            if seed == 0:
                said = zip(votes.specs, model.rule_precision_, true_R, strict=True)
                rules += [
                    {"rules_right": accuracy, "rule": spec.code, "estimated": f"{own:.4f}", "true": f"{true:.4f}"}
                    for spec, own, true in said
                ]
        true = np.array(found["right"])
        for name in ("expected", "confidence", "rule_correlation"):
            row: Row = {"rules_right": accuracy, "says": name} | estimate(np.array(found[name]), "said")
            labels.append(row | {"right": f"{true.mean():.4f}"})
    return rules, labels


def real(shared: Path, mined: Path) -> list[Row]:
    """Return what is said of the votes on real sequences without labels, beside the share named right of groups."""
    archive = shared / "poses" / "cricshot10_poses_dev.npz"
    folder, truth = MinedFolder(mined), mined.with_name("truth.csv")
    if not folder.has(LABELS):
        library.mine(archive, mined)
    found = label(folder.read(DELIVERIES), folder.read(FOOTAGE))
    write_archive_truth(truth, read_pose_archive(archive))
    graded = pair(read_predictions(found.labels), read_truth(truth, taxonomy="cricshot10"))
    right = float(Sample(graded, has_intervals=False).correct_N.mean())
    said = {"expected": found.summary.agreed_sureness, "confidence": found.summary.own_confidence}
    return [
        {"says": name, "said": f"{value:.4f}", "right": f"{right:.4f}"}
        for name, value in said.items()
        if value is not None
    ]


def estimate(values: np.ndarray, name: str) -> Row:
    """Return a mean over seeds with its 95 % interval."""
    seeds = np.arange(len(values))
    interval = jackknife(np.array([values.mean(), *(values[seeds != seed].mean() for seed in seeds)]))
    low, high = (interval.low, interval.high) if interval else (np.nan, np.nan)
    return {name: f"{values.mean():.4f}", "low": f"{low:.4f}", "high": f"{high:.4f}"}


if __name__ == "__main__":
    main()
