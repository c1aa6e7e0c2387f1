"""`slowpaths evaluate`: accuracy and usefulness of anybody's predictions, and of mining, against truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig

from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.core.ids import fingerprint
from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.evaluation.matching import TOLERANCE_S
from slowpaths.evaluation.report import EvaluationSettings, evaluate
from slowpaths.evaluation.world_truth import world_truth
from slowpaths.store.ledger import Entry, append_entry, digests

_PATHS = ("predictions", "mined", "truth", "shots_truth", "poses_truth", "out")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateConfig:
    """Configure `slowpaths evaluate`.

    Args:
        predictions: Predictions or labels: Parquet or CSV, anybody's.
        mined: A mined folder, to measure mining (and its labels where predictions= is not given).
        truth: CSV or Parquet with video,start_s,end_s,impact_s,label and more; the folder of a made world; or an
            archive of poses (.npz).
        truth_taxonomy: Stroke vocabulary of the truth: slowpaths, cricshot10, cricshot10k, gupta_balan_5.
        shots_truth: True shots with their views, for mined=; they also say how long the videos are.
        poses_truth: Folder of true poses, <video>.poses.parquet, for mined=.
        is_complete: Whether truth lists every delivery of every mined video; only a made world's does by itself.
        split: What is judged: auto takes what was held out; else test, val, train or all.
        model_id: Whose predictions, where the table holds several models'.
        tolerance_s: Largest gap between a prediction and its true delivery, seconds.
        out: Report and figures go here.
    """

    predictions: Path | None = None
    mined: Path | None = None
    truth: Path
    truth_taxonomy: str = "slowpaths"
    shots_truth: Path | None = None
    poses_truth: Path | None = None
    is_complete: bool | None = None
    split: Literal["auto", "test", "val", "train", "all"] = "auto"
    model_id: str | None = None
    tolerance_s: float = TOLERANCE_S
    out: Path = Path("runs/evaluation")

    def __post_init__(self) -> None:
        EvaluationSettings(tolerance_s=self.tolerance_s, split=self.split)  # refuses what is out of range


def run(cfg: DictConfig) -> Outcome:
    """Evaluate `predictions=`, `mined=` or both against `truth=`."""
    config = plain(cfg)
    config |= {key: Path(config[key]) for key in _PATHS if config[key] is not None}
    out: Path = config["out"]
    if config["truth"].suffix == ".npz":  # an archive of poses holds its own truth
        write_archive_truth(out / "truth.csv", read_pose_archive(config["truth"]))
        config["truth"] = out / "truth.csv"
    if config["truth"].is_dir():
        config |= world_truth(config)
    config["is_complete"] = bool(config["is_complete"])
    report = evaluate(**config).to_dict()
    settings = {key: str(value) for key, value in config.items() if key != "out"}
    entry = Entry(
        stage="evaluate",
        inputs={name: item["sha256"] for name, item in report["inputs"].items()},
        outputs=digests(out, ["report.json", "report.md"]),
        configuration=fingerprint(settings),
        counts=report["counts"],
    )
    append_entry(out, entry)
    measures = report["measures"]
    rows = [
        (item["side"], name, _number(item["value"]), _interval(item), _number(item["chance"]), item["num"])
        for name, item in measures.items()
        if item["value"] is not None
    ]
    wrote = [out / "report.md", out / "report.json", out / "figures"]
    title = f"slowpaths evaluate: {len(rows)} measures ({len(measures) - len(rows)} not measured, see report.md)"
    show_table(title, ["side", "measure", "value", "95 %", "chance", "n"], rows, wrote=wrote)
    return Outcome(metrics={name: item["value"] for name, item in measures.items() if item["value"] is not None})


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _interval(item: Mapping[str, Any]) -> str:
    return "" if item["low"] is None else f"{item['low']:.3f} .. {_number(item['high'])}"
