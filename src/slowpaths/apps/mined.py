"""What `mine`, `label` and the Python API share: label a mined folder and write what depends on labels. No Hydra."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from slowpaths.apps._student import SequenceStudent
from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.ids import file_digest, fingerprint
from slowpaths.core.strokes import INDEX, STROKES
from slowpaths.evaluation.table_columns import read_columns
from slowpaths.labelling.pipeline import LabelSet, label
from slowpaths.labelling.render import to_markdown
from slowpaths.labelling.teacher import load_teacher
from slowpaths.mining.report import mining_report
from slowpaths.models.student_settings import StudentSettings
from slowpaths.review.deck import read_deck
from slowpaths.review.page import write_page
from slowpaths.store import tables
from slowpaths.store.ledger import Entry, append_entry, digests
from slowpaths.store.mined_folder import LabelSetCard, LabelSetFolder, MinedFolder
from slowpaths.store.schema import DELIVERIES, FOOTAGE, LABELS, POSES, PREDICTIONS, SHOTS, VOTES

_ELSEWHERE = ("out", "mined", "workers", "weights_dir", "truth")  # where and how, not what
# what decides a label set
_LABELLING = ("label_model", "rules", "teacher", "student", "selection", "gold", "company", "seed")
NO_GOLD = "none"


def relabel(mined: Path, config: Mapping[str, Any]) -> LabelSet:
    """Label a mined folder again from its features, and write its review page.

    Args:
        mined: Mined folder.
        config: As for `write_labels`.

    Raises:
        TableError: If it is no mined folder, or holds no delivery.
    """
    features = MinedFolder(mined).check().file(DELIVERIES)
    inputs = {features.name: file_digest(features)}
    labels = write_labels(mined, stage="label", config=config, inputs=inputs, counts={})
    if labels is None:
        raise TableError(f"{mined} holds no delivery to label: mine footage in which strokes are found")
    review_mined(mined)
    return labels


def review_mined(mined: Path) -> Path:
    """Write the review page that `mine` and `label` leave in a mined folder.

    Returns:
        The page.
    """
    path = MinedFolder(mined).review_file
    write_page(read_deck(mined), path)
    return path


def write_labels(
    mined: Path,
    *,
    stage: str,
    config: Mapping[str, Any],
    inputs: Mapping[str, str],
    counts: Mapping[str, int],
) -> LabelSet | None:
    """Label the deliveries of a mined folder and write what depends on labels.

    Every label set is kept, with its configuration, under `label_sets/<fingerprint>/`; the tables beside the deliveries
    are copies of the newest one. The ledger names the files of the set's own folder.

    Args:
        mined: Mined folder.
        stage: Verb, for the ledger.
        config: Resolved configuration: `label_model`, `rules`, `teacher`, `student`, `selection`, `seed`, `gold` (a
            file or delivery -> stroke), and `company` where there are other mined folders to learn from.
        inputs: Digests of what the stage read, for the ledger.
        counts: More counts for the ledger.

    Returns:
        The label set; None where there is no delivery to label (the tables are then empty).
    """
    folder = MinedFolder(mined)
    deliveries, footage, shots = (folder.read(spec) for spec in (DELIVERIES, FOOTAGE, SHOTS))
    report = mining_report(footage=footage, shots=shots, deliveries=deliveries)
    said = {key: value for key, value in config.items() if key not in _ELSEWHERE}
    if stage == "mine":
        tables.write_json(folder.configuration_file, said)
    labels, card, own = None, None, LabelSetFolder(mined)
    company = [Path(path) for path in config.get("company") or ()]
    if deliveries.num_rows:
        gold, num_lost = _gold(folder, config["gold"], deliveries)
        student = SequenceStudent(
            folders=(mined, *company), settings=StudentSettings(**config["student"]), seed=config["seed"]
        )
        labels = label(
            deliveries,
            footage,
            model=config["label_model"],
            rules=config["rules"],
            selection=config["selection"],
            gold=gold,
            shots=shots,
            company=read_company(company, of=folder),
            teacher=load_teacher(config["teacher"]),
            student=student if student.settings.use else None,
            seed=config["seed"],
        )
        card = LabelSetCard(
            fingerprint=labels.fingerprint,
            label_model=labels.summary.model,
            rule_set=labels.rule_set,
            configuration={key: config[key] for key in _LABELLING if key in config},
        )
        own = folder.label_set(labels.fingerprint)
        report += "\n" + to_markdown(_with_lost_gold(labels, num_lost).summary)
    votes = labels.votes if labels else VOTES.schema.empty_table()
    for target in (own, folder):
        target.write_labels(
            votes=votes,
            labels=labels.labels if labels else LABELS.schema.empty_table(),
            voices=labels.voices if labels else PREDICTIONS.schema.empty_table(),
            rules=labels.rules if labels else {},
            card=card,
        )
    tables.write_text(folder.report_file, report)
    folder.describe(labels=card)
    mined_files = [folder.file(spec) for spec in (FOOTAGE, SHOTS, DELIVERIES, POSES)] if stage == "mine" else []
    label_files = [
        own.file(VOTES),
        own.file(LABELS),
        own.voices_file,
        own.rules_file,
        *([own.card_file] if card else []),
    ]
    entry = Entry(
        stage=stage,
        inputs={**inputs, **_given_files(config, company)},
        outputs=digests(mined, [path.relative_to(mined).as_posix() for path in (*mined_files, *label_files)]),
        configuration=fingerprint(said),
        rules=labels.fingerprint if labels else "",
        seed=config["seed"],
        counts={**counts, "deliveries": deliveries.num_rows, "votes": votes.num_rows},
    )
    append_entry(mined, entry)
    return labels


def read_gold(path: Path, delivery_ids: pa.ChunkedArray) -> dict[str, str]:
    """Read the strokes that a person gave: `delivery_id,label`, CSV or Parquet; the last row of a delivery counts.

    Args:
        path: The file.
        delivery_ids: Deliveries of the mined folder.

    Returns:
        Delivery -> stroke.

    Raises:
        TableError: If the file is missing or unreadable, lacks a column, or names an unknown delivery or stroke; it
            names the line.
    """
    columns = read_columns(path)
    columns.require(("delivery_id", "label"))
    known = set(delivery_ids.to_pylist())
    names, strokes = columns.texts("delivery_id"), columns.texts("label")
    for row, (name, stroke) in enumerate(zip(names, strokes, strict=True)):
        if name not in known:
            raise columns.error(row, "delivery_id", f"'{name}' is no delivery of this mined folder: take the row out")
        if stroke not in INDEX:
            near = difflib.get_close_matches(stroke, STROKES, n=1) or STROKES
            raise columns.error(row, "label", f"'{stroke}' is no stroke; choose: {', '.join(near)}")
    return dict(zip(names, strokes, strict=True))


def _gold(
    folder: MinedFolder, given: str | Mapping[str, str] | None, deliveries: pa.Table
) -> tuple[dict[str, str], int]:
    """Return the gold labels, and how many of the label set before belong to no delivery any more.

    A file or mapping is taken as it is. Where none is given, that of the newest label set is kept; "none" forgets it.
    """
    if given == NO_GOLD:
        return {}, 0
    if isinstance(given, Mapping):
        return dict(given), 0
    if given:
        return read_gold(Path(given), deliveries["delivery_id"]), 0
    if not folder.has(LABELS):
        return {}, 0
    known = set(deliveries["delivery_id"].to_pylist())
    before = {clip.delivery_id: clip.label for clip in folder.labels() if clip.source == "gold"}
    kept = {name: stroke for name, stroke in before.items() if name in known}
    return kept, len(before) - len(kept)


def _with_lost_gold(labels: LabelSet, num_lost: int) -> LabelSet:
    if not num_lost:
        return labels
    warning = f"{num_lost} gold labels of the label set before belong to no delivery any more and were left out."
    return replace(labels, summary=replace(labels.summary, warnings=[*labels.summary.warnings, warning]))


def read_company(paths: Sequence[Path], *, of: MinedFolder) -> list[pa.Table]:
    """Read the deliveries of other mined folders that a folder is labelled together with.

    Raises:
        UsageError: If a folder is named twice, or is the one that is labelled.
        TableError: If one is no mined folder, or was mined with other features or strokes.
    """
    known, found = {of.path.resolve()}, []
    for path in paths:
        if path.resolve() in known:
            raise UsageError(f"company={path} is named twice or is the folder to label: name each other folder once")
        known.add(path.resolve())
        other = MinedFolder(path).check()
        cure = "mine its footage again with this slowpaths, or take it out of company="
        if other.dataset().strokes != STROKES:
            raise TableError(f"company={path} was mined with another taxonomy of strokes: {cure}")
        try:
            found.append(other.read(DELIVERIES))
        except TableError as error:
            raise TableError(f"company={path} was mined with other features ({error}): {cure}") from error
    return found


def _given_files(config: Mapping[str, Any], company: Sequence[Path]) -> dict[str, str]:
    """Return the digests of the files that steer the labels, by path."""
    paths = config["rules"].get("paths") or []
    paths = [paths] if isinstance(paths, str) else list(paths)
    if isinstance(config["gold"], str) and config["gold"] not in ("", NO_GOLD):
        paths.append(config["gold"])
    paths += [MinedFolder(path).file(DELIVERIES) for path in company]
    return {str(path): file_digest(Path(path)) for path in paths}
