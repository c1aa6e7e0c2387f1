"""What `mine`, `label` and the Python API share: label a mined folder and write what depends on labels. No Hydra."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from slowpaths.apps import _corrections
from slowpaths.apps._company import read_company, unlike
from slowpaths.apps._overlay import skeletons
from slowpaths.apps._student import student_of
from slowpaths.core.errors import TableError
from slowpaths.core.ids import file_digest, fingerprint
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
from slowpaths.store.schema import CORRECTIONS, DELIVERIES, FOOTAGE, LABELS, POSES, PREDICTIONS, SHOTS, UNCLAIMED, VOTES

_ELSEWHERE = ("out", "mined", "workers", "engine", "part", "weights_dir", "truth")  # where and how, not what
# what decides a label set
_LABELLING = (
    "label_model", "rules", "votes", "teacher", "student", "selection", "gold", "corrections", "company", "seed",
)  # fmt: skip


def relabel(mined: Path, config: Mapping[str, Any]) -> LabelSet:
    """Label a mined folder again from its features, and write its review page.

    Args:
        mined: Mined folder.
        config: As for `write_labels`.

    Raises:
        TableError: If it is no mined folder, or holds no delivery.
    """
    folder = MinedFolder(mined).check()
    features = folder.file(DELIVERIES)
    if not folder.read(DELIVERIES).num_rows:
        raise TableError(f"{mined} holds no delivery to label: mine footage in which strokes are found")
    inputs = {features.name: file_digest(features)}
    labels = write_labels(mined, stage="label", config=config, inputs=inputs, counts={})
    assert labels is not None  # there is a delivery
    review_mined(mined)
    return labels


def review_mined(mined: Path) -> Path:
    """Write the review page that `mine` and `label` leave in a mined folder.

    Returns:
        The page.
    """
    path = MinedFolder(mined).review_file
    write_page(read_deck(mined, draw=skeletons), path)
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
    are copies of the newest one. The ledger names the files of the set's own folder. Where labelling ends with an error
    nothing is written that was not mined, but for what networks of the student said, with which the next run goes on.

    Args:
        mined: Mined folder.
        stage: Verb, for the ledger.
        config: Resolved configuration: `label_model`, `rules`, `votes`, `teacher`, `student`, `selection`, `seed`,
            `gold` (a file or delivery -> stroke), `corrections` (a file), and `company` where there are other
            mined folders to learn from.
        inputs: Digests of what the stage read, for the ledger.
        counts: More counts for the ledger.

    Returns:
        The label set; None where there is no delivery to label (the tables are then empty).
    """
    folder = MinedFolder(mined)
    deliveries, footage, shots = (folder.read(spec) for spec in (DELIVERIES, FOOTAGE, SHOTS))
    said_by_person = _corrections.gather(folder, config, deliveries)
    report = mining_report(footage=footage, shots=shots, deliveries=deliveries, unclaimed=folder.unclaimed())
    company = [Path(path) for path in config.get("company") or ()]
    said = {key: value for key, value in config.items() if key not in _ELSEWHERE}
    if stage == "mine":
        tables.write_json(folder.configuration_file, said)
    labels, card, own = None, None, LabelSetFolder(mined)
    if deliveries.num_rows:
        moved = _corrections.move_impacts(folder, deliveries, said_by_person, is_fresh=stage == "mine")
        labels = _labelled(folder, config, moved, said_by_person, company=company)
        moved.write(folder)
        card = LabelSetCard(
            fingerprint=labels.fingerprint,
            label_model=labels.summary.model,
            rule_set=labels.rule_set,
            configuration={key: config[key] for key in _LABELLING if key in config},
        )
        own = folder.label_set(labels.fingerprint)
        report += "\n" + to_markdown(labels.summary)
    _corrections.keep(folder, said_by_person)
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
    written = [
        path.relative_to(mined).as_posix() for path in _written(folder, own, stage=stage, has_card=card is not None)
    ]
    entry = Entry(
        stage=stage,
        inputs={**inputs, **_given_files(config, company)},
        outputs=digests(mined, written),
        configuration=fingerprint(said),
        rules=labels.fingerprint if labels else "",
        seed=config["seed"],
        counts={**counts, "deliveries": deliveries.num_rows, "votes": votes.num_rows},
    )
    append_entry(mined, entry)
    shutil.rmtree(folder.student, ignore_errors=True)
    return labels


def _labelled(
    folder: MinedFolder,
    config: Mapping[str, Any],
    moved: _corrections.Moved,
    said: _corrections.Said,
    *,
    company: Sequence[Path],
) -> LabelSet:
    others, settings = read_company(company, of=folder), StudentSettings(**config["student"])
    student = None
    if settings.use:
        folders = [(folder, moved.deliveries), *zip(map(MinedFolder, company), others, strict=True)]
        model = config["label_model"]
        class_prior = model.get("class_prior") if isinstance(model, Mapping) else None
        student = student_of(folders, settings=settings, seed=config["seed"], class_prior=class_prior)
    labels = label(
        moved.deliveries,
        folder.read(FOOTAGE),
        model=config["label_model"],
        rules=config["rules"],
        selection=config["selection"],
        gold=said.gold(),
        moved={name: impact_s for name, impact_s in said.impacts_s().items() if name in moved.names},
        shots=folder.read(SHOTS),
        company=others,
        teacher=load_teacher(config["teacher"]),
        with_votes=config.get("votes", True),
        student=student,
        seed=config["seed"],
    )
    return _with_warnings(labels, [*unlike(company, of=folder), *_lost(said)])


def _written(folder: MinedFolder, own: LabelSetFolder, *, stage: str, has_card: bool) -> list[Path]:
    """Return the files that a stage leaves, for the ledger: tables of mining, what a person said, the label set."""
    mined = [folder.file(spec) for spec in (FOOTAGE, SHOTS, DELIVERIES, POSES, UNCLAIMED)] if stage == "mine" else []
    said = [folder.file(CORRECTIONS)] if folder.has(CORRECTIONS) else []
    if folder.moved_file.is_file():
        said += [folder.moved_file, folder.file(DELIVERIES)]
    labels = [own.file(VOTES), own.file(LABELS), own.voices_file, own.rules_file]
    return list(dict.fromkeys((*mined, *said, *labels, *([own.card_file] if has_card else []))))


def _lost(said: _corrections.Said) -> list[str]:
    counts = {
        "corrections belong to deliveries that are not in this folder now; they are kept and wait": len(said.waiting),
        "events of the other tool's file are no delivery and were left out": said.num_unmined,
    }
    return [f"{count} {what}." for what, count in counts.items() if count]


def _with_warnings(labels: LabelSet, warnings: Sequence[str]) -> LabelSet:
    return replace(labels, summary=replace(labels.summary, warnings=[*labels.summary.warnings, *warnings]))


def _given_files(config: Mapping[str, Any], company: Sequence[Path]) -> dict[str, str]:
    """Return the digests of the files that steer the labels, by path."""
    paths = config["rules"].get("paths") or []
    paths = [paths] if isinstance(paths, str) else list(paths)
    given = (config["gold"], config.get("corrections"))
    paths += [path for path in given if isinstance(path, str) and path not in ("", _corrections.NO_GOLD)]
    paths += [MinedFolder(path).file(DELIVERIES) for path in company]
    return {str(path): file_digest(Path(path)) for path in paths}
