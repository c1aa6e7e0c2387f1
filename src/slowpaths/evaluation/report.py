"""The evaluation: predictions or a mined set against truth, accuracy and usefulness side by side."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths import __version__
from slowpaths.core.errors import UsageError
from slowpaths.core.ids import file_digest
from slowpaths.core.text import command_line
from slowpaths.evaluation.classes import OUTSIDE, class_space
from slowpaths.evaluation.losses import check_losses
from slowpaths.evaluation.matching import TOLERANCE_S, check_tolerance, match_videos
from slowpaths.evaluation.measure import Measure, Table
from slowpaths.evaluation.measures import SPECS, TABLES
from slowpaths.evaluation.mining_check import MinedSet, check_mining, read_mined, with_replays
from slowpaths.evaluation.mining_sample import MiningSample
from slowpaths.evaluation.notes import notes_on
from slowpaths.evaluation.pairing import NO_STROKE, pair
from slowpaths.evaluation.pose_check import check_poses
from slowpaths.evaluation.prediction_table import SPLITS, choose_split, read_predictions, with_split_of
from slowpaths.evaluation.render import to_markdown
from slowpaths.evaluation.report_page import report_page
from slowpaths.evaluation.sample import Sample
from slowpaths.evaluation.shot_check import (
    SHARP_TOLERANCE_S,
    check_boundaries,
    check_shots,
    footage_s,
    read_true_shots,
)
from slowpaths.evaluation.table_columns import Source, Sources, listed
from slowpaths.evaluation.truth_table import Truth, read_truth
from slowpaths.store.run_folder import RunFolder
from slowpaths.store.schema import LABELS
from slowpaths.store.tables import write_text

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSettings:
    """Say how predictions are compared with truth.

    Args:
        truth_taxonomy: Stroke vocabulary of the truth.
        is_complete: Whether truth lists every delivery of every mined video.
        split: "auto" takes what was held out; else test, val, train or all.
        split_of: Predictions whose split counts, so that labels and models are judged on the same deliveries.
        model_id: Which model's predictions, where the table holds several.
        tolerance_s: Largest gap between a prediction and its true delivery, seconds.
    """

    truth_taxonomy: str = "slowpaths"
    is_complete: bool = False
    split: str = "auto"
    split_of: Path | None = None
    model_id: str | None = None
    tolerance_s: float = TOLERANCE_S

    def __post_init__(self) -> None:
        check_tolerance(self.tolerance_s)
        if self.split not in SPLITS:
            raise UsageError(f"unknown split '{self.split}'; choose one of {', '.join(SPLITS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Hold what was found of predictions, of mining, or of both."""

    measures: tuple[Measure, ...] = ()  # in the order they are shown
    tables: dict[str, Table] = field(default_factory=dict)  # tables by name
    notes: tuple[str, ...] = ()  # sentences that a reader must know before the numbers
    counts: dict[str, int] = field(default_factory=dict)  # what was compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(_Part):
    """Hold an evaluation."""

    settings: dict[str, Any]  # how things were compared
    inputs: dict[str, dict[str, str]]  # name and digest of each input that is a file
    command: str  # what a reader types to make it again

    def __getitem__(self, name: str) -> Measure:
        return {item.name: item for item in self.measures}[name]

    def __repr__(self) -> str:
        taken = [f"  {item.name} = {item.value:.3f}  ({item.meaning})" for item in self.measures if not item.reason]
        return "\n".join([f"Report of {len(taken)} measures", *self.notes, *taken])

    def _repr_markdown_(self) -> str:
        return to_markdown(self, figures=[])

    def table(self) -> Table:
        """Return one row a measure, with its unit and meaning, for a data frame."""
        return [{"name": item.name, **item.to_dict()} for item in self.measures]

    def to_dict(self) -> dict[str, Any]:
        """Return what report.json holds: plain values, long tables left out."""
        long_tables = {spec.name for spec in TABLES if spec.is_long}
        plain = {key: getattr(self, key) for key in ("command", "inputs", "settings", "counts")}
        return {
            "version": __version__,
            **plain,
            "notes": list(self.notes),
            "measures": {item.name: item.to_dict() for item in self.measures},
            "tables": {
                name: [{key: _json(value) for key, value in row.items()} for row in table]
                for name, table in self.tables.items()
                if name not in long_tables
            },
        }

    def write(self, out: Path) -> dict[str, Any]:
        """Write report.json, report.md, report.html, and every table with its figure; return what report.json holds."""
        from slowpaths.evaluation.figures.save import save_tables

        folder = RunFolder(out)
        figures = save_tables(folder.figures, self.tables, command=self.command)
        content = {**self.to_dict(), "figures": figures}
        write_text(folder.report_json, json.dumps(content, indent=2, allow_nan=False) + "\n")
        write_text(folder.report_md, to_markdown(self, figures=figures))
        write_text(folder.report_html, report_page(self, figures=figures, folder=folder.figures))
        _LOG.info("wrote %s", folder.report_md)
        return content


