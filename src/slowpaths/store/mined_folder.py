"""A mined folder: the only place that knows what its files are called.

A mined folder holds the tables of its footage, the clips, and one folder for every label set that was ever made of it;
the label tables beside the deliveries are a copy of the newest set.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from slowpaths.core.errors import TableError, UsageError
from slowpaths.core.ids import plain_name
from slowpaths.core.records import Correction, Delivery, LabelledClip, PoseTrack, Shot, Unclaimed, VideoRef, Vote
from slowpaths.core.strokes import STROKES
from slowpaths.store import tables
from slowpaths.store.below import Below
from slowpaths.store.ledger import LEDGER_NAME
from slowpaths.store.schema import (
    CORRECTIONS,
    DELIVERIES,
    FOOTAGE,
    LABELS,
    POSES,
    PREDICTIONS,
    SHOTS,
    TABLES,
    UNCLAIMED,
    VOTES,
    TableSpec,
)

_LABEL_AGAIN = "run `slowpaths label` on the folder again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """Describe the clip files of a mined folder."""

    fps: float  # frames a second
    num_frames: int  # frames in a file
    size: int  # side of the square picture, pixels
    impact_frame: int  # frame of the impact


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDeclaration:
    """Hold what a rule declares."""

    family: str  # family of rules that look at the same thing
    votes: Mapping[str, frozenset[str]]  # symbol -> the strokes it stands for


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSetCard:
    """Describe a label set."""

    fingerprint: str  # identifies rules, thresholds, label model, selection and gold
    label_model: str  # name of the label model
    rule_set: str  # fingerprint of the rule set
    # the resolved configuration it was made with, plain values
    configuration: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Describe a mined folder (`dataset.json`)."""

    clip: ClipSpec | None = None  # what the clips look like; None where there are none
    rows: Mapping[str, int] = field(default_factory=dict)  # table -> rows
    tables: Mapping[str, int] = field(default_factory=dict)  # table -> version
    label_set: str = ""  # fingerprint of the newest label set; "" where there is none
    label_model: str = ""  # its label model
    rule_set: str = ""  # fingerprint of its rule set
    strokes: tuple[str, ...] = STROKES  # the strokes, in the order of probability columns


@dataclass(frozen=True, slots=True)
class TableFolder:
    """Read and write the tables of a folder."""

    path: Path  # the folder

    def file(self, spec: TableSpec) -> Path:
        """Return the file of a table."""
        return self.path / f"{spec.name}.parquet"

    def has(self, spec: TableSpec) -> bool:
        """Return whether a table is there."""
        return self.file(spec).is_file()

    def read(self, spec: TableSpec) -> pa.Table:
        """Read a table; see `store.tables.read_table` for what is refused."""
        return tables.read_table(self.file(spec), spec)

    def write(self, spec: TableSpec, table: pa.Table) -> None:
        """Write a table atomically."""
        tables.write_table(self.file(spec), table, spec)

    def footage(self) -> list[VideoRef]:
        """Read the footage table."""
        return tables.read_footage(self.file(FOOTAGE))

    def unclaimed(self) -> list[Unclaimed]:
        """Read why videos have no delivery; nothing where an earlier slowpaths did not say it."""
        return tables.read_unclaimed(self.file(UNCLAIMED)) if self.has(UNCLAIMED) else []

    def shots(self, *, video: str | None = None) -> list[Shot]:
        """Read the shots table, of all videos or of one."""
        return tables.read_shots(self.file(SHOTS), video=video)

    def deliveries(self) -> list[Delivery]:
        """Read the deliveries table."""
        return tables.read_deliveries(self.file(DELIVERIES))

    def poses(self, *, video: str | None = None) -> list[PoseTrack]:
        """Read the pose tracks, of all videos or of one."""
        return tables.read_poses(self.file(POSES), video=video)

    def poses_by_shot(self, shots: Collection[str] | None = None) -> dict[str, list[PoseTrack]]:
        """Read the pose tracks of each shot, of all or of some; none where the folder has none."""
        found: dict[str, list[PoseTrack]] = {}
        for track in tables.read_poses(self.file(POSES), shots=shots) if self.has(POSES) else ():
            found.setdefault(track.shot_id, []).append(track)
        return found

    def votes(self) -> list[Vote]:
        """Read the votes table."""
        return tables.read_votes(self.file(VOTES))

    def corrections(self) -> list[Correction]:
        """Read what a person said; nothing where nobody did."""
        return tables.read_corrections(self.file(CORRECTIONS)) if self.has(CORRECTIONS) else []

    def labels(self) -> list[LabelledClip]:
        """Read the labels table."""
        return tables.read_labels(self.file(LABELS))

    def write_mined(
        self,
        *,
        footage: Iterable[VideoRef],
        shots: Iterable[Shot],
        deliveries: Iterable[Delivery],
        poses: Iterable[PoseTrack],
        unclaimed: Iterable[Unclaimed] = (),
    ) -> None:
        """Write what mining found, the footage last: a folder that has it is whole."""
        tables.write_shots(self.file(SHOTS), shots)
        tables.write_deliveries(self.file(DELIVERIES), deliveries)
        tables.write_poses(self.file(POSES), list(poses))
        tables.write_unclaimed(self.file(UNCLAIMED), unclaimed)
        tables.write_footage(self.file(FOOTAGE), footage)


