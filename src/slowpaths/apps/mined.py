"""What `mine`, `label` and `predict` share: write the labels, the description and the report of a mined folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from slowpaths.core.errors import TableError
from slowpaths.core.ids import fingerprint
from slowpaths.core.strokes import STROKES
from slowpaths.labelling.pipeline import LabelSet, label
from slowpaths.mining.report import mining_report
from slowpaths.store import tables
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.schema import DELIVERIES, FOOTAGE, LABELS, SHOTS, TABLES, VOTES

DATASET = "dataset.json"
_ELSEWHERE = ("out", "mined", "workers", "weights_dir", "truth")  # where and how, not what


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChoice:
    """Choose the rules that vote.

    Args:
        include: Codes ("foot.stride") or families ("foot"); empty means all.
        exclude: Codes or families to leave out.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def write_labels(
    mined: Path,
    *,
    stage: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, str],
    counts: Mapping[str, int],
) -> LabelSet | None:
    """Label the deliveries of a mined folder and write what depends on labels.

    Every label set is kept under `label_sets/<fingerprint>/`; the tables beside the deliveries are copies of the
    newest one.

    Args:
        mined: Mined folder.
        stage: Verb, for the ledger.
        config: Resolved configuration: `label_model`, `rules`, `selection`, `gold`, `seed`.
        inputs: Digests of what the stage read, for the ledger.
        counts: More counts for the ledger.

    Returns:
        The label set; None where there is no delivery to label (the tables are then empty).
    """
    deliveries = tables.read_table(mined / "deliveries.parquet", DELIVERIES)
    footage = tables.read_table(mined / "footage.parquet", FOOTAGE)
    shots = tables.read_table(mined / "shots.parquet", SHOTS)
    report = mining_report(footage=footage, shots=shots, deliveries=deliveries)
    labels = _label(deliveries, footage, shots, config) if deliveries.num_rows else None
    written = (
        {"votes": (VOTES, labels.votes), "labels": (LABELS, labels.labels)}
        if labels
        else {"votes": (VOTES, VOTES.schema.empty_table()), "labels": (LABELS, LABELS.schema.empty_table())}
    )
    rules = {item["code"]: item for item in labels.rules["rules"]} if labels else {}
    name = labels.fingerprint if labels else ""
    for folder in (mined / "label_sets" / name, mined) if labels else (mined,):
        for table, (spec, rows) in written.items():
            tables.write_table(folder / f"{table}.parquet", rows, spec)
        tables.write_text(folder / "rules.json", json.dumps(rules, indent=1, sort_keys=True) + "\n")
    tables.write_text(mined / "report.md", report + ("\n" + labels.summary.to_markdown() if labels else ""))
    describe(mined, labels=labels)
    entry = Entry(
        stage=stage,
        inputs=dict(inputs),
        outputs=digests(mined, [f"{name}.parquet" for name in TABLES if name != "predictions"]),
        configuration=fingerprint({key: value for key, value in config.items() if key not in _ELSEWHERE}),
        rules=name,
        seed=config["seed"],
        counts={**counts, "deliveries": deliveries.num_rows, "votes": written["votes"][1].num_rows},
    )
    append_entry(mined, entry)
    return labels


def _label(deliveries: pa.Table, footage: pa.Table, shots: pa.Table, config: Mapping[str, Any]) -> LabelSet:
    return label(
        deliveries,
        footage,
        model=config["label_model"],
        rules=config["rules"],
        selection=config["selection"],
        gold=read_gold(Path(config["gold"])) if config["gold"] else None,
        shots=shots,
        seed=config["seed"],
    )


def describe(mined: Path, *, clip: Mapping[str, int] | None = None, labels: LabelSet | None = None) -> None:
    """Write `dataset.json`: what the clips look like, which tables of which version there are, and how much.

    Args:
        mined: Mined folder with its tables.
        clip: What a clip looks like (`MiningSettings.clip_spec`); as described before where not given.
        labels: The label set; None where there are no labels.
    """
    names = [name for name in TABLES if (mined / f"{name}.parquet").exists()]
    known = json.loads((mined / DATASET).read_text()) if (mined / DATASET).exists() else {}
    lineage = (labels.fingerprint, labels.summary.model, labels.rules["fingerprint"]) if labels else ("", "", "")
    dataset = {
        "clip": dict(clip) if clip else known.get("clip"),
        "strokes": list(STROKES),
        "tables": {name: TABLES[name].version for name in names},
        "rows": {name: tables.read_table(mined / f"{name}.parquet", TABLES[name]).num_rows for name in names},
        **dict(zip(("label_set", "label_model", "rule_set"), lineage, strict=True)),
    }
    tables.write_text(mined / DATASET, json.dumps(dataset, indent=1, sort_keys=True) + "\n")


def read_gold(path: Path) -> pa.Table:
    """Read labels that a person gave: `delivery_id,label`, CSV or Parquet.

    Raises:
        TableError: If the file is missing, unreadable or lacks a column.
    """
    from pyarrow import csv, parquet

    try:
        table = csv.read_csv(path) if path.suffix == ".csv" else parquet.read_table(path)
    except FileNotFoundError as error:
        raise TableError(f"gold={path} does not exist: give a CSV or Parquet file with delivery_id,label") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"gold={path} cannot be read: give a CSV or Parquet file with delivery_id,label") from error
    for column in ("delivery_id", "label"):
        if column not in table.column_names:
            raise TableError(f"gold={path} lacks the column '{column}': it needs delivery_id,label")
    return table
