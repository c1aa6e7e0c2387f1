"""`slowpaths audit`: what leakage between training and test is worth, and coded checks of a mined set."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps.verbs_after_training import AuditConfig
from slowpaths.evaluation.audit.checks import check_all
from slowpaths.evaluation.audit.leakage import extra_trees, leakage
from slowpaths.evaluation.audit.report import read_labelled, to_markdown
from slowpaths.evaluation.world_truth import world_truth
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import write_json, write_text


def run(cfg: DictConfig) -> Outcome:
    """Audit `mined=`."""
    config = _values.build(AuditConfig, plain(cfg))
    truth = config.truth
    if truth is not None and truth.is_dir():
        truth = world_truth({"truth": truth})["truth"]
    data = read_labelled(config.mined, truth)
    table, right = leakage(data, fit=partial(extra_trees, seed=config.seed), seed=config.seed)
    checks, folder = check_all(data, right), RunFolder(config.out)
    given_keys = {"mined": config.mined, "truth": config.truth, "seed": config.seed, "out": config.out}
    command = " ".join(
        ["slowpaths audit", *(f"{key}={value}" for key, value in given_keys.items() if value is not None)]
    )
    rows = [{key: None if value != value else value for key, value in row.items()} for row in table]
    content = {"command": command, "settings": {k: str(v) for k, v in asdict(config).items()}, "deliveries": len(data)}
    write_json(folder.report_json, content | {"splits": rows, "checks": checks})
    write_text(folder.report_md, to_markdown(table, checks, command=command, num=len(data), is_true=truth is not None))
    shown = [
        (row["split"], row["groups"], *(_cell(row[key]) for key in ("accuracy", "flattered")), row["reason"])
        for row in rows
    ]
    notes = [f"{row['code']}: {row['says']}" for row in checks]
    show_table("slowpaths audit: accuracy by split", ["split by", "groups", "accuracy", "clips flatter by", "why not"],
               shown, notes=notes, wrote=[folder.report_md, folder.report_json])  # fmt: skip
    return Outcome(metrics={f"accuracy_{split}": float(own.mean()) for split, own in right.items()})


def _cell(value: float | int | str | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else ""