def evaluate(
    predictions: Source | None = None,
    truth: Sources | None = None,
    *,
    mined: Path | str | None = None,
    shots_truth: Sources | None = None,
    poses_truth: Path | None = None,
    out: Path | None = None,
    command: str = "",
    **settings: Any,
) -> Report:
    """Evaluate predictions, a mined folder, or both.

    Args:
        predictions: Predictions or labels, a file or an Arrow table; where not given, the labels of the mined folder.
        truth: Truth, a file or an Arrow table, or several of different videos; see `evaluation.truth_table.read_truth`.
        mined: Folder that mining wrote.
        shots_truth: Table of true shots with their views, or several of different videos, for the mined folder; also
            says how long videos are.
        poses_truth: Folder of true poses, for the mined folder.
        out: Folder that report and figures go to; nothing is written where not given.
        command: What a reader types to make the report again; made from the arguments where not given.
        **settings: See `EvaluationSettings`.

    Raises:
        UsageError: If there is nothing to evaluate, or a setting is out of range.
        TableError: If a table cannot be used.
    """
    chosen = EvaluationSettings(**settings)
    if predictions is None and mined is None:
        raise UsageError("there is nothing to evaluate: give predictions= or mined=")
    if truth is None:
        raise UsageError("there is nothing to compare with: give truth=")
    if poses_truth is not None and mined is None:
        raise UsageError("poses_truth= needs mined=: it is compared with what a mined folder holds")
    true = read_truth(truth, taxonomy=chosen.truth_taxonomy)
    if not true.deliveries:
        raise UsageError(f"{true.name} holds no deliveries: give a truth table with at least one row")
    mined_set = read_mined(Path(mined)) if mined is not None else None
    table = predictions
    if table is None and mined_set and mined_set.folder.has(LABELS):
        table = mined_set.folder.file(LABELS)
    inputs = {"truth": truth, "predictions": table, "shots_truth": shots_truth}
    arguments = {"predictions": predictions, "mined": mined, "shots_truth": shots_truth, "poses_truth": poses_truth}
    mined_part = _judge_mined(mined_set, true, shots_truth, poses_truth, chosen) if mined_set else _Part()
    if table is None:
        note = f"{mined} has no labels.parquet: run `slowpaths label` on it to evaluate strokes."
        first, last = mined_part, _Part(notes=(note,))
    else:
        searched = [v.path for v in mined_set.videos if v.status == "ok"] if mined_set and predictions is None else []
        first, last = _judge_predictions(table, true, chosen, mined_set, searched, shots_truth), mined_part
    report = Report(
        measures=first.measures + last.measures,
        tables=first.tables | last.tables,
        notes=first.notes + last.notes,
        counts=first.counts | last.counts,
        settings={
            key: value.as_posix() if isinstance(value, Path) else value
            for key, value in asdict(chosen).items()
            if value is not None
        },
        inputs={
            key: {"name": Path(source).name, "sha256": file_digest(Path(source))}
            for key, source in _each(inputs)
            if isinstance(source, (str, Path))
        },
        command=command or _command({**arguments, "truth": truth, "out": out}, chosen),
    )
    if out is not None:
        report.write(out)
    return report


def take_all(sample: Sample | MiningSample) -> tuple[tuple[Measure, ...], dict[str, Table]]:
    """Take every measure and table that reads this kind of sample."""
    is_mining = isinstance(sample, MiningSample)
    specs = [spec for spec in SPECS if (spec.side == "mining") == is_mining]
    modules = {spec.measure.__module__ for spec in specs}
    measures = tuple(item for spec in specs if (item := spec.take(sample)) is not None)
    return measures, {spec.name: spec.rows(sample) for spec in TABLES if spec.build.__module__ in modules}


