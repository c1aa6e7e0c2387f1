"""The evaluation: predictions or a mined set against truth, accuracy and usefulness side by side."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from slowpaths import __version__
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest
from slowpaths.evaluation.classes import OUTSIDE, class_space
from slowpaths.evaluation.figures.save import save_tables
from slowpaths.evaluation.matching import TOLERANCE_S
from slowpaths.evaluation.measure import Measure, Table
from slowpaths.evaluation.measures import SPECS, TABLES
from slowpaths.evaluation.mining_check import MinedSet, check_mining, read_mined
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.evaluation.pairing import NO_STROKE, Pairing, pair
from slowpaths.evaluation.pose_check import check_poses
from slowpaths.evaluation.prediction_table import Predictions, check_not_empty, choose_split, read_predictions
from slowpaths.evaluation.render import to_markdown
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.shot_check import check_boundaries, check_shots, read_true_shots
from slowpaths.evaluation.truth_table import Truth, read_truth
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import write_text

ENOUGH_MATCHES = 30
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    measures: list[Measure] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def evaluate(
    *,
    truth: Path,
    out: Path,
    predictions: Path | None = None,
    mined: Path | None = None,
    truth_taxonomy: str = "slowpaths",
    shots_truth: Path | None = None,
    poses_truth: Path | None = None,
    is_complete: bool = False,
    split: str = "auto",
    model_id: str | None = None,
    tolerance_s: float = TOLERANCE_S,
    command: str = "",
) -> dict[str, Any]:
    """Evaluate predictions, a mined folder, or both, and write report.json, report.md and figures.

    Args:
        truth: Truth table, see `evaluation.truth_table.read_truth`.
        out: Folder that the report goes to.
        predictions: Predictions or labels; where not given, the labels of the mined folder.
        mined: Folder that mining wrote.
        truth_taxonomy: Stroke vocabulary of the truth.
        shots_truth: Table of true shots with their views, for the mined folder.
        poses_truth: Folder of true poses, for the mined folder.
        is_complete: Whether truth lists every delivery of every mined video.
        split: "auto" takes what was held out; else test, val, train or all.
        model_id: Which model's predictions, where the table holds several.
        tolerance_s: Largest gap between a prediction and its true delivery, seconds.
        command: What a reader types to make the report again; made from the arguments where not given.

    Returns:
        What report.json holds.

    Raises:
        UsageError: If there is nothing to evaluate.
        TableError: If a table cannot be used.
    """
    if predictions is None and mined is None:
        raise UsageError("there is nothing to evaluate: give predictions= or mined=")
    true = read_truth(truth, taxonomy=truth_taxonomy)
    if not true.deliveries:
        raise UsageError(f"{truth} holds no deliveries: give a truth table with at least one row")
    for name, given in (("shots_truth", shots_truth), ("poses_truth", poses_truth)):
        if given is not None and mined is None:
            raise UsageError(f"{name}= needs mined=: it is compared with what a mined folder holds")
    mined_set = read_mined(mined) if mined is not None else None
    parts = []
    if mined_set is not None:
        parts.append(_judge_mined(mined_set, true, shots_truth, poses_truth, is_complete))
    table = predictions or _labels_of(mined_set)
    if table is None:
        parts.append(_Part(notes=[f"{mined} has no labels.parquet: run `slowpaths label` on it to evaluate strokes."]))
    else:
        searched = [v.path for v in mined_set.videos if v.status == "ok"] if mined_set and not predictions else []
        rows, split_note = choose_split(_read(table, model_id), split)
        pairing = pair(rows, true, class_space(truth_taxonomy), tolerance_s=tolerance_s, searched=searched)
        parts.insert(0, _judge_predictions(pairing, rows, split_note))
    inputs = {"truth": truth, "predictions": table, "shots_truth": shots_truth}
    settings = {
        "truth_taxonomy": truth_taxonomy,
        "split": split,
        "is_complete": is_complete,
        "tolerance_s": tolerance_s,
    }
    extra = {
        "shots_truth": shots_truth,
        "poses_truth": poses_truth,
        "is_complete": is_complete or None,
        "split": None if split == "auto" else split,
    }
    command = command or _command(truth, out, predictions, mined, truth_taxonomy, extra)
    return _write(RunFolder(out), parts, inputs=inputs, settings=settings, command=command)


def take_all(sample: Sample | MiningSample) -> tuple[list[Measure], dict[str, Table]]:
    """Take every measure and table that reads this kind of sample."""
    is_mining = isinstance(sample, MiningSample)
    specs = [spec for spec in SPECS if (spec.side == "mining") == is_mining]
    modules = {spec.measure.__module__ for spec in specs}
    measures = [item for spec in specs if (item := spec.take(sample)) is not None]
    return measures, {spec.name: spec.rows(sample) for spec in TABLES if spec.build.__module__ in modules}


def _judge_predictions(pairing: Pairing, rows: Predictions, split_note: str) -> _Part:
    measures, tables = take_all(Sample(pairing))
    counts = {
        "graded": int(pairing.is_graded.sum()),
        "matches": pairing.num_matches,
        "outside_taxonomy": int((pairing.is_found & (pairing.true_U == OUTSIDE)).sum()),
        "false": int((pairing.true_U == NO_STROKE).sum()),
        "missed": int((~pairing.is_found).sum()),
        "unseen_videos": pairing.num_unseen_videos,
        "unseen_deliveries": pairing.num_unseen,
        "other_videos": pairing.num_other_videos,
        "other_predictions": pairing.num_other,
    }
    notes = _notes(counts, rows, pairing) + ([split_note] if split_note else [])
    return _Part(measures=measures, tables=tables, notes=notes, counts=counts)


def _judge_mined(
    mined: MinedSet,
    truth: Truth,
    shots_truth: Path | None,
    poses_truth: Path | None,
    is_complete: bool,
) -> _Part:
    check = check_mining(mined, truth, is_complete=is_complete)
    shots = read_true_shots(mined, shots_truth) if shots_truth else None
    sample = MiningSample(
        folder=mined.folder,
        check=check,
        space=class_space(truth.taxonomy),
        shots=None if shots is None else check_shots(mined, shots),
        boundaries=None if shots is None else check_boundaries(mined, shots),
        poses=check_poses(mined.folder, check, poses_truth) if poses_truth else None,
    )
    measures, tables = take_all(sample)
    not_mined = sum(fate.video is None for fate in check.fates)
    note = f"{not_mined} true deliveries lie in videos that are not in the mined folder; they count as missed."
    return _Part(
        measures=measures,
        tables=tables,
        notes=[note] if not_mined else [],
        counts={
            "true_deliveries": len(check.fates),
            "mined_deliveries": len(mined.deliveries),
            "judged_deliveries": len(check.claimed),
            "quarantined_videos": sum(video.status != "ok" for video in mined.videos),
        },
    )


def _notes(counts: dict[str, int], rows: Predictions, pairing: Pairing) -> list[str]:
    is_named = any(item is not None and item.match_id for item in pairing.truths)
    unit = "matches" if is_named else "matches or videos"
    notes = [
        f"{counts['graded']} deliveries of {counts['matches']} {unit} have both a prediction and a true stroke; "
        f"{counts['false']} predictions belong to no true delivery, {counts['missed']} true deliveries were missed, "
        f"{counts['outside_taxonomy']} are strokes outside the truth's taxonomy."
    ]
    if counts["matches"] < ENOUGH_MATCHES:
        notes.append(
            f"Only {counts['matches']} labelled {unit} (fewer than {ENOUGH_MATCHES}): the intervals are wide and may "
            "still be too narrow; do not rank systems by these numbers."
        )
    if not is_named:
        notes.append(
            "Truth names no match_id: where the predictions name none either, each video counts as a match of its own, "
            "and intervals are too narrow where videos share a match."
        )
    if counts["unseen_videos"]:
        notes.append(
            f"{counts['unseen_deliveries']} true deliveries lie in {counts['unseen_videos']} videos without any of "
            "these predictions and are not judged."
        )
    if counts["other_videos"]:
        notes.append(
            f"{counts['other_predictions']} predictions lie in {counts['other_videos']} videos that truth does not "
            "mention and are not judged."
        )
    if not rows.has_probabilities:
        notes.append("The predictions give no probabilities: the rest of each confidence is spread evenly.")
    if pairing.space.columns != pairing.space.names:
        notes.append("Strokes that the truth's taxonomy does not know count as 'other', which is never right.")
    return notes


def _labels_of(mined: MinedSet | None) -> Path | None:
    return mined.folder.file(LABELS) if mined and mined.folder.has(LABELS) else None


def _read(path: Path, model_id: str | None) -> Predictions:
    predictions = read_predictions(path, model_id=model_id)
    check_not_empty(predictions, path)
    return predictions


def _command(
    truth: Path, out: Path, predictions: Path | None, mined: Path | None, taxonomy: str, extra: dict[str, Any]
) -> str:
    given = {"predictions": predictions, "mined": mined, **extra}
    parts = [f"{key}={str(value).lower() if value is True else value}" for key, value in given.items() if value]
    return " ".join(["slowpaths evaluate", *parts, f"truth={truth}", f"truth_taxonomy={taxonomy}", f"out={out}"])


def _write(
    out: RunFolder, parts: list[_Part], *, inputs: dict[str, Path | None], settings: dict[str, Any], command: str
) -> dict[str, Any]:
    measures = [item for part in parts for item in part.measures]
    tables = {name: table for part in parts for name, table in part.tables.items()}
    notes = [note for part in parts for note in part.notes]
    figures = save_tables(out.figures, tables, command=command)
    long_tables = {spec.name for spec in TABLES if spec.is_long}
    report = {
        "version": __version__,
        "command": command,
        "inputs": {key: {"name": path.name, "sha256": file_digest(path)} for key, path in inputs.items() if path},
        "settings": settings,
        "counts": {key: value for part in parts for key, value in part.counts.items()},
        "notes": notes,
        "measures": {item.name: item.to_dict() for item in measures},
        "tables": {name: _plain(table) for name, table in tables.items() if name not in long_tables},
        "figures": figures,
    }
    write_text(out.report_json, json.dumps(report, indent=2, allow_nan=False) + "\n")
    write_text(out.report_md, to_markdown(measures, tables, notes=notes, figures=figures, command=command))
    _LOG.info("wrote %s", out.report_md)
    return report


def _plain(table: Table) -> list[dict[str, Any]]:
    return [{key: _json(value) for key, value in row.items()} for row in table]


def _json(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
