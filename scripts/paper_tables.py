"""Put the tables of the paper together from committed results: where mining loses, the main table, labels by measure.

usage: python -m scripts.paper_tables [--experiments experiments]

Nothing is measured here. It writes, below the folder of experiments,

mining_waterfall/results/stages.csv   every stage alone and after the others, in three worlds, and on real clips
main_table/results/real.csv           key systems on real skeletons, each measure with its interval
main_table/results/study.csv          key systems of the study, each measure with its interval
supervision/results/study.csv         measures of the study's skeleton networks by the number of true labels
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from slowpaths.evaluation.figures.save import to_csv
from slowpaths.evaluation.gap.population import read_population
from slowpaths.evaluation.measure import Table
from slowpaths.store.tables import write_text

STAGES = {  # measure of a synthetic world -> what it is called, and the measure of real clips that asks the same
    "boundary_recall": ("shot boundaries, recall", "boundary_recall_2"),
    "boundary_precision": ("shot boundaries, precision", "boundary_precision_2"),
    "view": ("views right", "view_in_middle"),
    "replay_recall": ("replays, recall", "replay_recall"),
    "replay_precision": ("replays, precision", "replay_precision"),
    "striker": ("striker's box right", "striker_at_contact"),
    "mining_recall_near": ("deliveries within half a second", "mining_recall_near"),
    "mining_precision_near": ("claims that are true", "mining_precision_near"),
    "impact_within_2": ("impact of the found within 2 frames", ""),
    "mining_recall_live": ("live deliveries within 5 frames", "impact_at_20fps"),
    "handedness": ("handedness right", "handedness"),
    "top1": ("labels right", ""),
}
OLD_NAMES = {"cut_recall": "boundary_recall", "cut_precision": "boundary_precision"}  # of tables made before
OTHERS = ("labels by majority", "rules")  # stages of the waterfall that are looked at beside the chain
WORLDS = {"ordinary": "synthetic", "heldout": "synthetic, unseen ground", "clips": "synthetic clips"}
MEASURES = {  # measure -> head of its column
    "top1": "right", "macro_f1": "macro F1", "ece": "ECE (less is better)",
    "profile_fidelity": "U1 profiles", "ranking_agreement": "U1r ranking of batters", "retrieval_ap": "U2 retrieval",
    "wss95": "U3 clips saved at 95 %", "review_area": "U3 recall over minutes", "decision_utility": "U5 decisions",
    "prevalence_error": "U7 error of shares (less is better)", "robustness_handedness": "U8 the worse hand",
    "auto_accept": "U9 accepted unseen",
}  # fmt: skip
LABELS = "{:.0f} true labels"
WORTH = "U6 worth in true labels"
SKELETONS = ("skeleton_gru_16", "skeleton_gru_64")
CURVES = ("top1", "profile_fidelity", "review_area")
UNLABELLED = {"voices": "all voices", "votes": "rules by the label model"}
SIDE = {"top1": "accuracy", "macro_f1": "accuracy", "ece": "calibration"}  # the others are of usefulness


def read(path: Path) -> list[dict[str, str]]:
    """Read a committed table."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def stages(waterfall: list[dict[str, str]], real: list[dict[str, str]]) -> Table:
    """Return every stage by where it was measured: alone, and with what the stages before it found."""
    rows: Table = []
    on_real = {row["measure"]: row for row in real if row["part"] == "all"}
    for measure, (name, same) in STAGES.items():
        for world, where in WORLDS.items():
            for own in (row for row in waterfall if row["world"] == world and row["stage"] not in OTHERS):
                if OLD_NAMES.get(own["measure"], own["measure"]) != measure:
                    continue
                for how, said in (("alone", "alone"), ("together", "after the others")):
                    numbers = {key: _number(own[f"{how}_{key}"]) for key in ("value", "low", "high", "num")}
                    rows.append({"stage": name, "where": f"{where}, {said}"} | numbers)
        if same in on_real:
            numbers = {key: _number(on_real[same][key]) for key in ("value", "low", "high", "num")}
            rows.append({"stage": name, "where": "real clips, after the others"} | numbers)
    return rows


