"""`slowpaths audit`: what leakage between training and test is worth, and coded checks of a mined set and a model."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial

import numpy as np
from omegaconf import DictConfig

from slowpaths.apps import _values
from slowpaths.apps._console import progress, show_table
from slowpaths.apps._launch import Outcome, plain
from slowpaths.apps._truth import truth_tables
from slowpaths.apps.footage import clips_shown_to, told
from slowpaths.apps.verbs_after_training import AuditConfig
from slowpaths.core.text import command_line, csv_table
from slowpaths.evaluation.audit.checks import check_all
from slowpaths.evaluation.audit.leakage import Fit, Labelled, extra_trees, leakage, linear_probe, steadiness
from slowpaths.evaluation.audit.report import MIN_DELIVERIES, read_labelled, to_markdown
from slowpaths.evaluation.intervals import MIN_MATCHES
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.tables import read_predictions, write_json, write_text


def run(cfg: DictConfig) -> Outcome:
    """Audit `mined=`, or what the network of `ckpt=` makes of it."""
    config = _values.build(AuditConfig, plain(cfg))
    truth = config.truth
    if truth is not None:
        truth = truth_tables({"truth": truth}, config.out)["truth"]
    data, fit = read_labelled(config.mined, truth), partial(extra_trees, seed=config.seed)
    what = "Trees on the mined features"
    if config.ckpt is not None:
        data, fit, what = _through_network(config, data)
    table, right = leakage(data, fit=fit, seed=config.seed)
    checks, steady, folder = check_all(data, right), steadiness(data), RunFolder(config.out)
    against = "true strokes" if truth else "the folder's own labels, whose mistakes are in every number"
    what = f"{what}, of {len(data)} deliveries, against {against}."
    given = {item: value for item, value in asdict(config).items() if value != getattr(AuditConfig, item, None)}
    command = command_line("audit", given)
    rows = [{key: None if value != value else value for key, value in row.items()} for row in table]
    content = {"command": command, "settings": {k: str(v) for k, v in asdict(config).items()}, "deliveries": len(data)}
    steady_rows = [{key: None if value != value else value for key, value in row.items()} for row in steady]
    write_json(
        folder.report_json, content | {"what": what, "splits": rows, "steadiness": steady_rows, "checks": checks}
    )
    write_text(folder.splits, csv_table(rows))
    write_text(folder.report_md, to_markdown(table, steady, checks, command=command, what=what))
    shown = [
        (row["split"], row["groups"], *(_cell(row[key]) for key in ("accuracy", "flattered")), row["reason"])
        for row in rows
    ]
    notes = [what, *(f"{row['changed']}: {row['keeps_its_name']:.1%} keep their name" for row in steady)]
    notes += [f"{row['code']}: {row['says']}" for row in checks]
    show_table("slowpaths audit: accuracy by split", ["split by", "groups", "accuracy", "clips flatter by", "why not"],
               shown, notes=notes, wrote=[folder.report_md, folder.report_json, folder.splits])  # fmt: skip
    return Outcome(metrics={f"accuracy_{split}": float(own.mean()) for split, own in right.items()})


def _through_network(config: AuditConfig, data: Labelled) -> tuple[Labelled, Fit, str]:
    """Return the deliveries as the network sees them, what is trained on their embedding, and both in words."""
    from slowpaths.models.embedding import embed
    from slowpaths.models.prediction import load_classifier

    assert config.ckpt is not None
    classifier = load_classifier(config.ckpt, allowed={config.allow_target} if config.allow_target else set())
    names = data.name_N.tolist()
    clips = clips_shown_to(classifier, config.mined, batch_size=config.batch_size, num_test_views=1, delivery_ids=names)
    loader = clips.predict_dataloader()
    with progress("looking at clips", len(loader)) as step:
        seen = embed(classifier, told(loader, step))
    place = {name: row for row, name in enumerate(names)}
    order = np.array([place[clip.delivery_id] for clip in clips.clips()])[seen.row_N]
    shown = {how: kept_N[seen.is_shown_N] for how, kept_N in seen.kept.items()}
    data = data.take(order[seen.is_shown_N])
    data = replace(data, features_NF=seen.embedding_ND[seen.is_shown_N], kept=shown)
    data = replace(data, seen_N=_taught(config, data))
    held_out = data.take(~data.seen_N)
    if len(held_out) >= MIN_DELIVERIES and len(set(held_out.match_N.tolist())) >= MIN_MATCHES:
        data = held_out
    return data, linear_probe, f"A linear layer on the frozen embedding of {config.ckpt}"


def _taught(config: AuditConfig, data: Labelled) -> np.ndarray:
    """Return which deliveries the network has learnt from (N,): all, where its run does not stand beside it."""
    assert config.ckpt is not None
    table = RunFolder(config.ckpt.parent.parent).predictions
    if not table.is_file():
        return np.ones(len(data), dtype=bool)
    taught = {row.delivery_id for row in read_predictions(table) if row.split == "train"}
    return np.array([name in taught for name in data.name_N], dtype=bool)


def _cell(value: float | int | str | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else ""
