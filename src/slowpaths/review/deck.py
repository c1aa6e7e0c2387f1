"""Read a mined folder into the cards of its review page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from slowpaths.core.errors import TableError
from slowpaths.core.ids import fingerprint
from slowpaths.core.records import Prediction, Vote
from slowpaths.review.cards import Card, average_views, make_cards
from slowpaths.store.mined_folder import ClipSpec, MinedFolder, RuleDeclaration
from slowpaths.store.schema import DELIVERIES, FEATURE_PREFIX, FOOTAGE, LABELS, SHOTS, VOTES, TableSpec
from slowpaths.store.tables import clips_of, read_predictions

MAX_CARDS = 5000
"""More than anybody looks at, and what a browser still opens in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """Hold what a review page shows."""

    name: str  # name of the mined folder
    cards: list[Card]  # the deliveries shown, in order of video and time
    num_deliveries: int  # deliveries in the folder; more than cards where only every so many is shown
    num_videos: int  # videos read
    num_quarantined: int  # videos that could not be read
    labels: Mapping[str, int]  # stroke -> labels, over all deliveries
    kept: Mapping[str, int]  # stroke -> labels kept for training, over all deliveries
    rules: Mapping[str, RuleDeclaration]  # declarations of the rules
    clips: Mapping[str, Path]  # delivery -> clip file, for the cards that have one
    clip: ClipSpec | None  # what a clip looks like; None where there are none
    key: str  # identifies its deliveries; under it a browser keeps corrections
    lineage: Mapping[str, str]  # what the labels and predictions came from, name -> fingerprint or name


def read_deck(
    mined: Path,
    *,
    predictions: Path | None = None,
    max_cards: int = MAX_CARDS,
    first: Sequence[str] = (),
    draw: Callable[[MinedFolder, Collection[str]], Mapping[str, str]] | None = None,
) -> Deck:
    """Read a mined folder.

    With a predictions table made on it the folder may lack labels. Of a larger folder than `max_cards` every second,
    third ... delivery is taken, and those to look at `first`. `draw` returns the skeletons of deliveries (see
    `cards.Card`); a folder that is shown in part gets none, as all its poses would have to be read.

    Raises:
        TableError: If the folder or a table is missing or wrong, or the predictions belong to another folder.
    """
    folder = MinedFolder(mined).check()
    deliveries = folder.read(DELIVERIES)
    footage = folder.read(FOOTAGE).select(["video_id", "path", "status"]).to_pylist()
    shots = folder.read(SHOTS).select(["shot_id", "view_probability", "is_replay"]).to_pylist()
    said, model_id = _read_model(predictions, deliveries) if predictions else ([], "")
    is_labelled = predictions is None or folder.has(LABELS)
    labels, votes = (_read(folder, spec) if is_labelled else spec.schema.empty_table() for spec in (LABELS, VOTES))
    rules = folder.rules() if votes.num_rows else {}
    described = folder.dataset()

    videos = {row["video_id"]: row["path"] for row in footage}
    rows = deliveries.select([name for name in deliveries.column_names if not name.startswith(FEATURE_PREFIX)])
    ordered = sorted(rows.to_pylist(), key=lambda row: (videos.get(row["video_id"], ""), row["impact_s"]))
    if strangers := sorted({row["video_id"] for row in ordered} - set(videos)):
        place = folder.file(FOOTAGE)
        raise TableError(f"{place} lacks the video '{strangers[0]}' of a delivery: mine the footage again")
    every, urgent = max(1, -(-len(ordered) // max_cards)), set(first)
    shown = [row for at, row in enumerate(ordered) if at % every == 0 or row["delivery_id"] in urgent]
    ids = pa.array([row["delivery_id"] for row in shown], pa.string())
    clips = find_clips(folder, ids.to_pylist())
    return Deck(
        name=mined.resolve().name,
        cards=make_cards(
            shown,
            videos=videos,
            shots={row["shot_id"]: row for row in shots},
            labels=clips_of(_among(labels, ids)),
            votes=[Vote(**row) for row in _among(votes, ids).to_pylist()],
            rules=rules,
            predictions=said,
            clips=clips,
            fps=described.clip.fps if described.clip else 0.0,
            as_mined=folder.as_mined(),
            corrections=folder.corrections(),
            first=first,
            skeletons=draw(folder, clips) if draw and every == 1 and clips else None,
        ),
        num_deliveries=len(ordered),
        num_videos=len(footage),
        num_quarantined=sum(row["status"] == "quarantined" for row in footage),
        labels=Counter(labels["label"].to_pylist()),
        kept=Counter(labels.filter(labels["is_kept"])["label"].to_pylist()),
        rules=rules,
        clips=clips,
        clip=described.clip,
        key=fingerprint(sorted(row["delivery_id"] for row in ordered)),
        lineage={
            "label model": described.label_model if is_labelled else "",
            "label set": ", ".join(sorted(set(labels["votes_fingerprint"].to_pylist()) - {"", None})),
            "rule set": described.rule_set if is_labelled else "",
            "model": model_id,
        },
    )


def find_clips(folder: MinedFolder, delivery_ids: list[str]) -> dict[str, Path]:
    """Return the clip of each delivery that has one; an id never leads out of the folder of clips."""
    present = {path.name: path for path in folder.clips.iterdir() if path.is_file()} if folder.clips.is_dir() else {}
    names = {name: folder.clip_file(name).name for name in delivery_ids if Path(name).name == name}
    return {name: present[clip] for name, clip in names.items() if clip in present}


def _read(folder: MinedFolder, spec: TableSpec) -> pa.Table:
    if not folder.has(spec):
        raise TableError(f"{folder.file(spec)} does not exist: run `slowpaths label mined={folder.path}` to write it")
    return folder.read(spec)


def _among(table: pa.Table, delivery_ids: pa.Array) -> pa.Table:
    options = pc.SetLookupOptions(value_set=delivery_ids)
    return table.filter(pc.call_function("is_in", [table["delivery_id"]], options))


def _read_model(path: Path, deliveries: pa.Table) -> tuple[list[Prediction], str]:
    rows = read_predictions(path)
    models = sorted({row.model_id for row in rows})
    if len(models) > 1:
        raise TableError(f"{path} holds {len(models)} models ({', '.join(models)}): give a table with one")
    known = set(deliveries["delivery_id"].to_pylist())
    if not known & {row.delivery_id for row in rows}:
        raise TableError(f"{path} names no delivery of this mined folder: give predictions that were made on it")
    return average_views(rows), models[0]