def real_systems(curves: list[dict[str, str]], worth: list[dict[str, str]]) -> Table:
    """Return key systems on real skeletons, after guessing and the most frequent stroke."""
    rows: Table = []
    of = {row["measure"]: row for row in reversed(curves)}
    for key, head in MEASURES.items():
        if key in of:
            for name, column in (("guessing", "chance"), ("most frequent stroke", "constant")):
                rows.append(_cell(name, head, _number(of[key][column])))
    for row in curves:
        is_taught = row["system"] == "true labels"
        if row["measure"] in MEASURES and (is_taught or row["labels"] == curves[0]["labels"]):
            name = "network, " + LABELS.format(float(row["labels"])) if is_taught else row["system"]
            ends = (_number(row[key]) for key in ("value", "low", "high"))
            rows.append(_cell(name, MEASURES[row["measure"]], *ends))
    rows += [
        _cell(row["system"], WORTH, *(_number(row[key]) for key in ("labels", "low", "high")))
        for row in worth if row["measure"] == "top1"
    ]  # fmt: skip
    heads = [*MEASURES.values(), WORTH]
    return sorted(rows, key=lambda row: heads.index(str(row["column"])))


def study_systems(measured: list[dict[str, str]]) -> Table:
    """Return key systems of the study, means over seeds, after guessing and the most frequent stroke."""
    rows: Table = []
    for key, head in MEASURES.items():
        own = [row for row in measured if row["measure"] == key]
        for name, column in (("guessing", "chance"), ("most frequent stroke", "constant")):
            rows += [_cell(name, head, _number(row[column])) for row in own[:1] if row[column]]
        rows += [_cell(row["system"], head, *(_number(row[end]) for end in ("value", "low", "high"))) for row in own]
    return rows


def study_curves(measures: Path) -> Table:
    """Return measures of the study's skeleton networks by true labels, and what networks without labels reach.

    The ends are the smallest and largest value of the two networks and their two seeds.
    """
    runs = read_population(pq.read_table(measures))
    network, loss, clips = (runs.groups[name] for name in ("network", "loss", "clips"))
    is_own = np.isin(network.astype(str), SKELETONS) & (loss == "soft_ce")
    amounts = sorted({int(text) for text in runs.groups["amount"][is_own & (runs.groups["labels"] == "truth")]})
    rows: Table = []
    for key in CURVES:
        values = runs.of(f"{SIDE.get(key, 'usefulness')}_{key}")["all"]
        for amount in amounts:
            taught = is_own & (runs.groups["labels"] == "truth") & (runs.groups["amount"] == str(amount))
            groups = {"true labels": taught} | {
                name: is_own & (runs.groups["labels"] == labels) & (clips == "all")
                for labels, name in UNLABELLED.items()
            }
            for name, own in groups.items():
                numbers = {"value": values[own].mean(), "low": values[own].min(), "high": values[own].max()}
                rows.append(
                    {"system": name, "labels": amount, "measure": key}
                    | {end: float(number) for end, number in numbers.items()}
                )
    return rows


def _cell(
    name: str, column: str, value: float, low: float = np.nan, high: float = np.nan
) -> dict[str, float | int | str]:
    return {"system": name, "column": column, "value": value, "low": low, "high": high}


def _number(text: str) -> float:
    return float(text or "nan")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=Path, default=Path("experiments"))
    at = parser.parse_args().experiments
    waterfall, supervision = at / "mining_waterfall" / "results", at / "supervision" / "results"
    measures = at / "gap" / "results" / "measures.parquet"
    real = read(at / "real_clips" / "results" / "measures.csv")
    write_text(waterfall / "stages.csv", to_csv(stages(read(waterfall / "waterfall.csv"), real)))
    systems = real_systems(read(supervision / "curves.csv"), read(supervision / "worth.csv"))
    write_text(at / "main_table" / "results" / "real.csv", to_csv(systems))
    write_text(
        at / "main_table" / "results" / "study.csv", to_csv(study_systems(read(measures.with_name("key_systems.csv"))))
    )
    write_text(supervision / "study.csv", to_csv(study_curves(measures)))


if __name__ == "__main__":
    main()
