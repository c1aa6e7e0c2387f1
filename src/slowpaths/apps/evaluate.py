"""`slowpaths evaluate`: accuracy and usefulness of anybody's predictions, and of mining, against truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._truth import truth_tables
from slowpaths.apps.verbs_after_training import EvaluateConfig
from slowpaths.core.ids import fingerprint
from slowpaths.evaluation.report import evaluate
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.mined_folder import MinedFolder
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import DELIVERIES, LABELS


def run(cfg: DictConfig) -> Outcome:
    """Evaluate `predictions=`, `mined=` or both against `truth=`."""
    config = _values.build(EvaluateConfig, plain(cfg))
    folder = RunFolder(config.out)
    config = replace(config, **truth_tables(asdict(config), config.out))
    arguments = asdict(replace(config, is_complete=bool(config.is_complete)))
    nodes = arguments.pop("logger")
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
    if nodes:
        judged = RunFolder.of(config.predictions) if config.predictions else None
        nodes = _of_judged_run(nodes, judged)
        _log(nodes, measures, report["tables"], folder, judged=judged, read=_read(config))
    rows = [
        (item["side"], name, _number(item["value"]), _interval(item), *_baselines(item), item["num"])
        for name, item in measures.items()
    ]
    wrote = [folder.report_md, folder.report_html, folder.report_json, folder.figures]
    num_missing = len(report["measures"]) - len(rows)
    title = f"slowpaths evaluate: {len(rows)} measures ({num_missing} not measured, see report.md)"
    columns = ["side", "measure", "value", "95 %", "chance", "constant", "n"]
    show_table(title, columns, rows, notes=report["notes"], wrote=wrote)
    return Outcome(metrics={name: item["value"] for name, item in measures.items()})


def _of_judged_run(nodes: Mapping[str, Any], judged: RunFolder | None) -> dict[str, Any]:
    """Let W&B go on with the run that made the predictions, as it was configured there."""
    if "wandb" not in nodes or judged is None or not judged.wandb_id_file.is_file():
        return dict(nodes)
    file = judged.configuration_file
    before = cast(Any, OmegaConf.to_container(OmegaConf.load(file))) if file.is_file() else {}
    known = (before.get("logger") or {}).get("wandb") or {}
    return {**nodes, "wandb": {**nodes["wandb"], **known, "save_dir": str(judged.path)}}


def _read(config: EvaluateConfig) -> dict[str, Path]:
    """Return the files that an evaluation reads, by what they are."""
    mined = MinedFolder(config.mined) if config.mined else None
    predictions = config.predictions or (mined.file(LABELS) if mined else None)
    files: dict[str, Path | None] = {"predictions": predictions, "mined": mined.file(DELIVERIES) if mined else None}
    for role, paths in (("truth", config.truth), ("shots_truth", config.shots_truth)):
        for number, path in enumerate((paths,) if isinstance(paths, Path) else paths or (), start=1):
            files[f"{role}_{number}" if number > 1 else role] = path
    return {role: file for role, file in files.items() if file is not None and file.is_file()}


def _log(
    nodes: Mapping[str, Any],
    measures: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    folder: RunFolder,
    *,
    judged: RunFolder | None,
    read: Mapping[str, Path],
) -> None:
    from slowpaths.apps._fit import build_loggers
    from slowpaths.models.callbacks import wandb_lineage, wandb_media

    loggers = build_loggers(nodes, verb="evaluate", origin=judged)
    wandb_media.log_report(loggers, measures=measures, tables=tables, figures=folder.figures)
    wandb_lineage.log_inputs(loggers, read)
    wandb_lineage.log_ledger(loggers, folder=folder.path)
    wandb_media.finish(loggers, summary={f"evaluate/{name}": item["value"] for name, item in measures.items()})


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _baselines(item: Mapping[str, Any]) -> tuple[str, str]:
    return _number(item["chance"]), _number(item["constant"])


def _interval(item: Mapping[str, Any]) -> str:
    return "" if item["low"] is None else f"{item['low']:.3f} .. {_number(item['high'])}"