@dataclass(frozen=True, slots=True)
class LabelSetFolder(TableFolder):
    """Hold the votes and labels of one label set, what its rules declare, and how it was made."""

    rules_file = Below("rules.json")  # what each rule declares
    card_file = Below("label_set.json")  # how the set was made
    voices_file = Below("voices.parquet")  # what votes, teacher and student each say (predictions schema)

    def rules(self) -> dict[str, RuleDeclaration]:
        """Read what the rules declare.

        Raises:
            TableError: If the file is missing, is something else, or names an unknown stroke.
        """
        try:
            content = json.loads(self.rules_file.read_text())
            rules = {
                code: RuleDeclaration(
                    family=str(item["family"]), votes={s: frozenset(v) for s, v in item["votes"].items()}
                )
                for code, item in content.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise TableError(f"{self.rules_file} does not declare rules: {_LABEL_AGAIN}") from error
        for code, rule in rules.items():
            for symbol, strokes in rule.votes.items():
                if unknown := strokes - set(STROKES):
                    place = f"{self.rules_file}: rule {code}, symbol {symbol}"
                    raise TableError(f"{place} names the unknown stroke '{min(unknown)}'")
        return rules

    def voice(self, name: str, *, otherwise: str) -> dict[str, np.ndarray]:
        """Read how one voice spreads deliveries over strokes, float32 (14,) each; not those of which it says nothing.

        Args:
            name: The voice, `model_id` of its rows.
            otherwise: What else may be done where it says nothing at all, for the message.

        Raises:
            UsageError: If it says nothing at all.
        """
        rows = tables.read_predictions(self.voices_file) if self.voices_file.is_file() else []
        found = {row.delivery_id: row.probs.astype(np.float32) for row in rows if row.model_id == name}
        if not found:
            raise UsageError(
                f"{self.voices_file} holds nothing that the {name} says, which learns from many deliveries only "
                f"(student.min_deliveries=): label more with `slowpaths label`, or {otherwise}"
            )
        return found

    def card(self) -> LabelSetCard | None:
        """Read which label model and configuration made the set; None where nothing says so.

        Raises:
            TableError: If the file is something else.
        """
        try:
            value = _read_json(self.card_file, cure=_LABEL_AGAIN)
            return None if value is None else LabelSetCard(**value)
        except TypeError as error:
            raise TableError(f"{self.card_file} does not describe a label set: {_LABEL_AGAIN}") from error

    def write_labels(
        self,
        *,
        votes: pa.Table,
        labels: pa.Table,
        voices: pa.Table,
        rules: Mapping[str, Any],
        card: LabelSetCard | None,
    ) -> None:
        """Write a label set; rules are described with at least `family` and `votes`, the card says how it was made."""
        tables.write_json(self.rules_file, rules)  # first: what a person wrote of a rule may be no JSON
        self.write(VOTES, votes)
        self.write(LABELS, labels)
        tables.write_table(self.voices_file, voices, PREDICTIONS)
        if card is not None:
            tables.write_json(self.card_file, asdict(card))


@dataclass(frozen=True, slots=True)
class MinedFolder(LabelSetFolder):
    """Read and write a mined folder."""

    dataset_file = Below("dataset.json")  # a `Dataset`
    configuration_file = Below("configuration.json")  # what the folder was mined with
    ledger_file = Below(LEDGER_NAME)
    report_file = Below("report.md")  # in words
    review_file = Below("review.html")
    clips = Below("clips")

    def clip_file(self, delivery_id: str) -> Path:
        """Return the clip of a delivery.

        Raises:
            TableError: If the id is no name of a file.
        """
        plain_name(delivery_id)
        return self.clips / f"{delivery_id}.mp4"

    picture_features = Below("picture_features")  # of the clips, as frozen networks see them; a cache
    moved_file = Below("moved.parquet")  # deliveries as mined whose impact a person moved (deliveries schema)
    student = Below("student")  # what its networks said so far; there while a labelling is under way
    shards = Below("shards")  # `<fingerprint of the settings>/<video id>/`

    def student_file(self, name: str) -> Path:
        """Return the file of what one network of the student said, by the name of all that decides it."""
        return self.student / f"{name}.npy"

    def as_mined(self) -> dict[str, Delivery]:
        """Read the deliveries whose impact a person moved, as they were mined and as their clips show them."""
        moved = tables.read_deliveries(self.moved_file) if self.moved_file.is_file() else []
        return {delivery.delivery_id: delivery for delivery in moved}

    def label_set(self, fingerprint: str) -> LabelSetFolder:
        """Return the folder of one label set."""
        return LabelSetFolder(self.path / "label_sets" / fingerprint)

    def label_sets(self) -> list[LabelSetFolder]:
        """Return the folders of all label sets, in order of fingerprint."""
        return [LabelSetFolder(path) for path in sorted((self.path / "label_sets").glob("*")) if path.is_dir()]

    def check(self) -> MinedFolder:
        """Return this folder.

        Raises:
            TableError: If it is no mined folder, or one of other strokes.
        """
        if not self.has(DELIVERIES):
            missing = self.file(DELIVERIES).name
            raise TableError(f"{self.path} is no mined folder (no {missing}): give the out= folder of `slowpaths mine`")
        if self.dataset().strokes != STROKES:
            raise TableError(
                f"{self.path} was mined with another taxonomy of strokes: mine its footage again with this slowpaths"
            )
        return self

    def dataset(self) -> Dataset:
        """Read the description of the folder; an empty one where nothing describes it.

        Raises:
            TableError: If the file is something else.
        """
        value = _read_json(self.dataset_file, cure="mine the footage again")
        if value is None:
            return Dataset()
        try:
            value["clip"] = ClipSpec(**value["clip"]) if value.get("clip") else None
            value["strokes"] = tuple(map(str, value.get("strokes", STROKES)))
            return Dataset(**value)
        except (TypeError, ValueError) as error:
            raise TableError(f"{self.dataset_file} does not describe a mined folder: mine the footage again") from error

    def clip_spec(self) -> ClipSpec:
        """Read what the clips look like.

        Raises:
            TableError: If the description is missing or names no clip.
        """
        if not self.dataset_file.exists():
            cure = "mined= must name a folder written by `slowpaths mine`"
            raise TableError(f"{self.dataset_file} does not exist: {cure}")
        if (spec := self.dataset().clip) is None:
            raise TableError(f"{self.dataset_file} describes no clips: mine footage, with mining.write_clips=true")
        return spec

    def describe(self, *, clip: ClipSpec | None = None, labels: LabelSetCard | None = None) -> None:
        """Write the description of the folder: its clips, and which tables of which version and length there are.

        The clips are as described before where not given; there are labels where there is a card of them.
        """
        present = [spec for spec in TABLES.values() if self.has(spec)]
        dataset = Dataset(
            clip=clip or self.dataset().clip,
            rows={spec.name: self.read(spec).num_rows for spec in present},
            tables={spec.name: spec.version for spec in present},
            label_set=labels.fingerprint if labels else "",
            label_model=labels.label_model if labels else "",
            rule_set=labels.rule_set if labels else "",
        )
        tables.write_json(self.dataset_file, asdict(dataset))


def _read_json(path: Path, *, cure: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, OSError, TypeError) as error:
        raise TableError(f"{path} is not readable JSON: {cure}") from error
