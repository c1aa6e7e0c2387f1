"""How many true labels is a system without labels worth? Networks that learn from more and more of them, on real poses.

usage: python -m scripts.supervision [--shared ../shared] [--out runs/supervision] [--amounts 40 80 ...] [--seeds 0 1]

Names the sequences of an archive with label sets that no label of a person went into, and with skeleton networks that
learn from so many true labels or from all pseudo-labels, and name sequences they have not seen (cross-fitted). What a
label set is worth is the number of true labels at which the curve of the supervised networks has its value. A quarter
of an hour on two cores; run it again to go on.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from scripts.commands import slowpaths
from scripts.cross_fitting import FOLDS, cross_fitted
from scripts.gap_real import EVERY_VOICE, HEAD, LABEL_SETS, TAXONOMY
from scripts.true_labels import true_labels

from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.gap.label_budget import fit_curve, labels_worth
from slowpaths.evaluation.intervals import jackknife
from slowpaths.evaluation.measure import Measure, Table
from slowpaths.evaluation.measures import SPECS
from slowpaths.evaluation.pairing import pair
from slowpaths.evaluation.prediction_table import read_predictions
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.truth_table import Truth, read_truth
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import write_table, write_text

AMOUNTS = (40, 80, 160, 280, 410)  # true labels that a network sees: 5, 10, 20, 35 and 51 for each of eight groups
SHOWN = {"majority vote": "majority_vote", "rules by the label model": "votes", "all voices": EVERY_VOICE}
NETWORK = "network on all voices"
MEASURES = {
    "top1": "accuracy", "macro_f1": "accuracy", "ece": "calibration", "retrieval_ap": "usefulness",
    "wss95": "usefulness", "decision_utility": "usefulness", "auto_accept": "usefulness",
    "prevalence_error": "usefulness", "profile_fidelity": "usefulness",
}  # fmt: skip
WORTH = ("top1", "retrieval_ap", "wss95", "decision_utility", "prevalence_error")  # measures whose labels are counted
_NUMBERS = ("value", "low", "high", "chance", "constant", "num")


def fewer(labels: pa.Table, *, amount: int, seed: int) -> pa.Table:
    """Keep so many labels, drawn by the seed, fewer being a part of more, that a network of each fold sees `amount`.

    A fold is named by a network that sees the others: for training all but one of them, which says which epoch is kept.
    """
    rows = np.flatnonzero(labels["is_kept"].to_numpy(zero_copy_only=False))
    taken = np.random.default_rng(seed).permutation(rows)[: round(amount * FOLDS / (FOLDS - 1))]
    column = pa.array(np.isin(np.arange(len(labels)), taken))
    return labels.set_column(labels.column_names.index("is_kept"), "is_kept", column)


def measured(predictions: Path, truth: Truth) -> dict[str, tuple[Measure, np.ndarray]]:
    """Return every measure that was taken, and its value with each group of matches left out (B,)."""
    sample = Sample(pair(read_predictions(predictions), truth))
    found = {}
    for spec in (spec for spec in SPECS if MEASURES.get(spec.name) == spec.side):
        taken, reading = spec.take(sample), None
        if taken is not None and taken.value is not None:
            reading = spec.measure(sample)
        if taken is not None and reading is not None and reading.values_B is not None:
            found[spec.name] = taken, reading.values_B
    return found


def worth(curve_KB: np.ndarray, amount_K: np.ndarray, value_B: np.ndarray) -> tuple[float, float, float]:
    """Return the number of labels at which the curve has a value, and its 95 % interval, jackknifed as logarithm.

    What lies off the curve is held at the smallest or largest amount: these ends are bounds.
    """
    ends = float(amount_K.min()), float(amount_K.max())
    found_B = np.array([
        np.clip(labels_worth(float(value), fit_curve(amount_K, curve_K, np.ones(len(amount_K)))), *ends)
        for curve_K, value in zip(curve_KB.T, value_B, strict=True)
    ])  # fmt: skip
    interval = jackknife(np.log(found_B))
    low, high = np.exp([interval.low, interval.high]) if interval else (np.nan, np.nan)
    return float(found_B[0]), float(max(low, ends[0])), float(min(high, ends[1]))


def worth_table(systems: Mapping[str, Path], supervised: Mapping[tuple[int, int], Path], truth: Truth) -> Table:
    """Return what every system is worth in labels by every measure."""
    taught = {key: measured(path, truth) for key, path in supervised.items()}
    amount_K = np.array([amount for amount, _ in taught], dtype=np.float64)
    rows: Table = []
    for name, path in systems.items():
        own = measured(path, truth)
        for key in (key for key in WORTH if key in own and all(key in found for found in taught.values())):
            sign = -1.0 if next(spec.best for spec in SPECS if spec.name == key) == "lowest" else 1.0
            curve_KB = sign * np.stack([found[key][1] for found in taught.values()])
            labels, low, high = worth(curve_KB, amount_K, sign * own[key][1])
            beyond = {amount_K.min(): "or fewer", amount_K.max(): "or more"}.get(labels, "")
            rows.append({"system": name, "measure": key, "labels": labels, "low": low, "high": high, "beyond": beyond})
    return rows


def curve_table(
    systems: Mapping[str, Sequence[Path]], supervised: Mapping[tuple[int, int], Path], truth: Truth
) -> Table:
    """Return value and interval of every measure: of networks by the number of labels, of the others at each of them.

    Those with several seeds are given as the mean of their seeds, values and intervals alike. The interval of what no
    label changes stands at the smallest number of labels only.
    """
    amounts = sorted({amount for amount, _ in supervised})
    groups = {("true labels", at): [path for (own, _), path in supervised.items() if own == at] for at in amounts}
    groups |= {(name, at): list(paths) for name, paths in systems.items() for at in amounts}
    known: dict[Path, dict[str, tuple[Measure, np.ndarray]]] = {}
    rows: Table = []
    for (name, amount), paths in groups.items():
        for path in paths:
            known[path] = known.get(path) or measured(path, truth)
        for key in MEASURES:
            taken = [known[path][key][0] for path in paths if key in known[path]]
            if len(taken) == len(paths):
                means = {one: _mean([getattr(item, one) for item in taken]) for one in _NUMBERS}
                if name != "true labels" and amount != amounts[0]:
                    means |= {"low": float("nan"), "high": float("nan")}
                rows.append({"system": name, "labels": amount, "seeds": len(paths), "measure": key, **means})
    return rows


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else float("nan")


def main() -> None:
    """Mine, label, train, judge, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with poses/")
    parser.add_argument("--out", type=Path, default=Path("runs/supervision"))
    parser.add_argument("--amounts", type=int, nargs="+", default=AMOUNTS, help="true labels that a network sees")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--results", type=Path, default=Path("experiments/supervision/results"), help="for the tables")
    asked = parser.parse_args()
    archive = asked.shared / "poses" / "cricshot10_poses_dev.npz"
    mined, labels = asked.out / "sequences", asked.out / "labels"
    labels.mkdir(parents=True, exist_ok=True)
    folder = MinedFolder(mined)
    if not folder.has(LABELS):
        slowpaths("mine", f"footage={archive}", f"out={mined}")
    for name in SHOWN.values():
        if not (labels / f"{name}.parquet").exists():
            slowpaths("label", f"mined={mined}", *LABEL_SETS[name])
            shutil.copyfile(folder.file(LABELS), labels / f"{name}.parquet")
    write_archive_truth(asked.out / "truth.csv", read_pose_archive(archive))
    whole = true_labels(labels / f"{EVERY_VOICE}.parquet", asked.out / "truth.csv", taxonomy=TAXONOMY)
    supervised = {}
    for seed in asked.seeds:
        files = {amount: labels / f"truth_{amount}_seed{seed}.parquet" for amount in asked.amounts}
        for amount, file in files.items():
            write_table(file, fewer(whole, amount=amount, seed=seed), LABELS)
        axes = {"labels": list(files.values()), "seed": [seed]}
        found = cross_fitted(mined, HEAD, axes=axes, out=asked.out / f"networks_supervised_{seed}")
        supervised |= {(amount, seed): found[str(file), str(seed)] for amount, file in files.items()}
    axes = {"labels": [labels / f"{EVERY_VOICE}.parquet"], "seed": asked.seeds}
    networks = list(cross_fitted(mined, HEAD, axes=axes, out=asked.out / "networks_pseudo-labels").values())
    truth = read_truth(asked.out / "truth.csv", taxonomy=TAXONOMY)
    alone = {name: labels / f"{file}.parquet" for name, file in SHOWN.items()}
    curves = curve_table({**{name: [path] for name, path in alone.items()}, NETWORK: networks}, supervised, truth)
    write_text(asked.results / "curves.csv", to_csv(curves))
    write_text(asked.results / "worth.csv", to_csv(worth_table({**alone, NETWORK: networks[0]}, supervised, truth)))


if __name__ == "__main__":
    main()
