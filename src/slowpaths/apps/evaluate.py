"""`slowpaths evaluate`: accuracy and usefulness of anybody's predictions, and of mining, against truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs import EvaluateConfig
from slowpaths.core.ids import fingerprint
from slowpaths.data.pose_archive import read_pose_archive, write_archive_truth
from slowpaths.evaluation.report import evaluate
from slowpaths.evaluation.world_truth import world_truth
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.world_folder import TruthFolder


def run(cfg: DictConfig) -> Outcome:
    """Evaluate `predictions=`, `mined=` or both against `truth=`."""
    config = _values.build(EvaluateConfig, plain(cfg))
    folder = RunFolder(config.out)
    if config.truth.suffix == ".npz":  # an archive of poses holds its own truth
        truth = TruthFolder(config.out).strokes_file
        write_archive_truth(truth, read_pose_archive(config.truth))
        config = replace(config, truth=truth)
    if config.truth.is_dir():
        config = replace(config, **world_truth(asdict(config)))
    arguments = asdict(replace(config, is_complete=bool(config.is_complete)))
    report = evaluate(**arguments).to_dict()
    entry = Entry(
        stage="evaluate",
        inputs={name: item["sha256"] for name, item in report["inputs"].items()},
        outputs=digests(config.out, [folder.report_json.name, folder.report_md.name]),
        configuration=fingerprint({key: str(value) for key, value in arguments.items() if key != "out"}),
        counts=report["counts"],
    )
    append_entry(config.out, entry)
    measures = {name: item for name, item in report["measures"].items() if item["value"] is not None}
    rows = [
        (item["side"], name, _number(item["value"]), _interval(item), *_baselines(item), item["num"])
        for name, item in measures.items()
    ]
    wrote = [folder.report_md, folder.report_json, folder.figures]
    num_missing = len(report["measures"]) - len(rows)
    title = f"slowpaths evaluate: {len(rows)} measures ({num_missing} not measured, see report.md)"
    show_table(title, ["side", "measure", "value", "95 %", "chance", "constant", "n"], rows, wrote=wrote)
    return Outcome(metrics={name: item["value"] for name, item in measures.items()})


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _baselines(item: Mapping[str, Any]) -> tuple[str, str]:
    return _number(item["chance"]), _number(item["constant"])


def _interval(item: Mapping[str, Any]) -> str:
    return "" if item["low"] is None else f"{item['low']:.3f} .. {_number(item['high'])}"