def _judge_predictions(
    table: Source,
    truth: Truth,
    chosen: EvaluationSettings,
    mined: MinedSet | None,
    searched: list[str],
    shots_truth: Sources | None,
) -> _Part:
    everything = read_predictions(table, model_id=chosen.model_id)
    if chosen.split_of is not None:
        everything = with_split_of(everything, read_predictions(chosen.split_of))
    rows, split_note = choose_split(with_replays(everything, mined), chosen.split)
    if mined is None and not match_videos(rows.video.tolist(), (item.video for item in truth.deliveries)):
        names = f"the first of them are '{rows.video[0]}' and '{truth.deliveries[0].video}'"
        raise UsageError(f"predictions and truth have no video in common: name them alike in both ({names})")
    pairing = pair(rows, truth, tolerance_s=chosen.tolerance_s, searched=searched)
    sample = Sample(
        pairing,
        footage_s=footage_s(pairing.videos, truth, mined, shots_truth),
        prior_C=everything.prior_C,
    )
    measures, tables = take_all(sample)
    counts = {
        "graded": int(pairing.is_graded.sum()),
        "matches": len(set(pairing.match[pairing.is_graded])),
        "outside_taxonomy": int((pairing.is_found & (pairing.true_U == OUTSIDE)).sum()),
        "false": int((pairing.true_U == NO_STROKE).sum()),
        "missed": int((~pairing.is_found).sum()),
        "replays": int(pairing.is_replay.sum()),
        **pairing.not_judged,
    }
    notes = (*notes_on(counts, rows, sample), *([split_note] if split_note else []))
    return _Part(measures=measures, tables=tables, notes=notes, counts=counts)


def mining_sample(
    mined: MinedSet,
    truth: Truth,
    shots_truth: Sources | None = None,
    poses_truth: Path | None = None,
    *,
    is_complete: bool = False,
) -> MiningSample:
    """Compare a mined set with truth; arguments as in `evaluate`."""
    check = check_mining(mined, truth, is_complete=is_complete)
    shots = read_true_shots(mined, shots_truth) if shots_truth else None
    return MiningSample(
        folder=mined.folder,
        check=check,
        space=class_space(truth.taxonomy),
        shots=None if shots is None else check_shots(mined, shots),
        boundaries=None if shots is None else check_boundaries(mined, shots),
        sharp=None if shots is None else check_boundaries(mined, shots, tolerance_s=SHARP_TOLERANCE_S),
        losses=check_losses(mined, check, shots or ()),
        poses=check_poses(mined.folder, check, poses_truth) if poses_truth else None,
    )


def _judge_mined(
    mined: MinedSet, truth: Truth, shots_truth: Sources | None, poses_truth: Path | None, chosen: EvaluationSettings
) -> _Part:
    sample = mining_sample(mined, truth, shots_truth, poses_truth, is_complete=chosen.is_complete)
    check = sample.check
    measures, tables = take_all(sample)
    not_mined = sum(fate.video is None for fate in check.fates)
    note = f"{not_mined} true deliveries lie in videos that are not in the mined folder; mining counts them as missed."
    counts = {
        "true_deliveries": len(check.fates),
        "mined_deliveries": len(mined.deliveries),
        "judged_deliveries": len(check.claimed),
        "quarantined_videos": sum(video.status != "ok" for video in mined.videos),
    }
    return _Part(measures=measures, tables=tables, notes=(note,) if not_mined else (), counts=counts)


def _command(paths: dict[str, Any], chosen: EvaluationSettings) -> str:
    """Return the command line that makes the report again: every path, and every setting that is not the default."""
    given = {key: "TABLE" if isinstance(path, pa.Table) else path for key, path in paths.items() if path is not None}
    for item in fields(chosen):
        value = getattr(chosen, item.name)
        if value != item.default or item.name == "truth_taxonomy":
            given[item.name] = value
    return command_line("evaluate", given)


def _each(inputs: Mapping[str, Sources | None]) -> Iterator[tuple[str, Source]]:
    """Yield key and table of every input, the tables of a list with their number."""
    for key, sources in inputs.items():
        several = [] if sources is None else listed(sources)
        for number, source in enumerate(several, start=1):
            yield (key if len(several) == 1 else f"{key}_{number}"), source


def _json(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
